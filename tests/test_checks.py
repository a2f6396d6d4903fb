import random
import re
import runpy
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from aecourse import checks, losses
from aecourse.checks import EXERCISES, CheckFailed, general
from aecourse.checks.homework import report
from aecourse.checks.running import call, time_limit

ROOT = Path(__file__).parents[1]
MISTAKES = [(name, hint) for name, one in EXERCISES.items() for hint in one.mistakes]
GIVES_TENSOR = sorted(
    {"bernoulli_nll", "denoise", "empty_cells", "field_of", "interpolate", "kl"}
    | {"negative_elbo", "pca_reconstruct", "posterior", "quantise", "reparameterise"}
    | {"ring", "top_k"}
)
BY_SAMPLE = ("bernoulli_nll", "denoise", "kl", "posterior", "quantise", "top_k")


def hint_of(name, function, **settings):
    with pytest.raises(CheckFailed) as failed:
        getattr(checks, f"check_{name}")(function, **settings)
    assert failed.value.name == name
    assert "could not be compared" not in failed.value.hint
    return failed.value.hint


def wrapped(name, change):
    """Return the reference with its answers changed, as a function of the same arguments."""
    reference, names = EXERCISES[name].reference, ", ".join(EXERCISES[name].arguments)
    scope = {"change": change, "reference": reference}
    return eval(f"lambda {names}: change(reference({names}))", scope)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_passes_and_what_holds_is_printed(name, capsys):
    assert getattr(checks, f"check_{name}")(EXERCISES[name].reference) is None
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"✓ {name}: correct"
    assert lines == [f"  · {line}" for line in EXERCISES[name].holds]


@pytest.mark.parametrize(("name", "hint"), MISTAKES)
def test_each_mistake_is_named_as_itself(name, hint):
    assert hint_of(name, EXERCISES[name].mistakes[hint]) == hint


@pytest.mark.parametrize("name", EXERCISES)
def test_there_are_mistakes_to_make(name):
    assert len(EXERCISES[name].mistakes) >= 5
    doc = getattr(checks, f"check_{name}").__doc__
    assert f"``{name}({', '.join(EXERCISES[name].arguments)})``" in doc


@pytest.mark.parametrize("name", EXERCISES)
def test_whatever_is_no_answer_gets_a_friendly_one(name):
    given = ", ".join(EXERCISES[name].arguments)

    def of(body):
        scope = {}
        exec(f"def function({given}):\n    {body}", scope)
        return scope["function"]

    assert "brackets" in hint_of(name, None)
    assert "does not fit" in hint_of(name, lambda: None)
    assert hint_of(name, of("...")).startswith("Nothing is written here yet")
    assert hint_of(name, of("raise NotImplementedError")).startswith("Nothing is written")
    assert "None" in hint_of(name, of("forgotten = str(1)"))
    assert "ZeroDivisionError: division by zero" in hint_of(name, of("return 1 / 0"))
    assert "SystemExit" in hint_of(name, of("raise SystemExit"))
    started = time.perf_counter()
    assert "0.05 seconds" in hint_of(name, of("while True: pass"), time_limit=0.05)
    assert time.perf_counter() - started < 5
    for body in ("return object()", "return 'kl'", "return [1, [2]]", "return {}", "return print"):
        hint_of(name, of(body))


@pytest.mark.parametrize("name", GIVES_TENSOR)
def test_another_kind_of_answer_is_named(name):
    assert "NumPy array" in hint_of(name, wrapped(name, lambda answer: answer.detach().numpy()))
    number = hint_of(name, wrapped(name, lambda answer: float(answer.sum())))
    assert "got a number" in number or number in EXERCISES[name].mistakes


def test_a_tensor_for_an_array_is_named():
    hint = hint_of("expected_improvement", wrapped("expected_improvement", torch.from_numpy))
    assert "Expected a NumPy array" in hint and ".numpy()" in hint


TOY = checks.Exercise(
    name="toy",
    reference=lambda x, y: (x * y).sum(dim=1),
    mistakes={"A known mistake.": lambda x, y: (x * y).sum(dim=1) + 7},
    cases=lambda: {
        "three rows": tuple(torch.randn(2, 3, 4)),
        "two rows": tuple(torch.randn(2, 2, 5)),
        "large numbers": (torch.full((2, 3), 1e30), torch.full((2, 3), 1e-30)),
    },
    holds=("all is well",),
    rows=(0, 1),
    gradient=(0,),
)


def said(function, exercise=TOY):
    with pytest.raises(CheckFailed) as failed:
        exercise.check(function, 10.0)
    return failed.value.hint


def dot(x, y):
    return (x * y).sum(dim=1)


def in_place(x, y):
    answer = dot(x, y)
    x *= 2
    return answer


def by_hand(x, y):
    x = x**2
    return dot(x, y)[:1] + undefined  # noqa: F821


def first_only(x, y):
    answer = torch.zeros(len(x))
    answer[0] = dot(x, y)[0]
    return answer


@pytest.mark.parametrize(
    ("word", "function"),
    [
        ("A known mistake", lambda x, y: dot(x, y) + 7),
        ("wrong sign", lambda x, y: -dot(x, y)),
        ("2 times too large", lambda x, y: 2 * dot(x, y)),
        ("averaged where a sum", lambda x, y: (x * y).mean(dim=1)),
        ("averaged over all axes", lambda x, y: dot(x, y).mean()),
        ("summed over all axes", lambda x, y: dot(x, y).sum()),
        ("summed over axis 1, would be right", lambda x, y: x * y),
        ("got a tensor of shape (4,)", lambda x, y: (x * y).sum(dim=0)),
        ("only: the first", first_only),
        ("on its own", lambda x, y: dot(x, y) - dot(x, y).mean() * (len(x) > 1)),
        ("rest of the batch", lambda x, y: dot(x, y) + x.sum()),
        ("changes its input x", in_place),
        ("no gradient reaches x", lambda x, y: dot(x, y).detach()),
        ("gradient in x is wrong", lambda x, y: dot(2 * x - x.detach(), y)),
        ("fails where a gradient", lambda x, y: torch.from_numpy((x * y).numpy()).sum(dim=1)),
        ("nothing random", lambda x, y: dot(x, y) + 0.01 * torch.randn(len(x))),
        ("nothing random", lambda x, y: dot(x, y) * (1 + 0.01 * random.random())),
        ("nothing random", lambda x, y: dot(x, y) * (1 + 0.01 * np.random.rand())),  # noqa: NPY002
        ("large numbers there is NaN", lambda x, y: dot(x * 1e9, y * 1e-9)),
        ("Right for three rows, two rows; not for large", lambda x, y: dot(x.clamp(-99, 99), y)),
        ("Not right for three rows: expected", lambda x, y: dot(x, y).exp()),
        ("“return dot(x, y)[:1] + undefined  # noqa: F821”, raised NameError", by_hand),
        ("got a number", lambda x, y: dot(x, y).sum().item()),
        ("got a NumPy array", lambda x, y: dot(x, y).detach().numpy()),
        ("got 2 values", lambda x, y: [1.0, 2.0]),
    ],
)
def test_a_general_diagnosis(word, function):
    assert word in said(function)


def test_a_transposed_answer_is_named():
    exercise = checks.Exercise(
        "outer", lambda x: x[:, None] * torch.arange(len(x) + 1.0), {},
        lambda: {"a": (torch.randn(3),)}, (),
    )  # fmt: skip
    assert "transposed" in said(lambda x: exercise.reference(x).T, exercise)
    square = checks.Exercise(
        "square", lambda x: x @ x.triu(), {}, lambda: {"a": (torch.randn(3, 3),)}, ()
    )
    assert "transposed" in said(lambda x: (x @ x.triu()).T, square)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_with_its_answer_changed_never_passes(name):
    def changed(how):
        def change(answer):
            if isinstance(answer, tuple | list):
                return [change(part) for part in answer]
            return how(answer)

        return change

    if name in ("safe", "diagnose", "empty_cells"):  # a function, words, and whether
        return
    assert hint_of(name, wrapped(name, changed(lambda answer: -answer)))
    assert hint_of(name, wrapped(name, changed(lambda answer: 2 * answer)))


@pytest.mark.parametrize("name", BY_SAMPLE)
def test_an_answer_for_the_first_sample_only_never_passes(name):
    def change(answer):
        answer = answer.clone()
        answer[1:] = 0
        return answer

    assert "first" in hint_of(name, wrapped(name, change))


@pytest.mark.parametrize("name", [n for n, e in EXERCISES.items() if e.gradient])
def test_a_missing_gradient_never_passes(name):
    hint = hint_of(name, wrapped(name, torch.Tensor.detach))
    assert "gradient" in hint


@pytest.mark.parametrize("name", EXERCISES)
def test_the_global_random_streams_are_left_alone(name):
    def streams():
        numpy = np.random.get_state()[1:3]  # noqa: NPY002
        return random.getstate(), torch.get_rng_state().tolist(), [str(part) for part in numpy]

    before = streams()
    EXERCISES[name].check(EXERCISES[name].reference, 10.0)
    hint_of(name, EXERCISES[name].mistakes[next(iter(EXERCISES[name].mistakes))])
    assert streams() == before


def test_the_inputs_are_the_same_whatever_was_drawn_before():
    def drawn():
        fresh = checks.Exercise("toy", dot, {}, TOY.cases, ())
        return fresh.questions[0][2][0]

    one = drawn()
    torch.rand(5)
    assert torch.equal(one, drawn())


def test_an_endless_loop_that_catches_the_interrupt_is_ended():
    def stubborn():
        try:
            while True:
                pass
        except KeyboardInterrupt:
            while True:
                pass

    assert "0.2 seconds" in call(lambda function: function(), stubborn, (), 0.2).error


def _kl(mean, log_var):
    encoder = torch.distributions.Normal(mean, (0.5 * log_var).exp())
    return torch.distributions.kl_divergence(encoder, torch.distributions.Normal(0.0, 1.0)).sum(1)


def _drawn_otherwise(mean, log_var, generator):
    noise = torch.empty(mean.T.shape, dtype=torch.double).normal_(generator=generator).T
    return mean + torch.sqrt(torch.exp(log_var)) * noise.float()


def _elbo(vae, x, generator):
    mean, log_var = vae.encode_distribution(x)
    p = vae.decode(_drawn_otherwise(mean, log_var, generator))
    return _kl(mean, log_var) - torch.distributions.Bernoulli(p, validate_args=False).log_prob(
        x
    ).sum(1)


def _mask(z, k):
    places = z.argsort(dim=1, descending=True, stable=True)[:, :k]
    return z * torch.zeros_like(z).scatter_(1, places, 1.0)


def _in_a_loop(normal, anomalous):
    won = [(b > a) + 0.5 * (b == a) for a in normal for b in anomalous]
    return torch.stack(won).mean()


def _eigen(train, test, d):
    mean = train.mean(dim=0)
    basis = torch.linalg.eigh(torch.cov(train.T)).eigenvectors[:, -d:]
    return (test - mean) @ basis @ basis.T + mean


def _step_then_zero(model, optimiser, x):
    loss = (model(x) - x).pow(2).sum(dim=1).mean()
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    return loss


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("kl", _kl),
        ("reparameterise", _drawn_otherwise),
        ("negative_elbo", _elbo),
        ("top_k", _mask),
        ("auroc", _in_a_loop),
        ("pca_reconstruct", _eigen),
        ("train_step", _step_then_zero),
        ("n_weights", lambda sizes: 2 * sum(m * n for m, n in pairwise(sizes))
         + 2 * sum(sizes) - sizes[0] - sizes[-1]),
        ("posterior", lambda cost, prior: torch.exp(
            -cost + prior.log() - torch.logsumexp(-cost + prior.log(), dim=1, keepdim=True))),
    ],
)  # fmt: skip
def test_another_way_to_be_right_passes(name, function):
    getattr(checks, f"check_{name}")(function)


def test_ctrl_c_is_not_swallowed():
    def stopped(x, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TOY.check(stopped, 10.0)


def test_a_limit_that_is_not_reached_leaves_nothing_behind():
    before = threading.active_count()
    with time_limit(0.05):
        pass
    time.sleep(0.1)
    assert threading.active_count() == before


def test_a_check_works_in_another_thread(capsys):
    thread = threading.Thread(target=checks.check_kl, args=[losses.kl_to_standard_normal])
    thread.start()
    thread.join()
    assert "✓ kl: correct" in capsys.readouterr().out


def test_a_notebook_shows_the_hint_and_no_traceback(capsys):
    shell = InteractiveShell.instance()
    shell.run_cell("from aecourse.checks import check_sides\ncheck_sides(lambda width, layers: 3)")
    shown = capsys.readouterr().out
    assert "✗ sides: not yet" in shown and "got a number" in shown
    assert "Traceback" not in shown and "compare.py" not in shown
    InteractiveShell.clear_instance()


ANSWERS = {
    "right": "def kl(mean, log_var):\n"
    "    return 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum(dim=1)\ncheck_kl(kl)",
    "wrong": "def sides(width, layers):\n    return width\ncheck_sides(sides)",
    "unrelated": "1 / 0",
    "stub": "def auroc(normal, anomalous):\n    ...\ncheck_auroc(auroc)",
    "broken": "def entropy(p):\n    return (p\n",
    "its check": "check_entropy(entropy)",
    "left out": "# check_ring(ring)",
    "late": "def n_weights(sizes):\n    return 1\ncheck_n_weights(n_weights)",
}


def test_a_notebook_of_answers_is_reported(tmp_path, monkeypatch, capsys):
    path = tmp_path / "homework.ipynb"
    cells = ["from aecourse.checks import *", *ANSWERS.values()]
    cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    monkeypatch.setattr(sys, "argv", ["", str(path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("aecourse.checks", run_name="__main__")
    assert ended.value.code == 0
    title, *rows = capsys.readouterr().out.strip().splitlines()
    found = dict(row.split(maxsplit=1) for row in rows)
    assert title == str(path)
    assert " ".join(found) == "kl sides auroc entropy ring n_weights"
    assert found["kl"] == "passed" and found["auroc"] == found["ring"] == "not tried"
    assert found["entropy"].startswith("The cell that defines it raised SyntaxError")
    assert "Expected 3 values" in found["sides"] and "Not right" in found["n_weights"]
    assert path.read_bytes() == before


def test_a_path_that_leads_nowhere_does_not_stop_the_report(tmp_path, monkeypatch, capsys):
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "empty.ipynb")
    paths = [str(tmp_path / name) for name in ("missing.ipynb", "empty.ipynb")]
    monkeypatch.setattr(sys, "argv", ["", *paths])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("aecourse.checks", run_name="__main__")
    said = capsys.readouterr()
    assert ended.value.code == 1 and "missing.ipynb" in said.err
    assert said.out.strip().splitlines() == [paths[1], "no call of a check"]


def test_numbers_are_shown_from_the_first_that_is_wrong():
    right = torch.arange(9.0)
    wrong = right + torch.tensor([0.0] * 6 + [0.5, 0.0, 0.0])
    assert general.show(wrong, right) == "…, 6.5, 7, 8"
    assert general.show(right, wrong) == "…, 6, 7, 8"
    assert general.show(right) == "0, 1, 2, 3, 4, …"


def test_a_cell_without_an_end_does_not_stop_the_report(tmp_path):
    says = """# check_kl(kl)
import os
with open(os.environ["AECOURSE_CHECKS"], "a") as file:
    file.write('["kl", ""]')"""
    cells = [nbformat.v4.new_code_cell(source) for source in ("while True: pass", says)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "homework.ipynb")
    assert report(tmp_path / "homework.ipynb", limit=2) == {"kl": "passed"}


def test_what_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "homework.ipynb"
    with pytest.raises(FileNotFoundError):
        report(path)
    path.write_text("no notebook")
    with pytest.raises(ValueError, match=r"expected a notebook, got homework\.ipynb"):
        report(path)


def test_the_page_for_a_lecturer_quotes_hints_of_every_exercise():
    page = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8").split("## Wrong answers")[1]
    quoted, name = set(), ""
    for exercise, says in re.findall(r"^(?:`(\w+)`$|: \*(.+?)\* )", page, re.M):
        name = exercise or name
        if says:
            assert any(hint.startswith(says.rstrip("…")) for hint in EXERCISES[name].mistakes), says
            quoted.add(name)
    assert quoted == set(EXERCISES)

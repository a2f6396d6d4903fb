"""Searches with expensive objectives: failures, logs, known answers, constraints and batches."""

import csv
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

from aecourse import design

BOUNDS = [(-1.1, 2.3), (-2.0, 2.0)]
WAYS = [(method, 1) for method in design.METHODS]
WAYS += [(method, 4) for method in design.METHODS if method != "nelder-mead"]
each_way = pytest.mark.parametrize(("method", "batch"), WAYS)


def bowl(z):
    """Largest, 1, at (0.3, −0.7); without a value, or failing, far from there."""
    if z[0] > 2:
        raise RuntimeError("too hot,\n  far\ttoo hot")
    if z[1] > 1.6:
        return math.nan
    return 1 - (z[0] - 0.3).item() ** 2 - 2 * (z[1] + 0.7).item() ** 2


def same(z):
    return z


def search(objective=bowl, decode=same, **settings):
    settings = {"bounds": BOUNDS, "budget": 24, "progress": False} | settings
    return design.optimise(objective, decode, **settings)


class Asked:
    """An objective that counts its questions, and does something at one of them."""

    def __init__(self, at=None, action=None):
        self.codes, self.at, self.action = [], at, action

    def __call__(self, z):
        self.codes.append(z.tolist())
        if len(self.codes) == self.at:
            self.action()
        return bowl(z)


def fail(error):
    raise error


def assert_same(found, other):
    assert torch.equal(found.codes, other.codes)
    assert torch.equal(found.values, other.values)
    assert (found.reasons, found.rejected, found.repeated) == (
        other.reasons,
        other.rejected,
        other.repeated,
    )


def lines(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


# Failures


@pytest.mark.parametrize("method", ["random", "bayesian", "differential-evolution"])
def test_an_objective_that_fails_at_call_30_of_40_loses_nothing(method, tmp_path, capsys):
    usual = search(method=method, budget=40, seed=2)
    objective = Asked(30, lambda: fail(OSError("the licence is gone")))
    found = search(objective, method=method, budget=40, seed=2, log=tmp_path / "log.csv")
    assert found.evaluations == len(objective.codes) == usual.evaluations == 40
    assert torch.equal(found.codes[:30], usual.codes[:30])
    assert torch.equal(found.values[:29], usual.values[:29])
    assert found.reasons[29] == "OSError: the licence is gone"
    assert found.values[29] == -math.inf
    assert "the licence is gone" in capsys.readouterr().err
    rows = lines(tmp_path / "log.csv")
    assert rows[0] == ["z1", "z2", "value", "reason"]
    assert rows[30][2:] == ["", "OSError: the licence is gone"]
    assert len(rows) == 41


def test_the_reason_says_why_there_is_no_value(capsys):
    found = search(budget=60, method="random")
    told = {"", "RuntimeError: too hot, far too hot", "the objective gave nan"}
    assert set(found.reasons) == told
    assert [not reason for reason in found.reasons] == found.values.isfinite().tolist()
    assert found.failed == found.values.isinf().sum() > 0
    assert capsys.readouterr().err.count("too hot, far") == 1  # told once


@pytest.mark.parametrize("batch", [1, 4])
def test_a_program_that_exits_costs_its_own_answer_only(batch, tmp_path):
    objective = Asked(at=7, action=lambda: sys.exit("no licence is free"))
    found = search(objective, method="random", batch=batch, log=tmp_path / "log.csv")
    assert found.evaluations == 24
    assert [r for r in found.reasons if "licence" in r] == ["SystemExit: no licence is free"]


@pytest.mark.parametrize("batch", [1, 4])
def test_a_mistake_in_the_objective_is_seen_at_once(batch, tmp_path):
    def mistaken(z):
        asked.append(z)
        return z.no_such_name

    asked = []
    with pytest.raises(AttributeError, match="no_such_name") as caught:
        search(mistaken, log=tmp_path / "log.csv", batch=batch)
    assert len(asked) <= 3 + batch
    assert "a mistake in the objective" in caught.value.__notes__[0]
    settings = {"method": "random", "batch": batch}
    assert_same(search(log=tmp_path / "log.csv", **settings), search(**settings))  # put right


@pytest.mark.parametrize("first", [lambda z: 0.0, lambda z: math.nan, lambda z: fail(OSError("x"))])
def test_failures_of_other_kinds_or_later_are_none_of_the_three(first):
    def objective(z):
        asked.append(z)
        if len(asked) == 2:
            return first(z)
        return bowl(z) if len(asked) > 6 else fail(ValueError("not here"))

    asked = []
    assert search(objective, method="random").evaluations == 24


def test_if_all_fail_the_error_says_why():
    def objective(z):
        asked.append(z)
        return math.nan if len(asked) == 2 else fail(RuntimeError("diverged"))

    asked = []
    with pytest.raises(ValueError, match=r"none in 24 evaluations; 23 times: RuntimeError: div"):
        search(objective)


# The log


@each_way
def test_a_log_changes_nothing_and_holds_every_answer(method, batch, tmp_path):
    settings = {"method": method, "batch": batch, "seed": 3}
    found = search(log=tmp_path / "log.csv", **settings)
    assert_same(found, search(**settings))
    kept = design.read_log(tmp_path / "log.csv")
    order = [kept.codes.tolist().index(code) for code in found.codes.tolist()]
    assert sorted(order) == list(range(found.evaluations))
    assert torch.equal(kept.values[order], found.values)
    assert tuple(kept.reasons[n] for n in order) == found.reasons


class Killed(BaseException):
    """Ends everything where it is raised."""


@each_way
def test_a_search_that_ends_anywhere_resumes_and_ends_at_the_same_place(method, batch, tmp_path):
    settings = {"method": method, "batch": batch, "budget": 20}
    usual = search(**settings)
    for at in range(2, usual.evaluations + 1, 5 if method == "bayesian" else 1):
        path = tmp_path / f"{at}.csv"
        with pytest.raises(Killed):
            search(Asked(at, lambda: fail(Killed)), log=path, **settings)
        answered = design.read_log(path).codes.tolist()
        assert len(answered) == at - 1 if batch == 1 else len(answered) < usual.evaluations
        objective = Asked()
        assert_same(search(objective, log=path, **settings), usual)
        assert sorted(answered + objective.codes) == sorted(usual.codes.tolist())
        objective = Asked()
        assert_same(search(objective, log=path, **settings), usual)
        assert objective.codes == []


PROGRAM = """
import sys, time
from aecourse import design

def objective(z):
    with open(sys.argv[2], "a") as file:
        file.write(f"{z.tolist()}\\n")
    time.sleep(0.01)
    return -(z - 0.3).square().sum()

search = design.optimise(
    objective, lambda z: z, bounds=[(-2, 2)] * 2, budget=40, log=sys.argv[1], progress=False
)
print(search.codes.tolist(), search.values.tolist())
"""


def test_a_killed_program_resumes_and_ends_at_the_same_place(tmp_path):
    def start(name):
        command = [sys.executable, "-c", PROGRAM, tmp_path / f"{name}.csv", tmp_path / name]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    points = sorted(random.sample(range(1, 36), 2))
    for point in points:
        answers, asked = tmp_path / "killed.csv", tmp_path / "killed"
        with start("killed") as program:
            while not (answers.exists() and answers.read_text().count("\n") > point):
                assert program.poll() is None
                time.sleep(0.01)
            program.kill()
        assert program.returncode == -signal.SIGKILL
        known = {str(code) for code in design.read_log(answers).codes.tolist()}
        under_way = set(asked.read_text().splitlines()) - known
        assert len(under_way) <= 1
    with start("killed") as resumed, start("usual") as usual:
        assert resumed.communicate()[0] == usual.communicate()[0] != "", points
    questions = (tmp_path / "usual").read_text().splitlines()
    assert len(questions) == len(set(questions)) == 40
    again = asked.read_text().splitlines()
    assert set(again) == set(questions)
    assert len(again) <= 40 + len(points)  # what was under way when it was killed, and nothing else


def test_a_log_torn_anywhere_is_mended(tmp_path, capsys):
    path, settings = tmp_path / "log.csv", {"method": "random", "budget": 12, "seed": 4}
    usual = search(log=path, **settings)
    assert len(set(usual.reasons)) == 3
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        capsys.readouterr()
        objective = Asked()
        assert_same(search(objective, log=path, **settings), usual)
        left = max(0, whole[:length].count(b"\n") - 1)
        assert len(objective.codes) == 12 - left
        assert path.read_bytes() == whole
        torn = left > 0 and whole[length - 1 : length] != b"\n"
        assert ("torn" in capsys.readouterr().err) >= torn


def test_a_log_keeps_every_bit(tmp_path):
    rng = np.random.default_rng(0)
    codes = torch.tensor(rng.normal(size=(3000, 3)) * 10.0 ** rng.integers(-30, 30, (3000, 1)))
    values = rng.normal(size=3000) * 10.0 ** rng.integers(-300, 300, 3000)
    log = design.log.Log(tmp_path / "log.csv", 3)
    for code, value in zip(codes.float(), values.tolist(), strict=True):
        log.write(code, value, "")
    found = design.read_log(tmp_path / "log.csv")
    assert torch.equal(found.codes, codes.float())
    assert found.values.tolist() == values.tolist()


def test_a_larger_budget_goes_on_with_the_log(tmp_path, capsys):
    path = tmp_path / "log.csv"
    search(log=path, budget=15)
    assert "goes on" not in capsys.readouterr().err
    objective = Asked()
    assert_same(search(objective, log=path, budget=24), search(budget=24))
    assert len(objective.codes) == 9
    assert f"{path}: goes on after 15 answers" in capsys.readouterr().err


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"method": "differential-evolution"},
        {"bounds": [(-1.1, 2.3), (-2.0, 2.1)]},
        {"guard": design.Guard(torch.randn(50, 2, generator=torch.Generator().manual_seed(0)))},
        {"known": ([[0.1, 0.2]] * 10, [1.0] * 10)},
        {"batch": 3},
    ],
)
def test_a_log_of_another_search_is_refused(other, tmp_path):
    path = tmp_path / "log.csv"
    search(log=path)
    before = path.read_bytes()
    objective = Asked()
    with pytest.raises(ValueError, match="answers that this search does not ask for"):
        search(objective, log=path, **other)
    assert objective.codes == []
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("z1,z2,z3,value,reason\n", "codes of 2 numbers, got 3"),
        ("alpha,beta\n1,2\n", "expected a log of a search.*got 'alpha,beta'"),
        ("one line of a diary", "expected a log of a search"),
        ("z1,z2,value,reason\n1,2,3,\n1,2,three,\n", "in line 3 of"),
        ("z1,z2,value,reason\n1,2,nan,\n", "in line 2 of"),
        ("z1,z2,value,reason\n1,2,,\n", "in line 2 of"),
        ("z1,z2,value,reason\n1,2\n", "in line 2 of"),
    ],
)
def test_a_file_that_is_no_log_of_this_problem_is_refused_and_left_alone(
    content, message, tmp_path
):
    path = tmp_path / "log.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        search(lambda z: pytest.fail("asked"), log=path)
    assert path.read_text() == content


def test_a_log_from_a_spreadsheet_is_read(tmp_path):
    path = tmp_path / "log.csv"
    usual = search(log=path, method="random")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert_same(search(lambda z: pytest.fail("asked"), log=path, method="random"), usual)


def test_a_log_that_cannot_be_written_is_told_before_any_evaluation(tmp_path):
    (tmp_path / "file").touch()
    places = [tmp_path / "nowhere" / "log.csv", tmp_path, tmp_path / "file" / "log.csv"]
    if os.geteuid():  # root may write everywhere
        (tmp_path / "locked").mkdir(mode=0o500)
        places.append(tmp_path / "locked" / "log.csv")
    for path in places:
        with pytest.raises(OSError, match="expected a log that can be written") as caught:
            search(lambda z: pytest.fail("asked"), log=path)
        assert str(path) in str(caught.value)


# Ctrl-C


@pytest.mark.parametrize("batch", [1, 4])
def test_ctrl_c_keeps_all_and_waits_for_nothing(batch, tmp_path):
    path, over = tmp_path / "log.csv", threading.Event()
    lock, asked = threading.Lock(), []

    def objective(z):
        with lock:
            asked.append(z)
            number = len(asked)
        if number == 9:
            os.kill(os.getpid(), signal.SIGINT)
        if number > 8:
            assert over.wait(60)
        return bowl(z)

    settings = {"method": "random", "batch": batch}
    found, usual = search(objective, log=path, **settings), search(**settings)
    over.set()
    assert torch.equal(found.codes, usual.codes[:8])
    assert torch.equal(found.values, usual.values[:8])
    assert design.read_log(path).evaluations == 8
    assert_same(search(log=path, **settings), usual)


def test_ctrl_c_before_the_first_answer_is_ctrl_c():
    with pytest.raises(KeyboardInterrupt):
        search(lambda z: fail(KeyboardInterrupt))


def test_after_ctrl_c_in_a_batch_its_answers_are_in_the_order_of_the_questions():
    done = threading.Event()

    def objective(z):
        with lock:
            asked.append(z.tolist())
            number = len(asked)
        if number == 1:  # the first to be asked, and the last to answer
            assert done.wait(60)
        if number == 4:
            done.set()
        if number == 6:
            raise KeyboardInterrupt
        return bowl(z)

    lock, asked = threading.Lock(), []
    found = search(objective, method="random", batch=4)
    usual = search(method="random", batch=4).codes.tolist()
    places = [usual.index(code) for code in found.codes.tolist()]
    assert places[:4] == [0, 1, 2, 3]
    assert places == sorted(places)


# Known answers


def test_known_answers_save_questions():
    def questions(known, seed):
        found = search(known=known, seed=seed, budget=40)
        return (found.best_so_far < 0.99).sum().item() + 1

    before = search(method="random", budget=12, seed=9)
    assert before.best_value < 0.99
    with_them, without = (
        sum(questions(known, seed) for seed in range(3)) for known in (before, None)
    )
    assert with_them <= without - 3 * 8  # no need for ten random questions


@pytest.mark.parametrize("method", design.METHODS)
def test_what_is_known_is_not_asked_again_and_part_of_the_result(method):
    before = search(method=method)
    objective = Asked()
    known = (before.codes, before.values.where(before.values.isfinite(), torch.nan))
    found = search(objective, method=method, known=known)
    assert (found.n_known, found.evaluations) == (before.evaluations, len(objective.codes))
    assert torch.equal(found.codes[: found.n_known], before.codes)
    assert torch.equal(found.values[: found.n_known], before.values)
    assert len(found.best_so_far) == found.evaluations
    assert found.best_value >= before.best_value
    assert not {*map(tuple, objective.codes)} & {*map(tuple, before.codes.tolist())}
    assert method == "bayesian" or found.repeated >= before.evaluations


def test_a_whole_map_that_is_known_costs_nothing():
    before = search(method="grid", budget=25)  # its ends, in single precision, are within bounds
    found = search(lambda z: pytest.fail("asked"), method="grid", budget=25, known=before)
    assert (found.evaluations, found.n_known, found.rejected) == (0, 25, 0)


def test_known_answers_that_may_not_be_are_left_out():
    codes = [[0.3, -0.7], [9.0, 9.0], [1.0, 1.0]]
    found = search(known=(codes, [1.0, 99.0, -1.0]), constraint=lambda z: z[0] > 0.5)
    assert found.codes[0].tolist() == [1.0, 1.0]
    assert (found.n_known, found.best_code[0] > 0.5) == (1, True)


def test_bad_known_answers_are_refused():
    for known, error, message in (
        ("log.csv", TypeError, "read_log"),
        (torch.zeros(3, 2), TypeError, "a pair"),
        ((torch.zeros(3, 3), torch.zeros(3)), ValueError, r"known codes of shape \(n_samples, 2\)"),
        ((torch.zeros(3, 2), torch.zeros(2)), ValueError, "expected 3 known values"),
        ((torch.zeros(3, 2) * math.nan, torch.zeros(3)), ValueError, "finite"),
        (search(lambda z: z[0], bounds=[(0, 1)]), ValueError, r"\(n_samples, 2\)"),
    ):
        with pytest.raises(error, match=message):
            search(lambda z: pytest.fail("asked"), known=known)


def test_an_empty_log_is_known_to_hold_nothing(tmp_path):
    design.log.Log(tmp_path / "log.csv", 2)
    assert_same(search(known=design.read_log(tmp_path / "log.csv")), search())


# Constraints


@pytest.mark.parametrize(
    "constraint",
    [
        lambda z: bool(z.sum() > 0.2),
        lambda z: z.sum() > 0.2,
        lambda z: np.bool_(z.sum().item() > 0.2),
        lambda z: z.sum() - 0.2,
        lambda z: z.sum().item() - 0.2,
        lambda z: math.nan if z.sum() <= 0.2 else 0,
    ],
)
def test_a_constraint_says_yes_or_no_or_how_far(constraint):
    found = search(method="random", constraint=constraint)
    assert found.codes.sum(dim=1).min() >= 0.2
    assert (found.evaluations, found.rejected > 5) == (24, True)


@each_way
def test_no_sample_that_the_constraint_refuses_is_evaluated(method, batch):
    guard = design.Guard(torch.randn(300, 2, generator=torch.Generator().manual_seed(0)))

    def objective(z):
        assert z.sum() >= 1.2
        assert guard.near(z[None] - 0.5).all()
        return -z.square().sum()

    def shifted(z):
        return z + 0.5

    settings = {"guard": guard, "bounds": None, "method": method, "batch": batch}
    found = search(objective, shifted, constraint=lambda z: z.sum() - 1.2, budget=40, **settings)
    assert found.failed == 0
    assert found.evaluations > 4
    assert found.rejected > 0


def test_a_constraint_that_says_neither_yes_nor_no_is_a_mistake():
    for answer in (None, torch.zeros(3), "yes"):
        with pytest.raises(TypeError, match="expected the constraint to return") as caught:
            search(constraint=lambda z, answer=answer: answer)
        assert "at the code [" in caught.value.__notes__[0]


def test_the_constraint_is_asked_where_the_guard_allows_only():
    guard = design.Guard(torch.randn(50, 2, generator=torch.Generator().manual_seed(0)))
    seen = []
    search(guard=guard, bounds=None, method="grid", constraint=lambda z: not seen.append(z))
    assert guard.near(torch.stack(seen)).all()


# Batches


@pytest.mark.parametrize("method", ["random", "grid", "differential-evolution", "bayesian"])
def test_so_many_run_at_once_as_the_batch_and_all_are_recorded(method):
    gate, lock = threading.Barrier(4), threading.Lock()
    running, most, asked = [], [], []

    def objective(z):
        with lock:
            asked.append(z.tolist())
            running.append(z)
            most.append(len(running))
        gate.wait(60)  # opens when four have come
        with lock:
            running.pop()
        return -(z - 0.3).square().sum()

    found = search(objective, method=method, batch=4, budget=16, bounds=[(-2, 2)] * 2)
    assert found.evaluations == len(asked) == 16
    assert found.failed == 0
    assert max(most) == 4
    assert sorted(found.codes.tolist()) == sorted(asked)
    assert found.values.tolist() == [-(z - 0.3).square().sum().item() for z in found.codes]


def test_a_batch_asks_for_no_gradient():
    weight = torch.ones(1, requires_grad=True)
    found = search(lambda z: (weight * z).sum(), lambda z: weight * z, method="random", batch=4)
    assert found.failed == 0
    assert not found.codes.requires_grad


def test_the_codes_of_a_batch_differ_and_climb():
    found = search(lambda z: -(z - 0.3).square().sum(), batch=4, budget=32)
    assert found.best_value > -0.01
    for four in found.codes[12:].split(4):
        assert torch.pdist(four).min() > 1e-3


def test_nelder_mead_has_no_batch():
    with pytest.raises(ValueError, match="one by one"):
        search(method="nelder-mead", batch=4)
    with pytest.raises(ValueError, match="batch"):
        search(batch=0)

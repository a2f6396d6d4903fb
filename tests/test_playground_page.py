"""The playground in a headless Chromium: what its presets end in, what it draws, how it answers."""

import functools
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
import test_explorer_page as pages
import torch
from matplotlib.figure import Figure
from scipy.spatial import procrustes
from torch.nn import functional

from aecourse.explorer import playground, training_playground
from aecourse.explorer.playground import PRESETS

visit = pages.visit
SMALL = {"data": ["plane"], "presets": [], "hidden": "64", "epochs": "10"}  # quick to train
PATIENCE = 300_000  # milliseconds; a slow machine may take its time


def element(alt="A playground.", *, address=False, **settings):
    made = training_playground(alt=alt, still=Figure(), **settings).html
    return made.replace("<ae-playground ", "<ae-playground data-address ", 1) if address else made


def ask(page, expression, argument=None, which=0):
    """What an expression with `it`, the playground, and `given` is in the page."""
    script = (
        "async ([k, given]) => { const it = document.querySelectorAll('ae-playground')[k];"
        f"  return {expression} }}"
    )
    return page.evaluate(script, [which, argument])


def until(page, condition, which=0):
    script = f"k => {{ const it = document.querySelectorAll('ae-playground')[k]; {condition} }}"
    script = script.replace(condition, f"return {condition}")
    page.wait_for_function(script, arg=which, timeout=PATIENCE)


def ready(page, which=0):
    until(page, "it.report?.id === it.run_id", which)
    return page


def run(page, which=0):
    """Train as far as one start goes."""
    ask(page, "it.run()", which=which)
    until(page, "!it.running", which)


def plain(report):
    """What a report holds, as arrays of NumPy."""
    n_latent = report["decoder"][0]["n_in"]
    for name in ("codes", "log_var"):
        if report[name] is not None:
            report[name] = np.array(report[name]).reshape(-1, n_latent)
    return report


REPORT = """it.report && { ...it.report, codes: [...it.report.codes],
  log_var: it.report.log_var && [...it.report.log_var],
  reconstructions: [...it.report.reconstructions],
  decoder: it.report.decoder.map((layer) =>
    ({ ...layer, weight: [...layer.weight], bias: [...layer.bias] })) }"""


def report_of(page, which=0):
    return plain(ask(page, REPORT, which=which))


# ---- what each preset ends in ------------------------------------------------------------------


@pytest.fixture(scope="module")
def ended(browser, tmp_path_factory):
    """Run a preset, each one once and all in one page: how it ended."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(pages.HOST + element(), encoding="utf-8")
    context = browser.new_context(reduced_motion="reduce")  # the time goes into training
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())

    @functools.cache
    def end(preset, **changes):
        if "epochs" not in PRESETS.get(preset, {}):
            changes = {"epochs": "60"} | changes  # enough to see it, and sooner there
        ask(page, "it.take(...given)", [preset, changes])
        ready(page)
        run(page)
        found = ask(
            page,
            """({ points: it.curve.points, floors: it.floors, says: it.output.value,
                  strange: [...it.querySelectorAll(".ae-live *")].flatMap((part) =>
                    [...part.attributes].filter(({ value }) => /NaN|Infinity|undefined/.test(value))
                      .map(({ name, value }) => `${name}=${value}`)) })""",
        )
        report = ask(page, REPORT)
        assert found["strange"] == []
        assert errors == []
        return found | (plain(report) if report else {})

    yield end
    context.close()


def error(end, part="held_out"):
    return end[part]["squared_error"]


def pca(end, part="held_out"):
    return end["floors"]["pca"][part]


def average(end, part="held_out"):
    return end["floors"]["average"][part]


def of(end, epochs):
    """Squared errors, training and held out, when so many epochs were done."""
    return next(point[1:] for point in end["points"] if point[0] >= epochs)


def sigma(end):
    return np.exp(end["log_var"] / 2)


def kl_of_each(end):
    mean, log_var = end["codes"], end["log_var"]
    return 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).mean(axis=0)


def neighbours(codes, n=10):
    apart = ((codes[:, None] - codes[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1)[:, :n]


def test_the_linear_one_reaches_the_line_of_pca_and_no_more(ended):
    end = ended("linear")
    assert error(end) == pytest.approx(pca(end), rel=0.01)
    assert all(training >= pca(end, "train") for _, training, _ in end["points"])


def test_linear_in_three_steps_is_linear_still(ended):
    end = ended("linear-in-three-steps")
    assert of(end, 30)[1] == pytest.approx(pca(end), rel=0.02)
    assert error(end) == pytest.approx(pca(end), rel=0.02)
    assert all(training >= pca(end, "train") for _, training, _ in end["points"])


def arrival(end):
    """After how many epochs the training error is within 2 % of PCA's."""
    line = 1.02 * pca(end, "train")
    return next(epochs for epochs, training, _ in end["points"] if training < line)


def test_three_steps_arrive_sooner_than_one_at_its_best_rate(ended):
    alone = min(arrival(ended("linear", rate=rate)) for rate in ("0.01", "0.03", "0.1"))
    assert arrival(ended("linear-in-three-steps")) < 0.7 * alone


def test_the_curved_one_passes_the_line_of_pca_and_ends_far_below(ended):
    end = ended("curved")
    assert of(end, 20)[1] < pca(end) < of(end, 0)[1]
    assert error(end) < 0.75 * pca(end)


def test_another_seed_has_the_same_loss_and_another_plane(ended):
    one, other = ended("curved"), ended("another-seed")
    assert error(other) == pytest.approx(error(one), rel=0.1)
    _, _, disparity = procrustes(one["codes"], other["codes"])
    assert disparity > 0.1  # however one plane is turned, mirrored or stretched
    pairs = zip(neighbours(one["codes"]), neighbours(other["codes"]), strict=True)
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in pairs]) < 0.6


def test_a_rate_too_high_ends_in_a_message(ended):
    end = ended("rate-too-high")
    assert re.match(r"The run has ended: the loss in epoch \d+ is .* smaller", end["says"])
    assert "codes" not in end  # no report is left


def test_a_rate_too_high_may_be_quiet_and_leave_the_average(ended):
    end = ended("rate-too-high-but-quiet")
    assert error(end) == pytest.approx(average(end), rel=0.02)
    reconstructions = np.reshape(end["reconstructions"], (-1, 64))
    assert np.ptp(reconstructions, axis=0).max() < 1e-6


def test_with_another_seed_the_rate_too_high_is_none(ended):
    end = ended("rate-too-high-but-quiet", seed="2")
    assert error(end) < 0.95 * pca(end)


def closest(end, digit):
    """Return the three classes whose names stand closest to that of a digit."""
    labels = playground.digits().held_out.y.numpy()
    names = np.array([np.median(end["codes"][labels == k], axis=0) for k in range(10)])
    return set(np.hypot(*(names - names[digit]).T).argsort()[1:4].tolist())


def test_what_the_exercise_on_two_seeds_says(ended):
    one, other = ended("another-seed"), ended("another-seed", seed="2")
    assert error(one) == pytest.approx(error(other), abs=0.05)
    assert closest(one, 1) == closest(other, 1) == {2, 5, 8}
    assert closest(one, 6) & closest(other, 6) == set()


def test_clouds_of_the_variational_one_fill_the_prior(ended):
    end = ended("variational")
    assert error(end) < pca(end)
    assert 0.1 < sigma(end).mean() < 0.5
    assert all(0.7 < spread < 1.3 for spread in end["codes"].std(axis=0))
    assert np.mean(np.hypot(*end["codes"].T) < 2.5) > 0.9


def test_without_beta_the_clouds_shrink_and_the_plane_grows(ended):
    end, usual = ended("β-is-0"), ended("variational")
    assert sigma(end).mean() < 0.05
    assert (end["codes"].std(axis=0) > 2).all()
    assert end["held_out"]["kl"] > 3 * usual["held_out"]["kl"]


def test_with_beta_of_ten_the_code_says_nothing(ended):
    end = ended("β-is-10")
    assert end["held_out"]["kl"] < 0.01
    assert error(end) == pytest.approx(average(end), rel=0.02)


def test_of_eight_numbers_a_few_are_used(ended):
    each = kl_of_each(ended("eight-numbers", epochs="100"))
    assert (each > 0.1).sum() == 4
    assert ((each > 0.1) | (each < 0.02)).all()  # used or not: nothing between


def test_a_linear_one_uses_all_eight(ended):
    end = ended("", model="variational", code="8", hidden="none", rate="0.01")
    assert (kl_of_each(end) > 0.1).all()


def test_the_toy_plane_ends_at_its_exact_answer(ended):
    end = ended("toy-plane")
    assert error(end) == pytest.approx(pca(end), rel=0.005)
    assert error(end, "train") == pytest.approx(pca(end, "train"), rel=0.005)


def test_two_linear_numbers_of_a_beta_density_leave_what_pca_leaves(ended):
    end = ended("Beta-linear")
    assert error(end) == pytest.approx(pca(end), rel=0.01)


def test_two_curved_numbers_of_a_beta_density_leave_less_than_a_tenth(ended):
    end = ended("Beta-curved")
    assert error(end) < 0.1 * pca(end)


def test_each_preset_has_its_sentence_here():
    source = Path(__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'ended\("([^"]+)"', source)) >= set(PRESETS)


# ---- what it draws -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(browser, tmp_path_factory):
    """A page with a playground of all data; `set` gives it other settings and trains a little."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(pages.HOST + element(epochs="10", rate="0.01"), encoding="utf-8")
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(path.as_uri())

    def set_to(**settings):
        ask(page, "it.take('', given)", {"hidden": "64", **settings})
        run(ready(page))
        return page, report_of(page)

    yield set_to
    context.close()


def seen(page):
    """Mean and directions by which codes are seen: row by row."""
    found = ask(page, "({ mean: it.before.mean, directions: it.before.directions })")
    return np.array(found["mean"]), np.array(found["directions"])


def decoder(report, codes):
    values = torch.as_tensor(codes, dtype=torch.float)
    for one in report["decoder"]:
        weight = torch.tensor(one["weight"]).reshape(one["n_out"], one["n_in"])
        values = functional.linear(values, weight, torch.tensor(one["bias"]))
        values = {"none": lambda y: y, "silu": functional.silu}[one["activation"]](values)
    return values.numpy()


def numbers(path):
    return np.array([float(n) for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", path)])


def points(page, labels):
    """Where dots are drawn, in the order of the samples."""
    paths = ask(page, "it.plane.dots.map((dots) => dots.getAttribute('d'))")
    places = np.full((len(labels), 2), np.nan)
    for k, path in enumerate(paths):
        found = re.findall(r"M(\S+) (\S+)h0", path)
        places[np.array(labels) == k] = np.array(found, dtype=float)
    return places


@pytest.mark.parametrize("code", ["3", "8"])
@pytest.mark.parametrize("model", ["plain", "variational"])
def test_long_codes_are_seen_along_their_principal_directions(drawn, code, model):
    page, report = drawn(code=code, model=model)
    codes, (mean, directions) = report["codes"], seen(page)
    _, values, right = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(mean, codes.mean(axis=0), atol=1e-6)
    assert values[1] > 1.02 * values[2]  # so that there is one answer
    cosines = np.abs(np.sum(directions * right[:2], axis=1))
    assert (cosines > 1 - 1e-6).all()
    expected = (codes - mean) @ directions.T
    np.testing.assert_allclose(points(page, ask(page, "it.labels")), expected, atol=1e-5)
    names = ask(page, "[...it.plane.element.querySelectorAll('label')].map((l) => l.innerText)")
    assert [name.strip() for name in names] == ["first principal direction", "second"]


@pytest.mark.parametrize("code", ["1", "2", "8"])
def test_clouds_are_one_standard_deviation_of_the_projected_covariance(drawn, code):
    page, report = drawn(code=code, model="variational", rate="0.003")
    labels = np.array(ask(page, "it.labels"))
    _, directions = seen(page)
    centres, paths = (
        points(page, labels),
        ask(page, "[...it.querySelectorAll('.ae-cloud')].map((path) => path.getAttribute('d'))"),
    )
    assert len(paths) == 10 == ask(page, "new Set(it.plane.colours).size")
    fills = ask(page, "[...it.querySelectorAll('.ae-cloud')].map((p) => p.getAttribute('fill'))")
    assert fills == ask(page, "it.plane.dots.map((dots) => dots.getAttribute('stroke'))")
    clouds = np.empty((len(labels), 16, 2))
    for k, path in enumerate(paths):
        clouds[labels == k] = numbers(path).reshape(-1, 16, 2)
    off = clouds - centres[:, None]
    np.testing.assert_allclose(off.mean(axis=1), 0, atol=1e-6)
    # Corners L c of a circle's corners c: their second moments are ½ L Lᵀ.
    found = 2 * np.einsum("ikj,ikl->ijl", off, off) / 16
    variances = np.exp(report["log_var"])
    if code == "1":
        directions = directions[:, :1]
    expected = np.einsum("ak,ik,bk->iab", directions, variances, directions)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("code", ["1", "3", "8"])
def test_the_status_says_what_each_number_costs(drawn, code):
    page, report = drawn(code=code, model="variational")
    status = ask(page, "it.status.textContent")
    said = numbers(status.partition("KL of each number, held out: ")[2].removesuffix(" nats"))
    np.testing.assert_allclose(said, kl_of_each(report), atol=0.00501)
    assert sum(said) == pytest.approx(report["held_out"]["kl"], abs=0.005 * len(said) + 1e-6)
    assert status.startswith(f"epoch {report['epochs']}, step {report['steps']}, ")


PIXELS = """(it, name) => {
  const canvas = it[name].element.querySelector("canvas"), { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return [width, height, [...data].filter((_, k) => k % 4 === 0)];
}"""


def shown(page, name):
    """The values that the greys of a picture stand for, row by row."""
    width, height, greys = ask(page, f"({PIXELS})(it, given)", name)
    return 1 - np.reshape(greys, (height, width)) / 255


def cut(picture, n_rows, n_columns):
    """Small pictures out of a large one: 8×8, with a gap behind and below each."""
    return (
        picture.reshape(n_rows, 9, n_columns, 9).transpose(0, 2, 1, 3)[:, :, :8, :8].reshape(-1, 64)
    )


def to_decode(page, places):
    """Codes at places of the plane."""
    mean, directions = seen(page)
    return mean + np.asarray(places) @ directions[:, : len(mean)]


@pytest.mark.parametrize("code", ["1", "2", "8"])
@pytest.mark.parametrize("model", ["plain", "variational"])
def test_pictures_are_what_the_decoder_makes_of_the_places(drawn, code, model):
    page, report = drawn(code=code, model=model)
    low, high = np.array(ask(page, "[it.plane.low, it.plane.high]"))
    for share in ([0.3, 0.8], [0.9, 0.1]):
        z = low + np.array(share) * (high - low)
        ask(page, "it.plane.move(given)", z.tolist())
        expected = decoder(report, to_decode(page, [z])).clip(0, 1)
        assert np.abs(shown(page, "decoded").reshape(1, 64) - expected).max() < 0.003  # ½ grey
    grid = cut(shown(page, "grid"), 11, 11)
    if code == "1":
        places = [[x, 0] for x in np.linspace(low[0], high[0], 121)]
    else:
        middles = (np.arange(11) + 0.5) / 11
        places = [low + [across, up] * (high - low) for up in middles[::-1] for across in middles]
    expected = decoder(report, to_decode(page, places)).clip(0, 1)
    assert np.abs(grid - expected).max() < 0.003
    assert np.ptp(grid, axis=0).max() > 0.3  # it is not the same picture everywhere
    pairs = cut(shown(page, "pairs"), 2, 10)
    data = playground.digits()
    originals = data.held_out.x[data.shown].numpy()
    expected = decoder(report, report["codes"][data.shown]).clip(0, 1)
    assert np.abs(pairs[:10] - originals).max() < 0.003
    assert np.abs(pairs[10:] - expected).max() < 0.003


def test_a_code_of_one_number_stands_at_the_height_of_its_class(drawn):
    page, report = drawn(code="1")
    labels = ask(page, "it.labels")
    places = points(page, labels)
    np.testing.assert_allclose(places[:, 0], report["codes"][:, 0], atol=1e-6)
    assert (places[:, 1] == labels).all()
    assert page.get_by_role("slider").count() == 1
    page.get_by_role("slider", name="z₁").press("End")
    assert ask(page, "it.plane.z[0] === it.plane.high[0]")


def test_curves_are_what_the_decoder_makes_of_the_places(drawn):
    page, report = drawn(data="beta", code="2")
    ask(page, "it.plane.move(given)", [0.3, -0.2])
    path = ask(page, "it.decoded.element.querySelector('g g .ae-line').getAttribute('d')")
    x, y = numbers(path).reshape(-1, 2).T
    view = playground.beta_log_densities().view
    np.testing.assert_allclose(x, view["x"], atol=1e-6)
    z = ask(page, "it.plane.z")
    np.testing.assert_allclose(y, decoder(report, to_decode(page, [z]))[0], atol=1e-4)


def test_the_table_and_the_curve_are_those_of_the_reports(drawn):
    page, report = drawn(data="plane", code="3")
    text = ask(page, "it.table.innerText")
    baselines = playground.plane().baselines()
    for value in (report["train"], report["held_out"], baselines["pca"][3], baselines["average"]):
        value = value.get("squared_error", value.get("held_out"))
        assert f"{value:.2f}" in text
    path = ask(page, "it.curve.box.querySelector('.ae-line').getAttribute('d')")
    found = numbers(path).reshape(-1, 2)
    known = np.array(ask(page, "it.curve.points"))
    np.testing.assert_allclose(found, known[:, [0, 2]])
    assert found[0, 0] == 0 and found[-1, 0] == 10
    floors = ask(
        page, "[...it.curve.box.querySelectorAll('.ae-floor')].map((p) => p.getAttribute('d'))"
    )
    heights = [numbers(path)[1] for path in floors]
    expected = [baselines["average"]["held_out"], baselines["pca"][3]["held_out"]]
    assert heights == pytest.approx(expected, rel=1e-6)


# ---- start, pause, step, start again -----------------------------------------------------------


def press(page, name, which=0):
    page.get_by_role("button", name=name, exact=True).nth(which).click()


def knob(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


def still_at(page, steps="document.querySelector('ae-playground').report.steps"):
    """How many steps are done, when all messages have come; a slow machine takes its time."""
    found = [page.evaluate(steps)]
    for _ in range(6):  # a run reports sixteen times a second, and goes on for longer
        page.wait_for_timeout(250)
        found.append(page.evaluate(steps))
        if found[-1] == found[-2]:
            return found[-1]
    raise AssertionError(f"it goes on: {found}")


def test_start_pause_step_and_start_again(visit):
    page = ready(visit(element(**SMALL | {"epochs": "1000"})))
    first = ask(page, "it.report.train.loss")
    assert still_at(page) == 0  # nothing moves by itself
    press(page, "start")
    until(page, "it.report.steps > 10")
    press(page, "pause")
    steps = still_at(page)
    assert 10 < steps < 4000
    press(page, "one step")
    until(page, f"it.report.steps === {steps + 1}")
    assert still_at(page) == steps + 1
    assert f"step {steps + 1}," in ask(page, "it.status.textContent")
    press(page, "start")
    until(page, f"it.report.steps > {steps + 1}")
    press(page, "one step")  # pauses, too
    assert page.get_by_role("button", name="start", exact=True).count() == 1
    still_at(page)
    press(page, "start again")
    ready(page)
    assert still_at(page) == 0
    assert ask(page, "it.report.train.loss") == first
    assert ask(page, "it.curve.points.length") == 1


def test_each_start_goes_on_to_the_next_multiple_of_its_epochs(visit):
    page = ready(visit(element(**SMALL)))
    for expected in (10, 20):
        press(page, "start")
        until(page, "!it.running")
        assert ask(page, "it.report.epochs") == expected
        assert page.get_by_role("button", name="start", exact=True).count() == 1
    press(page, "one step")
    until(page, "it.report.steps === 81")  # 500 / 128, up: four steps an epoch
    press(page, "start")
    until(page, "!it.running")
    assert ask(page, "it.report.epochs") == 30


def test_a_knob_turned_in_a_run_leaves_nothing_of_the_old_model(visit):
    page = ready(visit(element(**SMALL | {"epochs": "1000"})))
    ask(
        page,
        """(it.drawings = [], it.draw = () => {
             it.drawings.push([it.run_id, it.report?.id, it.report?.decoder[0].n_in]);
             return it.constructor.prototype.draw.call(it); })""",
    )
    press(page, "start")
    until(page, "it.report.steps > 10")
    old = "({ ...it.report, decoder: [...it.report.decoder] })"
    before = ask(page, f"(it.old = {old}).id")
    knob(page, "code length").select_option("8")
    ready(page)
    ask(page, "it.hear(it.old)")  # one that was under way
    assert still_at(page) == 0
    drawings = ask(page, "it.drawings")
    assert drawings[-1] == [before + 1, before + 1, 8]
    assert all(drawing == [before, before, 2] for drawing in drawings[:-1])
    assert ask(page, "it.curve.points.map(([epochs]) => epochs)") == [0]
    assert not ask(page, "it.running")
    ask(page, "it.hear({ kind: 'error', id: it.run_id - 1, message: 'old' })")
    assert ask(page, "it.output.value") == ""


def test_a_link_can_be_pressed_twice_and_the_way_back_keeps_the_settings(visit):
    link = "<div style='height: 3000px'></div><a href='#seed=2'>two</a>"
    page = ready(visit(element(address=True, **SMALL) + link))
    for _ in range(2):
        page.get_by_text("two").click()
        until(page, "it.getBoundingClientRect().top < 100")
        assert page.evaluate("document.activeElement.innerText") == "start"
    page.go_back()
    until(page, "location.hash")  # it would be bare
    assert page.evaluate("location.hash") == "#seed=2"
    assert ask(page, "it.settings.seed") == "2"


def test_axes_stay_while_the_point_is_held(visit):
    page = ready(visit(element(**SMALL | {"epochs": "1000"})))
    box = page.locator(".ae-handle").bounding_box()
    page.mouse.move(box["x"] + 22, box["y"] + 22)
    page.mouse.down()
    ends = ask(page, "[it.plane.low, it.plane.high]")
    ask(page, "it.run()")
    until(page, "it.report.epochs > 30")
    assert ask(page, "[it.plane.low, it.plane.high]") == ends
    page.mouse.up()
    until(page, f"String([it.plane.low, it.plane.high]) !== String({ends})")  # let go, they follow


def test_a_loss_above_the_chart_is_told_there(visit):
    page = ready(visit(element(data=["digits"], presets=[])))
    told = ask(page, "it.curve.box.textContent.match(/↑ ([0-9.]+)/)[1]")
    assert float(told) == pytest.approx(ask(page, "it.report.held_out.squared_error"), abs=0.06)


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_table_stays_in_its_column(visit, width):
    page = ready(visit(element(data=["digits"], presets=[], model="variational")))
    page.set_viewport_size({"width": width, "height": 900})
    right = "getBoundingClientRect().right"
    assert ask(page, f"it.table.{right} <= it.table.parentElement.{right} + 0.5")


def test_how_long_a_start_trains_may_change_in_a_run(visit):
    page = ready(visit(element(**SMALL | {"epochs": "1000"})))
    press(page, "start")
    until(page, "it.report.steps > 10")
    press(page, "pause")
    steps = ask(page, "it.report.steps")
    knob(page, "epochs per start").select_option("10")
    assert still_at(page) >= steps  # no new model
    press(page, "start")
    until(page, "!it.running")
    assert ask(page, "it.report.epochs") % 10 == 0


def test_the_last_turn_counts_however_long_the_data_of_another_take(visit):
    page = ready(visit(element(**SMALL | {"data": ["plane", "beta"]})))
    ask(
        page,
        """(() => {
             const read = Response.prototype.arrayBuffer;
             let pause = 300; // milliseconds, for the first one only
             Response.prototype.arrayBuffer = async function () {
               const wait = pause;
               pause = 0;
               await new Promise((then) => setTimeout(then, wait));
               return read.call(this);
             };
             it.set({ data: "beta" });
             it.set({ data: "plane", code: "3" });
           })()""",
    )
    ready(page)
    page.wait_for_timeout(400)
    assert still_at(page) == 0
    assert ask(page, "[it.report.decoder[0].n_in, it.curve.points.length]") == [3, 1]
    assert ask(page, "it.originals[0].length") == 8  # of the plane; a density has 32
    run(page)


def test_a_hidden_page_does_not_compute(visit):
    page = ready(visit(element(**SMALL | {"epochs": "1000"})))

    def hide(hidden):
        page.evaluate(
            """hidden => { Object.defineProperty(document, "hidden",
                 { get: () => hidden, configurable: true });
                 document.dispatchEvent(new Event("visibilitychange")) }""",
            hidden,
        )

    press(page, "start")
    until(page, "it.report.steps > 10")
    hide(True)
    steps = still_at(page)
    hide(False)
    until(page, f"it.report.steps > {steps}")
    press(page, "pause")
    steps = still_at(page)
    hide(True)
    hide(False)  # who has paused it starts it
    assert still_at(page) == steps


def test_one_taken_out_of_the_page_stops(visit):
    page = ready(visit(element(**SMALL | {"epochs": "1000"})))
    press(page, "start")
    until(page, "it.report.steps > 10")
    page.evaluate("window.it = document.querySelector('ae-playground'); it.remove()")
    still_at(page, "it.report.steps")
    assert not page.evaluate("it.running")


# ---- for everyone ------------------------------------------------------------------------------


def test_it_needs_no_mouse(visit):
    page = ready(visit(element(data=["plane"], hidden="64", epochs="10")))
    focus = "document.activeElement"
    name = (
        f"({focus}.labels?.[0]?.firstChild.textContent ?? {focus}.ariaLabel ?? {focus}.innerText)"
    )

    def tab():
        page.keyboard.press("Tab")
        return page.evaluate(name).strip()

    knobs = [label for label, _ in playground.KNOBS.values()]
    knobs.remove("β")  # of a plain model: it cannot be turned
    assert tab() == "preset"
    assert [tab() for _ in knobs] == knobs
    page.evaluate("document.activeElement.blur()")
    knob(page, "seed").focus()
    page.keyboard.press("ArrowDown")
    assert ask(page, "it.settings.seed") == "1"
    ready(page)
    assert [tab(), tab()] == ["epochs per start", "start"]
    page.keyboard.press("Enter")
    until(page, "it.report.epochs === 10 && !it.running")
    assert tab() == "one step"
    page.keyboard.press("Space")
    until(page, "it.report.steps === 41")
    assert tab() == "start again"
    assert tab() == "Latent plane: arrow keys move the point"
    before = ask(page, "it.plane.z")
    page.keyboard.press("Shift+ArrowRight")
    after = ask(page, "it.plane.z")
    assert after[0] > before[0] and after[1] == before[1]
    assert [tab(), tab()] == ["z₁", "z₂"]
    page.keyboard.press("Home")
    assert ask(page, "it.plane.z[1] === it.plane.low[1]")


def test_all_controls_have_names(visit):
    page = ready(visit(element("What it is.", data=["plane"])))
    assert page.get_by_role("group", name="What it is.").is_visible()
    for name in ["preset", *(label for label, _ in playground.KNOBS.values())]:
        assert page.get_by_role("combobox", name=name, exact=True).count() == 1
    assert page.get_by_role("combobox").count() == 1 + len(playground.KNOBS)
    names = page.get_by_role("button").all_inner_texts()
    assert names == ["start", "one step", "start again"]
    assert page.get_by_role("application", name="Latent plane").count() == 1
    assert page.get_by_role("slider").count() == 2
    assert not page.get_by_role("combobox", name="β", exact=True).is_enabled()
    page.get_by_role("combobox", name="model", exact=True).select_option("variational")
    assert page.get_by_role("combobox", name="β", exact=True).is_enabled()


# A run of a hundred reports, a tenth of a second apart: how many of them changed a part.
CHANGES = """((it, part) => {
  const watch = new MutationObserver(() => {}), { report } = it;
  watch.observe(it[part], { subtree: true, childList: true, attributes: true,
    characterData: true });
  let now = performance.now(), changes = 0;
  performance.now = () => now;
  [it.running, it.said, it.drawn] = [true, now, now];
  for (let k = 1; k <= 100; k++) {
    now += 100;
    it.hear({ ...report, running: true, steps: k, epochs: k / 4,
      train: { ...report.train, squared_error: 1 + k } });
    changes += watch.takeRecords().length > 0;
  }
  return changes;
})(it, given)"""


@pytest.mark.parametrize(("motion", "expected"), [("reduce", 10), ("no-preference", 100)])
def test_whoever_asks_for_less_motion_gets_a_picture_a_second(visit, motion, expected):
    page = ready(visit(element(**SMALL), reduced_motion=motion))
    assert ask(page, CHANGES, "views") == expected


def test_who_listens_hears_a_sentence_in_five_seconds(visit):
    page = ready(visit(element(**SMALL)))
    assert page.get_by_role("status").count() == 1
    assert ask(page, CHANGES, "output") in (1, 2)  # of ten seconds
    assert re.match(r"Epoch [\d.]+: squared error [\d.]+, held out ", ask(page, "it.output.value"))


@pytest.mark.parametrize("settings", [{}, {"code": "8", "model": "variational"}], ids=str)
def test_on_a_phone_nothing_sticks_out(visit, settings):
    page = ready(visit(element(**settings), viewport=(390, 800)))
    press(page, "one step")
    until(page, "it.report.steps === 1")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    rights = page.evaluate(
        """[...document.querySelectorAll("ae-playground .ae-live *")]
             .map((part) => part.getBoundingClientRect().right)"""
    )
    assert max(rights) <= 390
    assert page.locator("ae-playground .ae-pad").bounding_box()["width"] > 300


def test_without_scripts_a_described_picture_stands_in_its_place(visit):
    page = visit(element("A finished run."), java_script_enabled=False)
    assert page.get_by_role("img", name="A finished run.").bounding_box()["width"] > 200
    assert page.get_by_role("button").count() == 0


def test_with_scripts_the_picture_is_gone(visit):
    assert not visit(element()).locator("ae-playground > img").is_visible()


# ---- two on a page -----------------------------------------------------------------------------


def test_two_on_a_page_do_not_disturb_each_other(visit):
    first, second = element("One.", **SMALL, address=True), element("Other.", **SMALL, code="3")
    page = visit(first, second, pages.explorer())
    ready(page, 0), ready(page, 1)
    press(page, "start", 1)
    until(page, "!it.running", 1)
    assert ask(page, "it.report.epochs", which=0) == 0
    assert ask(page, "it.report.epochs", which=1) == 10
    knob(page, "seed").first.select_option("4")
    assert ask(page, "it.settings.seed", which=1) == "0"
    ready(page)
    assert ask(page, "it.report.epochs", which=1) == 10
    page.evaluate("location.hash = '#seed=7'")  # of the first one, whose address it is
    until(page, "it.settings.seed === '7'")
    assert ask(page, "it.settings.seed", which=1) == "0"
    page.reload()  # as at first
    ready(page, 0), ready(page, 1)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((part) => part.id)")
    assert len(ids) == len(set(ids))
    assert all(id.startswith("ae-clip-") for id in ids)  # it takes no name that a page may use
    assert page.locator("head style").count() == 2  # of explorers, and of playgrounds


# ---- settings in the address -------------------------------------------------------------------


def test_an_address_opens_the_same_state(visit):
    page = ready(visit(element(data=["plane", "digits"], address=True)))
    knob(page, "code length").select_option("3")
    knob(page, "data").select_option("digits")
    knob(page, "seed").select_option("5")
    ready(page)
    settings, loss = ask(page, "[it.settings, it.report.held_out.loss]")
    copied = page.url
    assert copied.partition("#")[2] == "data=digits&code=3&seed=5"
    other = visit(element(data=["plane", "digits"], address=True))
    ready(other)
    other.evaluate("hash => { location.hash = hash }", copied.partition("#")[2])  # pasted
    until(other, "it.settings.seed === '5'")
    ready(other)
    assert ask(other, "[it.settings, it.report.held_out.loss]") == [settings, loss]
    page.reload()  # opened anew
    ready(page)
    assert ask(page, "[it.settings, it.report.held_out.loss]") == [settings, loss]
    assert page.evaluate("document.activeElement.innerText") == "start"
    for label, value in {"code length": "2", "data": "plane", "seed": "0"}.items():
        knob(page, label).select_option(value)
    assert page.url == copied.partition("#")[0]  # as at first: nothing is to be said


def test_a_preset_in_the_address_gives_its_settings(visit):
    page = ready(visit(element(data=["digits"], address=True)))
    page.evaluate("location.hash = '#preset=linear&seed=2'")
    until(page, "it.settings.seed === '2'")
    expected = playground.START | PRESETS["linear"] | {"seed": "2"}
    assert ask(page, "it.settings") == expected
    assert ask(page, "it.preset.value") == "linear"
    fields = ask(
        page, "Object.fromEntries(Object.entries(it.fields).map(([k, f]) => [k, f.value]))"
    )
    assert fields == expected


@pytest.mark.parametrize(
    "unknown",
    ["rate=7", "constructor=1", "__proto__=1", "preset=nonsense", "nothing=", "data=beta"],
)
def test_an_address_with_an_unknown_choice_gives_a_message(visit, unknown):
    page = ready(visit(element(**SMALL, address=True)))
    page.goto(f"{page.url}?opened#seed=3&{unknown}")
    ready(page)
    said = ask(page, "it.output.value")
    assert said == f"The address asks for {unknown}, which is no choice here."
    assert ask(page, "it.settings.seed") == "3"
    run(page)


@pytest.mark.parametrize("anchor", ["#exercises", "#a-%C3%9F"])
def test_an_ordinary_anchor_is_left_alone(visit, anchor):
    page = ready(visit(element(**SMALL, address=True)))
    page.evaluate("hash => { location.hash = hash }", anchor)
    page.reload()
    ready(page)
    press(page, "start again")
    ready(page)
    assert page.evaluate("location.hash") == anchor
    assert ask(page, "it.output.value") == ""
    knob(page, "seed").select_option("2")
    assert page.evaluate("location.hash") == "#seed=2"


def test_what_else_stands_in_the_address_stays(visit):
    page = ready(visit(element(**SMALL, address=True)))
    page.goto(page.url + "?highlight=loss#seed=2")
    ready(page)
    knob(page, "seed").select_option("0")
    assert page.evaluate("[location.search, location.hash]") == ["?highlight=loss", ""]


def test_elsewhere_the_address_is_not_touched(visit):
    page = ready(visit(element(**SMALL)))
    page.evaluate("location.hash = '#seed=3'")
    page.reload()
    ready(page)
    knob(page, "code length").select_option("3")
    assert ask(page, "it.settings.seed") == "0"
    assert page.evaluate("location.hash") == "#seed=3"


# ---- damaged contents --------------------------------------------------------------------------


def damaged(part, change, **settings):
    whole = element(**settings)
    found = re.search('data-contents="([^"]*)"', whole)[1]
    contents = json.loads(html.unescape(found))
    packed = contents["data"]["plane"][part]
    packed["deflated"] = change(packed["deflated"])
    return whole.replace(found, html.escape(json.dumps(contents)))


@pytest.mark.parametrize("part", ["train", "held_out"])
@pytest.mark.parametrize(
    "change",
    [lambda text: text[:-8], lambda text: text[:-1], lambda text: "?" + text[1:], lambda _: ""],
    ids=["cut", "uneven", "letter", "empty"],
)
def test_damaged_data_end_in_a_message(visit, part, change):
    settings = SMALL | {"data": ["plane", "beta"]}
    page = visit(damaged(part, change, **settings))
    until(page, "it.output.value")
    assert re.match(r"The run has ended: .+ Turn a knob", ask(page, "it.output.value"))
    press(page, "start")  # does nothing
    assert not ask(page, "it.running")
    knob(page, "data").select_option("beta")  # which is whole
    run(ready(page))
    assert ask(page, "it.report.epochs") == 10


# ---- in Python ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"knobs": ["colour"]}, "expected knobs among .*'data'.*, got 'colour'"),
        ({"presets": ["fast"]}, "expected presets among .*'linear'.*, got 'fast'"),
        ({"data": ["faces"]}, "expected data among .*'digits'.*, got 'faces'"),
        ({"colour": "1"}, "expected settings among .*'rate'.*, got 'colour'"),
        ({"rate": "7"}, "expected rate among .*, got '7'"),
        ({"seed": 0}, "expected seed among .*'0'.*, got 0"),
        ({"alt": " "}, "description in alt"),
        ({"data": []}, "one or more of .*'digits'.*as data, got none"),
        ({"data": ["plane"], "presets": ["Beta-linear"]}, "data of Beta-linear among .*'plane'"),
    ],
    ids=str,
)
def test_what_is_none_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        training_playground(**{"alt": "A run.", "still": Figure()} | arguments)


def contents_of(made):
    return json.loads(html.unescape(re.search('data-contents="([^"]*)"', made)[1]))


def test_only_what_is_asked_for_comes_along():
    told = contents_of(element(data=["beta"], knobs=["code", "data"], presets=["Beta-linear"]))
    assert list(told["knobs"]) == ["code", "data"]
    assert told["knobs"]["data"]["choices"] == [["beta", "Beta log-densities"]]
    assert list(told["data"]) == ["beta"] == [told["start"]["data"]]
    assert list(told["presets"]) == ["Beta-linear"]


def test_presets_fit_the_data_that_come_along():
    for data in (["digits"], ["plane", "beta"]):
        told = contents_of(element(data=data))
        assert all(own.get("data", data[0]) in data for own in told["presets"].values())
        assert told["presets"]


def test_a_preset_gives_choices_that_there_are():
    for own in PRESETS.values():
        assert all(value in playground.KNOBS[name][1] for name, value in own.items())
    assert all(value in playground.KNOBS[name][1] for name, value in playground.START.items())

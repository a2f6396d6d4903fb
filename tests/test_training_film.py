"""The film of a training: codes kept after each epoch, and what a browser shows of them."""

import html
import json
import math
import re

import pytest
import test_explorer_page as pages
import torch

from aecourse import latent
from aecourse.explorer import training_film
from aecourse.history import History
from aecourse.models import VAE, DenseAutoencoder
from aecourse.training import fit

visit = pages.visit
LAST, N = 12, 90
LABELS = torch.arange(N) % 3
LOSSES = {"loss": [10 / (k + 1) for k in range(LAST)]}
HELD_OUT = {"loss": [11 / (k + 1) for k in range(LAST)]}


def planes(seed=0):
    start = torch.randn(N, 2, generator=torch.Generator().manual_seed(seed))
    return [(1 + k) * start + k for k in range(LAST + 1)]


def film(seed=0, **settings):
    history = History(LOSSES, HELD_OUT)
    return training_film(planes(seed), LABELS, history, alt=f"Film {seed}.", **settings)


def on_film(page, expression, which=0):
    script = f"k => {{ const film = document.querySelectorAll('ae-film')[k]; {expression} }}"
    return page.evaluate(script, which)


def epoch(page, which=0):
    return on_film(page, "return film.epoch", which)


def points(page, which=0):
    """The points of each class, as they are drawn."""
    paths = on_film(page, "return film.dots.map(dots => dots.getAttribute('d'))", which)
    return [torch.tensor([float(n) for n in re.findall(r"[-\d.e]+(?=[ h])", d)]) for d in paths]


# ---- the codes are kept ------------------------------------------------------------------------


def test_after_each_epoch_something_is_called():
    losses = []
    model, x = DenseAutoencoder((9, 2)), torch.rand(50, 9)

    def keep():
        losses.append(((model(x) - x) ** 2).sum(dim=1).mean().item())

    history = fit(model, x, held_out=x, epochs=4, progress=False, after_epoch=keep)
    assert losses == pytest.approx(history.held_out["loss"], rel=1e-5)


def test_what_it_draws_at_random_leaves_the_training_as_it_is():
    trained = []
    for after_epoch in (None, lambda: torch.randn(7)):
        torch.manual_seed(0)
        vae = VAE((9, 5, 2))  # draws noise in training
        fit(vae, torch.rand(50, 9), epochs=3, progress=False, after_epoch=after_epoch)
        trained.append(latent.encode(vae, torch.ones(1, 9)))
    assert torch.equal(*trained)


# ---- what the page shows -----------------------------------------------------------------------


def test_the_slider_puts_the_points_where_the_codes_of_the_epoch_are(visit):
    live, expected = film(), planes()
    assert live.error < 0.005
    page = visit(live)
    slider = page.get_by_role("slider", name="epoch")
    spans = on_film(page, "return film.plane.data.getAttribute('transform')")
    assert "matrix" in spans
    for k in (LAST, 0, 7):
        slider.fill(str(k))
        assert epoch(page) == k
        step = expected[k].abs().amax(dim=0) / 127  # int8, a scale a row
        for label, found in enumerate(points(page)):
            gap = (found.view(-1, 2) - expected[k][label == LABELS]).abs()
            assert (gap <= 0.501 * step).all()


def test_the_text_and_the_mark_are_those_of_the_epoch(visit):
    page = visit(film())
    text = page.get_by_role("status")
    assert text.inner_text() == f"Epoch {LAST}: loss 0.83, held out 0.92."
    slider = page.get_by_role("slider", name="epoch")
    slider.press("Home")
    assert text.inner_text() == "Before training."
    slider.press("ArrowRight")
    assert text.inner_text() == "Epoch 1: loss 10.00, held out 11.00."
    assert page.locator(".ae-mark").get_attribute("d").startswith("M1 0V")
    line = page.locator("g .ae-line").get_attribute("d")
    found = torch.tensor([float(n) for n in re.findall(r"[\d.]+", line)]).view(-1, 2)
    assert found[:, 0].tolist() == list(range(1, LAST + 1))
    assert torch.allclose(found[:, 1], torch.tensor(HELD_OUT["loss"]))


def test_a_training_without_held_out_loss_has_one_line(visit):
    page = visit(training_film(planes(), LABELS, History(LOSSES), alt="Film."))
    assert page.locator("g .ae-line").count() == 0
    assert page.get_by_role("status").inner_text() == f"Epoch {LAST}: loss 0.83."
    assert page.locator(".ae-keys").inner_text().strip() == "training"


def test_play_goes_from_the_start_to_the_end_and_pause_stops_it(visit):
    page = visit(film())
    button = page.get_by_role("button")
    assert button.inner_text() == "play"  # nothing moves by itself
    button.click()
    assert epoch(page) < LAST
    page.wait_for_function("document.querySelector('ae-film').epoch >= 2")
    button.click()
    stopped = epoch(page)
    page.wait_for_timeout(500)
    assert (epoch(page), button.inner_text()) == (stopped, "play")
    button.click()
    assert epoch(page) >= stopped  # it goes on from there
    page.wait_for_function(f"document.querySelector('ae-film').epoch === {LAST}")
    assert button.inner_text() == "play"
    button.click()
    page.get_by_role("slider").press("ArrowRight")
    assert on_film(page, "return film.timer === undefined")


def test_whoever_asks_for_less_motion_gets_an_epoch_a_second(visit):
    steps = {}
    for motion in ("reduce", "no-preference"):
        page = visit(film(), reduced_motion=motion)
        page.evaluate("window.setInterval = (_, time) => { window.step = time; return 1 }")
        page.get_by_role("button").click()
        steps[motion] = page.evaluate("step")
    assert steps["reduce"] == 1000 > steps["no-preference"]


def test_a_film_taken_out_of_the_page_stops(visit):
    page = visit(film())
    page.get_by_role("button").click()
    assert page.evaluate(
        "(() => { const film = document.querySelector('ae-film'); film.remove();"
        "         return film.timer === undefined })()"
    )


def test_two_on_a_page_and_an_explorer_do_not_disturb_each_other(visit):
    page = visit(film(0), pages.explorer(), film(1))
    page.get_by_role("slider", name="epoch").first.fill("3")
    assert (epoch(page, 0), epoch(page, 1)) == (3, LAST)
    assert page.get_by_role("slider", name="z₁").count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids)) == 5
    assert page.locator("head style").count() == 1


def test_on_a_phone_nothing_sticks_out(visit):
    page = visit(film(), viewport=(390, 800))
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_without_scripts_a_described_picture_stands_in_its_place(visit):
    page = visit(film(), java_script_enabled=False)
    assert page.get_by_role("img", name="Film 0.").bounding_box()["width"] > 300
    assert page.get_by_role("button").count() == 0


def test_damaged_contents_give_a_message_and_leave_the_picture(visit):
    whole = film().html
    found = re.search('contents="([^"]*)"', whole)[1]
    contents = json.loads(html.unescape(found))
    contents["codes"]["values"] = contents["codes"]["values"][:-8]
    page = visit(whole.replace(found, html.escape(json.dumps(contents))), film(1))
    assert re.search(r"expected \d+ numbers in the codes", page.get_by_role("alert").inner_text())
    assert page.get_by_role("img", name="Film 0.").is_visible()
    assert page.get_by_role("slider").count() == 1  # of the other one


def test_a_page_of_the_course_keeps_its_budget():
    codes = [torch.randn(360, 2) for _ in range(61)]
    history = History({"loss": [1.0] * 60}, {"loss": [1.0] * 60})
    assert len(training_film(codes, torch.arange(360) % 10, history, alt="A film.").html) < 250_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codes_by_epoch": planes()[1:]}, "each of 12 epochs, 13 in all, got 12"),
        ({"codes_by_epoch": [*planes()[:-1], torch.zeros(5, 2)]}, "expected 90 codes in each"),
        ({"codes_by_epoch": [torch.zeros(N, 3)] * 13}, r"expected codes of shape \(n_samples, 2\)"),
        ({"labels": LABELS[:9]}, "expected 90 labels"),
        ({"class_names": ["a", "b"]}, "expected 3 class names, got 2"),
        ({"alt": " "}, "expected a description in alt, got none"),
        ({"codes_by_epoch": [torch.zeros(N, 2)] * 13}, "expected codes that differ in each number"),
        ({"history": History({"loss": [math.nan] * 12})}, "finite numbers in the losses"),
        ({"history": History(LOSSES, {"loss": [math.inf] * 12})}, "finite numbers in the losses"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"codes_by_epoch": planes(), "labels": LABELS, "alt": "A film."}
    with pytest.raises(ValueError, match=message):
        training_film(**{"history": History(LOSSES)} | good | arguments)

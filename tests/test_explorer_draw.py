"""A drawing in an explorer: centred and scaled as the data are, encoded in the page, redrawn."""

import html
import json
import re

import pytest
import test_explorer_page as pages
import torch
from torch import nn
from torch.nn import functional

from aecourse import data, evaluation, latent
from aecourse.explorer import compressing, drawing, latent_explorer, packing
from aecourse.models import VAE, DenseAutoencoder
from aecourse.runtime import seed_everything
from aecourse.training import fit

visit = pages.visit
DIGITS = data.digits()
BUDGET = 900_000  # bytes of a page for an explorer that also encodes
SEVEN = [[[0.2, 0.2], [0.8, 0.2], [0.45, 0.9]]]
FOUR = [[[0.6, 0.1], [0.2, 0.6], [0.85, 0.6]], [[0.6, 0.4], [0.58, 0.95]]]


@pytest.fixture(scope="module")
def model():
    seed_everything(0)
    model = DenseAutoencoder((64, 128, 128, 2), activation=nn.LeakyReLU)
    fit(model, DIGITS.train, epochs=30, learning_rate=1e-2, progress=False)
    return model


def large(kind=VAE, n=1000):
    """A model of the size of MNIST's chapters, and pictures of as many pixels, smooth as theirs."""
    torch.manual_seed(0)
    pictures = functional.interpolate(torch.rand(n, 1, 7, 7), (28, 28), mode="bilinear")
    return kind((784, 512, 128, 2)), pictures.flatten(1)


def explorer(model, rule="digits", samples=DIGITS.test.x, **settings):
    codes = latent.encode(model, samples)
    settings = {"alt": "A plane.", "draw": (rule, samples)} | settings
    return latent_explorer(model, codes, **settings)


def contents(explorer):
    return json.loads(html.unescape(re.search('contents="([^"]*)"', explorer.html)[1]))


def on_pad(page, expression, argument=None):
    """Evaluate JavaScript that may speak of the pad of the first explorer."""
    script = f"a => {{ const pad = document.querySelector('ae-explorer').pad; {expression} }}"
    return page.evaluate(script, argument)


def encoded_in(page, inputs):
    script = "return a.map(x => [...pad.network.run(Float32Array.from(x))])"
    return torch.tensor(on_pad(page, script, inputs.tolist()))


def fitted_in(page, pictures):
    """Put pictures (n, side, side) through the rule of the page."""
    script = "return a[0].map(x => [...pad.fit(Float32Array.from(x), a[1])])"
    return torch.tensor(on_pad(page, script, [pictures.flatten(1).tolist(), pictures.shape[1]]))


def drawn_in(page, strokes):
    """What the model sees of strokes, lists of points in units of the pad."""
    script = "pad.strokes = a; return [...pad.fit(pad.filled(), 160)]"
    return torch.tensor(on_pad(page, script, strokes))


def moved(strokes, scale, shift):
    return [[[scale * x + shift[0], scale * y + shift[1]] for x, y in line] for line in strokes]


def window_places(page, line):
    """Where points of the pad lie in the window."""
    page.locator("ae-explorer .ae-paper").first.scroll_into_view_if_needed()
    box = page.locator("ae-explorer .ae-paper").first.bounding_box()
    return [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in line]


def draw_by_mouse(page, strokes):
    for line in strokes:
        start, *others = window_places(page, line)
        page.mouse.move(*start)
        page.mouse.down()
        for place in others:
            page.mouse.move(*place, steps=5)
        page.mouse.up()


def point_and_input(page):
    return torch.tensor(pages.state(page)[0]), torch.tensor(on_pad(page, "return [...pad.input]"))


def agree(z, expected, spread, tolerance=0.02):
    return bool(((z - expected).norm() < tolerance * spread.norm()).all())


# ---- what is encoded ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [DenseAutoencoder, VAE])
def test_the_layers_compute_what_the_model_encodes(kind):
    torch.manual_seed(0)
    model, x = kind((36, 20, 20, 2)).double(), torch.randn(50, 36).double()
    assert torch.allclose(packing.run(packing.encoder_layers(model), x), model.encode(x))


def test_a_model_without_such_an_encoder_says_so():
    with pytest.raises(TypeError, match=r"expected a model whose encoder is.*got Linear"):
        packing.encoder_layers(nn.Linear(2, 2))


@pytest.mark.parametrize("inputs", ["random", "held out"])
def test_the_page_encodes_as_torch_does(visit, model, inputs):
    page = visit(explorer(model))
    x = torch.rand(100, 64, generator=torch.Generator().manual_seed(1))
    x = x if inputs == "random" else DIGITS.test.x[100:200]
    assert compressing.error(encoded_in(page, x), latent.encode(model, x)) < 0.001


def test_a_thin_encoder_stays_within_two_per_cent_and_the_page_in_its_budget(visit):
    vae, pictures = large()
    live = explorer(vae, "mnist", pictures)
    assert len(live.html) < BUDGET
    others = large(n=1200)[1][1000:]
    found = encoded_in(visit(live), others)
    assert compressing.error(found, latent.encode(vae, others)) < 0.02


def test_a_stated_error_is_measured_on_samples_that_made_nothing_thin():
    vae, x = large(n=200)
    _, stated = drawing.pack_drawing(vae, "mnist", x, tolerance=0.05)
    codes, layers = latent.encode(vae, x).double(), packing.encoder_layers(vae)
    thin = compressing.thinned(layers, x[::2].double(), tolerance=0.025)
    small = [packing.rounded(layer) for layer in thin]
    seen, unseen = (
        compressing.error(packing.run(small, x[part].double()), codes[part])
        for part in (slice(0, None, 2), slice(1, None, 2))
    )
    assert stated == pytest.approx(unseen, rel=1e-3)
    assert unseen != pytest.approx(seen, rel=0.01)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"draw": ("letters", DIGITS.test.x)}, r"one of \['mnist', 'digits'\], got 'letters'"),
        ({"draw": ("mnist", DIGITS.test.x)}, r"samples or more of 28×28 pixels, got \(360, 64\)"),
        ({"draw": ("digits", DIGITS.test.x[:3])}, r"expected four samples or more.*\(3, 64\)"),
        ({"view": "curve"}, "expected to draw with images only, got the view 'curve'"),
    ],
)
def test_bad_input_is_named(model, settings, message):
    with pytest.raises(ValueError, match=message):
        explorer(model, **settings)


class Lying(DenseAutoencoder):
    def encode(self, x):
        return super().encode(x) ** 2


def test_an_encoder_that_does_something_else_is_refused():
    with pytest.raises(ValueError, match=r"expected model.encode to compute what its encoder does"):
        explorer(Lying((64, 8, 2)))


# ---- how it is centred and scaled --------------------------------------------------------------


@pytest.mark.parametrize("rule", ["mnist", "digits"])
def test_where_and_how_large_it_is_drawn_makes_no_difference(visit, model, rule):
    net, samples = (model, DIGITS.test.x) if rule == "digits" else large()
    page = visit(explorer(net, rule, samples))
    for strokes in (SEVEN, FOUR):
        first = drawn_in(page, strokes)
        for scale, shift in ((0.5, (0.3, 0.1)), (0.25, (0.0, 0.7)), (1.0, (0.01, -0.03))):
            gap = drawn_in(page, moved(strokes, scale, shift)) - first
            assert gap.square().mean().sqrt() < 0.05 * first.std()


def test_a_drawing_fills_twenty_pixels_about_its_centre_of_mass(visit):
    page = visit(explorer(*swapped(large())))
    middles = torch.arange(28) + 0.5
    for strokes in (SEVEN, FOUR, [[[0.5, 0.1], [0.52, 0.9]]], [[[0.1, 0.5], [0.9, 0.5]]]):
        picture = drawn_in(page, strokes).view(28, 28)
        ink = picture > 0.01
        assert max(ink.any(dim=0).sum(), ink.any(dim=1).sum()) == 20
        for axis in (0, 1):
            mass = (picture.sum(dim=axis) * middles).sum() / picture.sum()
            assert abs(mass - 14.5) <= 0.5


def swapped(pair):
    return pair[0], "mnist", pair[1]


def test_pictures_of_mnist_enlarged_and_moved_come_back_as_they_were(visit):
    split = data.mnist()
    if split.source != "MNIST":
        pytest.skip("MNIST is not here")
    page = visit(explorer(*swapped(large())))
    x = split.test.x[:60, 0]
    field = torch.zeros(60, 130, 130)
    for k, picture in enumerate(x.repeat_interleave(4, dim=1).repeat_interleave(4, dim=2)):
        top, left = k % 18, 7 * k % 18
        field[k, top : top + 112, left : left + 112] = picture
    assert (fitted_in(page, field).view_as(x) - x).abs().max() < 1e-5


def test_digits_made_larger_can_be_read_as_well_when_they_come_back(visit, model):
    page = visit(explorer(model))
    test = DIGITS.test
    bitmaps = functional.interpolate(test.x.view(-1, 1, 8, 8), scale_factor=4, mode="bicubic")[:, 0]
    back = fitted_in(page, bitmaps)
    assert compressing.error(back, test.x) < 0.5  # a bitmap is narrower before it is sheared
    assert ((back * 16).round() - back * 16).abs().max() < 1e-4  # counts of 16 pixels
    assert back.view(-1, 8, 8)[:, [0, -1]].amax(dim=2).min() > 0  # from top to bottom
    train = DIGITS.train

    def read(x):
        return evaluation.knn_accuracy(train.x, train.y, x, test.y)

    assert read(back) > read(test.x) - 0.04
    assert abs(back.mean() / train.x.mean() - 1) < 0.1  # and with as much ink


def test_thick_strokes_become_thinner_and_thin_ones_thicker(visit, model):
    page = visit(explorer(model))
    block = torch.ones(32, 32)
    frame = block.clone()
    frame[1:-1, 1:-1] = 0
    thick, thin = fitted_in(page, torch.stack([block, frame])).sum(dim=1)
    assert thick == 32 * 16 / 16  # 20 pixels wide, less two on either side
    assert thin > 2 * 100 / 16  # 100 black pixels at first


def test_a_slanted_stroke_is_straightened(visit, model):
    page = visit(explorer(model))
    upright, slanted = ([[[0.5, 0.1], [x, 0.9]]] for x in (0.5, 0.3))
    columns = drawn_in(page, slanted).view(8, 8).sum(dim=0)
    assert columns.max() > 7.5  # one column is black from top to bottom
    assert (columns > 1).sum() <= (drawn_in(page, upright).view(8, 8).sum(dim=0) > 1).sum()


# ---- how it answers ----------------------------------------------------------------------------


def test_the_mouse_draws_and_the_point_moves_to_what_torch_encodes(visit, model):
    page = visit(explorer(model, labels=DIGITS.test.y, originals=DIGITS.test.x))
    spread = latent.encode(model, DIGITS.test.x).std(dim=0)
    for strokes in (SEVEN, FOUR):
        page.get_by_role("button", name="clear").click()
        draw_by_mouse(page, strokes)
        z, x = point_and_input(page)
        assert x.sum() > 10
        assert agree(z, latent.encode(model, x[None])[0], spread)
        assert page.get_by_role("status").inner_text().startswith("Encoded from the pad: z₁")
    shown = page.evaluate(
        """() => { const canvas = document.querySelectorAll('ae-explorer canvas')[1];
             return [...canvas.getContext('2d').getImageData(0, 0, 8, 8).data] }"""
    )
    assert (1 - torch.tensor(shown)[::4] / 255 - x).abs().max() < 0.01
    assert on_pad(page, "return pad.strokes.length") == 2


def test_a_finger_draws_on_the_pad_and_does_not_scroll_the_page(visit, model):
    page = visit(explorer(model), "<p style='height: 3000px'>", viewport=(390, 800), has_touch=True)
    spread = latent.encode(model, DIGITS.test.x).std(dim=0)
    session, places = page.context.new_cdp_session(page), window_places(page, SEVEN[0])
    scrolled = page.evaluate("scrollY")
    kinds = ["Start", *["Move"] * (len(places) - 1), "End"]
    for kind, points in zip(kinds, [*([place] for place in places), []], strict=True):
        touches = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})
    page.wait_for_timeout(100)
    z, x = point_and_input(page)
    assert on_pad(page, "return pad.strokes[0].length") >= len(places)
    assert agree(z, latent.encode(model, x[None])[0], spread)
    assert page.evaluate("scrollY") == scrolled
    touch = page.evaluate(
        """() => ['.ae-paper', '.ae-sheet', '.ae-drawing', '.ae-live'].map(name =>
             getComputedStyle(document.querySelector(name)).touchAction)"""
    )
    assert touch == ["none", "auto", "auto", "auto"]  # on the pad alone


def test_clear_empties_the_pad_and_leaves_the_point(visit, model):
    page = visit(explorer(model))
    draw_by_mouse(page, SEVEN)
    before, _ = point_and_input(page)
    page.get_by_role("button", name="clear").click()
    after, x = point_and_input(page)
    assert torch.equal(before, after)
    assert not x.any()
    assert not any(on_pad(page, "return [...pad.context.getImageData(0, 0, 320, 320).data]"))
    assert page.get_by_role("status").inner_text().startswith("z₁")
    draw_by_mouse(page, FOUR)
    assert on_pad(page, "return pad.strokes.length") == 2


def test_the_keys_draw_and_the_pen_can_be_seen(visit, model):
    page = visit(explorer(model))
    for _ in range(4):  # behind the plane and both sliders
        page.keyboard.press("Tab")
    assert on_pad(page, "return document.activeElement === pad.paper")
    assert page.locator(".ae-pen").is_visible()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.press("ArrowUp")  # with the pen in the air
    assert on_pad(page, "return pad.strokes.length") == 0
    page.keyboard.press(" ")
    for key in ["ArrowLeft"] * 3 + ["ArrowDown"] * 5:
        page.keyboard.press(key)
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    (line,) = on_pad(page, "return pad.strokes")
    path = [[0.5, 0.45], [0.45, 0.45], [0.4, 0.45], [0.35, 0.45]]
    path += [[0.35, 0.45 + 0.05 * k] for k in range(1, 6)]
    assert torch.allclose(torch.tensor(line), torch.tensor(path))
    z, x = point_and_input(page)
    spread = latent.encode(model, DIGITS.test.x).std(dim=0)
    assert agree(z, latent.encode(model, x[None])[0], spread) or "beyond" in pages.state(page)[1]


def test_a_button_puts_one_sample_after_the_other_onto_the_pad(visit, model):
    page = visit(explorer(model, label_name="digit"))
    spread = latent.encode(model, DIGITS.test.x).std(dim=0)
    for k in (*range(drawing.KEPT), 0):
        page.get_by_role("button", name="next digit").press("Enter")
        z, x = point_and_input(page)
        assert (x - DIGITS.test.x[k]).abs().max() < 0.005
        inside = "beyond" not in pages.state(page)[1]
        assert not inside or agree(z, latent.encode(model, DIGITS.test.x[k : k + 1])[0], spread)
    draw_by_mouse(page, SEVEN)  # a sample is no part of a drawing
    assert torch.allclose(
        point_and_input(page)[1], drawn_in(page, on_pad(page, "return pad.strokes"))
    )


def test_a_code_beyond_the_plane_is_said_to_be(visit, model):
    page = visit(explorer(model))
    on_pad(page, "pad.encoded([99, 0])")
    assert pages.state(page)[0][0] == pages.ends(page)[1][0]
    assert pages.state(page)[1].startswith("Encoded from the pad, beyond the edge of the plane:")


def test_two_on_a_page_do_not_disturb_each_other(visit, model):
    page = visit(explorer(model), explorer(model))
    before = pages.state(page, 1)
    draw_by_mouse(page, SEVEN)
    assert pages.state(page, 1) == before
    assert pages.state(page, 0) != before
    second = "document.querySelectorAll('ae-explorer')[1].pad"
    assert page.evaluate(f"{second}.strokes.length") == 0
    page.get_by_role("button", name="clear").nth(1).click()
    assert on_pad(page, "return pad.strokes.length") == 1


def test_without_the_keyword_there_is_no_pad(visit, model):
    page = visit(explorer(model, draw=None))
    assert page.locator(".ae-paper, button").count() == 0
    assert pages.state(page)[1].startswith("z₁")


def test_on_a_phone_nothing_sticks_out_and_buttons_are_large_enough(visit, model):
    page = visit(explorer(model, originals=DIGITS.test.x), viewport=(390, 800))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 24


def test_without_scripts_a_described_picture_stands_in_its_place(visit, model):
    page = visit(explorer(model), java_script_enabled=False)
    assert page.get_by_role("img", name="A plane.").is_visible()
    assert page.get_by_role("button").count() == 0


# ---- damaged contents --------------------------------------------------------------------------


def shorter(packed):
    packed["encoder"][0]["weights"]["values"] = packed["encoder"][0]["weights"]["values"][:-8]


def other_weights(packed):
    bias = packed["encoder"][1]["bias"]
    packed["encoder"][1]["bias"] = bias[16:32] + bias[:16] + bias[32:]


def another_rule(packed):
    packed["rule"] = "letters"


def a_layer_lost(packed):
    del packed["encoder"][0]


DAMAGES = {
    shorter: r"expected 8192 numbers in layer 1, got",
    other_weights: r"its weights do not encode what the notebook encoded",
    another_rule: r"unknown rule for drawings: letters",
    a_layer_lost: r"expected 128 numbers into layer 1, got 64",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_contents_give_a_message_and_leave_the_picture(visit, model, damage):
    whole = explorer(model)
    packed = contents(whole)
    damage(packed["drawing"])
    found = re.search('contents="([^"]*)"', whole.html)[1]
    page = visit(whole.html.replace(found, html.escape(json.dumps(packed))))
    assert re.search(DAMAGES[damage], page.get_by_role("alert").inner_text())
    assert page.get_by_role("img", name="A plane.").is_visible()
    assert page.get_by_role("button").count() == 0

"""The explorer of a conditional decoder: transposed convolutions, labels, more than two numbers."""

import base64
import html
import io
import json
import re

import matplotlib.image
import pytest
import test_explorer_page as pages
import torch
from test_explorer import contents
from torch import nn

from aecourse.explorer import compressing, latent_explorer, packing
from aecourse.explorer.plane import pack_plane, plane_of
from aecourse.explorer.views import GREYS
from aecourse.models import ConditionalVAE, DenseAutoencoder

visit = pages.visit
N_CLASSES = 4
GENERATOR = torch.Generator().manual_seed(0)
CODES = torch.randn(200, 4, generator=GENERATOR) * torch.tensor([1.0, 2.0, 0.5, 3.0])
LABELS = torch.randint(N_CLASSES, (200,), generator=GENERATOR)
ORIGINALS = torch.rand(200, 1, 8, 8, generator=GENERATOR)


def livelier(model):
    """Let new weights decode pictures that differ: as they are drawn, all are nearly grey."""
    with torch.no_grad():
        for weights in (*model.decoder.parameters(), *model.transposed.parameters()):
            weights *= 3
    return model


def build(side=8, n_classes=N_CLASSES, seed=0, **sizes):
    torch.manual_seed(seed)
    return livelier(ConditionalVAE(4, n_classes=n_classes, side=side, **sizes))


def explorer(model=None, codes=CODES, labels=LABELS, **settings):
    settings = {"alt": "Digits.", "label_name": "digit", "originals": ORIGINALS} | settings
    return latent_explorer(build() if model is None else model, codes, labels, **settings)


class Growing(nn.Module):
    """A decoder of two transposed convolutions, the second of which makes one picture."""

    def __init__(self, side, kernel, stride, padding, extra):
        super().__init__()
        torch.manual_seed(0)
        settings = {"stride": stride, "padding": padding, "output_padding": extra}
        self.decoder = nn.Sequential(
            nn.Linear(2, 3 * side**2),
            nn.Unflatten(1, (3, side, side)),
            nn.ConvTranspose2d(3, 5, kernel, **settings),
            nn.Tanh(),
            nn.ConvTranspose2d(5, 1, kernel, bias=False, **settings),
        )


SIZES = [  # side, kernel, stride, padding, output padding
    (1, 3, 2, 1, 1),
    (4, 3, 2, 1, 0),
    (5, 4, 2, 1, 0),
    (3, 2, 3, 0, 0),
    (3, 2, 3, 0, 2),
    (6, 5, 1, 3, 0),
    (4, 1, 1, 0, 0),
]


@pytest.mark.parametrize("sizes", SIZES)
def test_a_transposed_convolution_is_torchs(sizes):
    model, codes = Growing(*sizes).double(), CODES[:, :2].double()
    layers = packing.decoder_layers(model)
    exact = model.decoder(codes)
    assert layers[-1].side_out == exact.shape[-1]
    assert torch.allclose(packing.run(layers, codes), exact.flatten(1), atol=1e-12)


def test_the_page_grows_pictures_as_torch_does(visit):
    models = [Growing(*sizes) for sizes in SIZES]
    codes = CODES[:, :2]
    page = visit(*(latent_explorer(model, codes, alt="Pictures.") for model in models))
    assert page.get_by_role("alert").count() == 0
    for which, model in enumerate(models):
        found = page.evaluate(
            """([which, codes]) => { const one = document.querySelectorAll('ae-explorer')[which];
                 return codes.map(z => [...one.decode(z)]) }""",
            [which, codes[:20].tolist()],
        )
        with torch.no_grad():
            exact = model.decoder(codes[:20]).flatten(1)
        # With two bytes a weight: rounding, and the page's single precision, leave no more.
        assert compressing.error(torch.tensor(found), exact) < 1e-3


@pytest.mark.parametrize(("side", "n_classes"), [(28, 10), (8, 4), (12, 3)])
def test_what_is_decoded_is_within_two_per_cent_everywhere_with_each_label(visit, side, n_classes):
    model, labels = build(side, n_classes), torch.arange(200) % n_classes
    shown = explorer(model, labels=labels, originals=None)
    assert len(shown.html) < 500_000
    page = visit(shown)
    generator = torch.Generator().manual_seed(1)
    unseen = torch.randn(20, 4, generator=generator) * CODES.std(dim=0)
    far = plane_of(CODES, 200).all_over(256)[::5].float()  # also the corners
    for codes in (unseen, far):
        for label in range(n_classes):
            found = page.evaluate(
                """([codes, k]) => codes.map(z =>
                     [...document.querySelector('ae-explorer').decode(z, k)])""",
                [codes.tolist(), label],
            )
            with torch.no_grad():
                exact = model.decode(codes, torch.full((len(codes),), label)).flatten(1)
            assert compressing.error(torch.tensor(found), exact) < 0.02


# ---- what the page is given --------------------------------------------------------------------


def test_a_slider_reaches_as_far_as_the_codes_do():
    plane = plane_of(CODES, 1000)
    codes = plane.all_over(256)
    assert len(codes) == 256
    assert torch.allclose(codes.amin(dim=0), plane.low, atol=1e-5)
    assert torch.allclose(codes.amax(dim=0), plane.high, atol=1e-5)
    middle = plane.grid(3)[..., 2:]
    assert (middle == middle[0, 0]).all()
    for number, points in zip(middle[0, 0], plane.points[:, 2:].T, strict=True):
        assert 0.49 < (points <= number).float().mean() < 0.51


def test_the_limit_is_kept_among_codes_of_the_same_class():
    codes = torch.cat([torch.tensor([[k, k, 0.0], [k, k, 1.0]]) * (1 + k / 9) for k in range(50)])
    plane = plane_of(codes[torch.randperm(100, generator=GENERATOR)], 1000)
    labels = torch.arange(100) % 2
    own = [plane.points[labels[plane.kept] == k] for k in range(2)]
    gaps = [torch.cdist(z, z).fill_diagonal_(torch.inf).min(dim=1).values for z in own]
    limit = pack_plane(plane, labels, None, choose=True)["limit"]
    assert limit == pytest.approx(torch.cat(gaps).quantile(0.99).item())
    assert limit > 1.5 * pack_plane(plane, labels, None)["limit"]


def test_greys_are_off_by_half_a_step_at_most():
    values = torch.rand(5, 9, generator=GENERATOR) * 3 - 1
    packed = packing.pack_greys(values, -1.0, 2.0)
    both = base64.b64decode(packed["greys"])
    greys = torch.tensor([grey for byte in both for grey in (byte % 16, byte // 16)][:45])
    assert ((greys / 5 - 1).view(5, 9) - values).abs().max() <= 0.1001


def test_the_still_picture_has_a_row_for_each_digit_and_a_column_for_each_style():
    model, shown = build(), explorer()
    found = re.search('src="data:image/png;base64,([^"]*)"', shown.html)[1]
    picture = matplotlib.image.imread(io.BytesIO(base64.b64decode(found)))[..., 0]
    styles = plane_of(CODES, 2000).points[:N_CLASSES].float()
    for label in range(N_CLASSES):
        with torch.no_grad():
            exact = model.decode(styles, torch.full((N_CLASSES,), label))[:, 0]
        row = torch.tensor(1 - picture[8 * label : 8 * label + 8])
        assert (row - torch.hstack(list(exact))).abs().max() < 0.6 / GREYS


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"labels": None}, ValueError, "expected labels: a ConditionalVAE decodes a code with its"),
        ({"labels": LABELS + 1}, ValueError, "expected labels from 0 to 3 in labels, got 1 to 4"),
        ({"labels": LABELS[:9]}, ValueError, "expected 200 labels in labels"),
        (
            {"labels": LABELS.clamp(max=2)},
            ValueError,
            r"two codes or more of each class, got \[.*0",
        ),
        ({"codes": CODES[:, :2]}, ValueError, r"shape \(n_samples, 4\), got \(200, 2\)"),
        ({"view": "outline"}, ValueError, "expected fields of shape"),
        (
            {"model": ConditionalVAE(9), "codes": torch.randn(200, 9)},
            ValueError,
            "expected codes of 2 to 8 numbers, got 9",
        ),
    ],
)
def test_bad_input_is_named(change, kind, message):
    with pytest.raises(kind, match=message):
        explorer(**change)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (nn.ConvTranspose2d(3, 3, 3, groups=3), "alike in both directions.*groups=3"),
        (nn.ConvTranspose2d(3, 1, 3, dilation=2), "alike in both directions.*dilation"),
        (nn.ConvTranspose2d(3, 1, (3, 2)), "alike in both directions"),
        (nn.Conv2d(3, 1, 3), "expected linear layers.*got Conv2d"),
    ],
)
def test_a_decoder_with_other_steps_says_why(step, message):
    model = Growing(4, 3, 1, 0, 0)
    model.decoder = nn.Sequential(*model.decoder[:2], step)
    with pytest.raises(TypeError, match=message):
        packing.decoder_layers(model)


def test_pictures_that_are_not_square_are_refused():
    model = Growing(4, 3, 1, 0, 0)
    model.decoder[1] = nn.Unflatten(1, (3, 8, 2))
    with pytest.raises(TypeError, match=r"expected linear layers.*got Unflatten"):
        packing.decoder_layers(model)


# ---- what the reader does ----------------------------------------------------------------------


def facts(page, which=0):
    """What is chosen: in the plane, by the buttons, and by the text."""
    return page.evaluate(
        """k => { const one = document.querySelectorAll('ae-explorer')[k];
             return [one.plane.chosen, one.choice.radios.findIndex(radio => radio.checked),
                     Number(one.output.value.match(/Decoded as (\\d+)/)[1])] }""",
        which,
    )


def greys(page):
    """All pictures of a page: decoded, the nearest original, then one of each class."""
    pixels = page.evaluate(
        """() => [...document.querySelectorAll('ae-explorer canvas')]
             .map(canvas => [...canvas.getContext('2d').getImageData(0, 0, 8, 8).data])
             .map(data => data.filter((_, i) => i % 4 == 0))"""
    )
    return 1 - torch.tensor(pixels).view(-1, 8, 8) / 255


def move(page, z):
    page.evaluate("z => document.querySelector('ae-explorer').plane.move(z)", z)


def test_the_pictures_are_what_torch_decodes_with_each_label(visit):
    model, page = build(), visit(explorer())
    page.get_by_role("radio", name="2").check()
    for z in ([0.3, -1.0, 0.4, 2.0], [-1.0, 1.0, -0.2, -3.0]):
        move(page, z)
        with torch.no_grad():
            exact = model.decode(torch.tensor([z] * N_CLASSES), torch.arange(N_CLASSES))[:, 0]
        decoded, _, *each = greys(page)
        gaps = torch.stack(each) - exact
        assert gaps.abs().max() < 0.03
        assert torch.equal(decoded, each[2])


def test_the_nearest_original_is_of_the_chosen_class_and_near_in_all_numbers(visit):
    page = visit(explorer())
    kept = plane_of(CODES, 2000).kept
    for label, z in enumerate(([0.3, -1.0, 0.4, 2.0], [-1.0, 1.0, -0.2, -3.0])):
        page.get_by_role("radio", name=str(label)).check()
        move(page, z)
        own = kept[LABELS[kept] == label]
        distances = (CODES[own] - torch.tensor(z)).norm(dim=1)
        expected = ORIGINALS[own[distances.argmin()], 0]
        assert (greys(page)[1] - expected).abs().max() < 0.51 / 15
        text = page.get_by_role("status").inner_text()
        found = re.search(r"Nearest digit: (\d), ([\d.]+) away", text)
        assert int(found[1]) == label
        assert float(found[2]) == pytest.approx(distances.min().item(), abs=0.06)


def test_a_digit_is_chosen_by_mouse_on_its_picture_and_by_arrow_keys(visit):
    page = visit(explorer())
    z = pages.state(page)[0]
    for _ in range(6):  # the plane, four sliders, and the radio buttons as one
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    first = facts(page)[0]
    page.keyboard.press("ArrowRight")
    assert facts(page) == [(first + 1) % N_CLASSES] * 3
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.body")
    page.locator(".ae-choice canvas").nth(3).click()
    assert facts(page) == [3, 3, 3]
    page.keyboard.press("ArrowLeft")
    assert facts(page) == [2, 2, 2]
    assert pages.state(page)[0] == z


def test_what_is_chosen_is_told_by_more_than_colour(visit):
    page = visit(explorer())
    assert page.get_by_role("group", name="the same code as each digit: choose one").count() == 1
    page.get_by_role("radio", name="1").check()
    frames, widths = page.evaluate(
        """() => [[...document.querySelectorAll('.ae-choice label')]
                    .map(label => getComputedStyle(label).borderColor),
                  document.querySelector('ae-explorer').plane.dots
                    .map(dots => parseFloat(getComputedStyle(dots).strokeWidth))]"""
    )
    assert len(set(frames)) == 2
    assert frames.count(frames[1]) == 1
    assert [width == max(widths) for width in widths] == [False, True, False, False]


def test_each_further_number_has_a_slider_and_the_plane_keeps_it(visit):
    page = visit(explorer())
    low, high = pages.ends(page)
    page.get_by_role("slider", name="z₃").press("End")
    page.get_by_role("slider", name="z₄").press("Home")
    assert pages.state(page)[0][2:] == [high[2], low[3]]
    page.mouse.click(*pages.place(page, [0.5, 1.0]))
    assert pages.state(page)[0][:2] == pytest.approx([0.5, 1.0], abs=0.05)
    page.locator(".ae-pad").press("ArrowRight")
    z, text = pages.state(page)
    assert z[2:] == [high[2], low[3]]
    named = dict(re.findall(r"(z.) = (−?\d+\.?\d*)", text))
    found = [float(named[f"z{k}"].replace("−", "-")) for k in "₁₂₃₄"]
    assert found == pytest.approx(z, abs=0.06)


def test_the_ground_is_grey_where_a_code_of_the_class_is_near(visit):
    page = visit(explorer())
    generator = torch.Generator().manual_seed(2)
    low, high = map(torch.tensor, pages.ends(page))
    codes = low + (high - low) * torch.rand(30, 4, generator=generator)
    found = page.evaluate(
        """codes => codes.flatMap(z => {
             const { plane, choice, output } = document.querySelector('ae-explorer');
             plane.move(z);
             return choice.radios.map(radio => {
               radio.click();
               return [plane.near.isPointInFill(new DOMPoint(z[0], z[1])),
                       output.value.includes('seen nothing')] }) })""",
        codes.tolist(),
    )
    assert all(grey is not unseen for grey, unseen in found)
    assert 20 < sum(grey for grey, _ in found) < 100


def test_two_on_a_page_do_not_disturb_each_other(visit):
    torch.manual_seed(0)
    other = latent_explorer(DenseAutoencoder((64, 8, 2)), CODES[:, :2], LABELS, alt="A plane.")
    page = visit(explorer(), other, explorer(build(seed=1)))
    before = [pages.state(page, k) for k in (1, 2)]
    page.get_by_role("radio", name="3").first.check()
    move(page, [0.5, 0.5, 0.1, 0.1])
    assert [pages.state(page, k) for k in (1, 2)] == before
    page.get_by_role("radio", name="0").last.check()
    assert (facts(page, 0), facts(page, 2)) == ([3, 3, 3], [0, 0, 0])
    assert page.evaluate("document.querySelectorAll('ae-explorer')[1].plane.chosen ?? null") is None


def test_on_a_phone_nothing_sticks_out(visit):
    page = visit(explorer(), viewport=(390, 800))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".ae-choice canvas").first.bounding_box()["width"] > 44


def test_without_scripts_the_picture_stands_in_its_place(visit):
    page = visit(explorer(), java_script_enabled=False)
    assert page.get_by_role("img", name="Digits.").bounding_box()["width"] > 300
    assert page.get_by_role("radio").count() == 0


def a_kernel_lost(contents):
    contents["decoder"][3]["weights"]["values"] = contents["decoder"][3]["weights"]["values"][:-8]


def another_kernel(contents):
    weights = contents["decoder"][3]["weights"]
    weights["values"] = weights["values"][::-1].replace("=", "")


def a_dense_layer_lost(contents):
    del contents["decoder"][1]


def another_label(contents):
    contents["plane"]["chosen"] = (contents["plane"]["chosen"] + 1) % N_CLASSES


def an_original_lost(contents):
    contents["originals"]["greys"] = contents["originals"]["greys"][:-8]


DAMAGES = {
    a_kernel_lost: r"expected \d+ numbers in layer 4, got",
    another_kernel: "its weights do not decode what the notebook decoded",
    a_dense_layer_lost: r"expected \d+ numbers into layer 2, got 256",
    another_label: "its weights do not decode what the notebook decoded",
    an_original_lost: r"expected \d+ numbers in the originals",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_contents_give_a_message_and_leave_the_picture(visit, damage):
    whole = explorer()
    packed = contents(whole)
    damage(packed)
    found = re.search('contents="([^"]*)"', whole.html)[1]
    page = visit(whole.html.replace(found, html.escape(json.dumps(packed))))
    assert re.search(DAMAGES[damage], page.get_by_role("alert").inner_text())
    assert page.get_by_role("img", name="Digits.").is_visible()
    assert page.get_by_role("radio").count() == 0

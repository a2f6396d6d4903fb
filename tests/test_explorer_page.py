"""An explorer in a headless Chromium: what it decodes, and how it answers a reader."""

import html
import json
import math
import re

import pytest
import torch
from torch import nn

from aecourse import shapes
from aecourse.explorer import compressing, latent_explorer
from aecourse.models import VAE, DenseAutoencoder, ShapeVAE

GENERATOR = torch.Generator().manual_seed(0)
CODES = torch.randn(200, 2, generator=GENERATOR) * torch.tensor([1.0, 20.0])
LABELS = torch.arange(200) % 3
ORIGINALS = torch.rand(200, 64, generator=GENERATOR)
HOST = "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
DARK = "<style>html[data-theme=dark] {background: #14181e; color: #ced6dd}</style>"


def build(seed=0, layer_sizes=(64, 32, 2), kind=DenseAutoencoder, activation=nn.LeakyReLU):
    torch.manual_seed(seed)
    return kind(layer_sizes, activation)


def explorer(seed=0, **settings):
    return latent_explorer(build(seed), CODES, LABELS, alt=f"Plane {seed}.", **settings)


@pytest.fixture
def visit(browser, tab, tmp_path):
    """Open a page with these explorers; no error and no request may come up until the test ends."""
    opened, contexts, errors, requests = [], [], [], []
    listeners = {
        "pageerror": lambda error: errors.append(str(error)),
        "request": lambda request: requests.append(request.url),
    }

    def open_page(*parts, head="", viewport=(1000, 900), **settings):
        path = tmp_path / f"page{len(opened)}.html"
        text = "".join(f"<p>Text.</p>{getattr(part, 'html', part)}" for part in parts)
        path.write_text(HOST + head + text, encoding="utf-8")
        page = tab
        if opened or settings:
            contexts.append(browser.new_context(**settings))
            page = contexts[-1].new_page()
        opened.append(page)
        page.set_viewport_size(dict(zip(("width", "height"), viewport, strict=True)))
        for event, listener in listeners.items():
            page.on(event, listener)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    if tab in opened:
        for event, listener in listeners.items():
            tab.remove_listener(event, listener)
        tab.goto("about:blank")
    assert errors == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in requests)


def state(page, which=0):
    """The point's code, and the text below it."""
    return page.evaluate(
        "k => { const e = document.querySelectorAll('ae-explorer')[k];"
        "       return [e.plane.z, e.output.value] }",
        which,
    )


def ends(page):
    """The lowest and the highest code of the plane."""
    return page.evaluate(
        "(({ low, high }) => [low, high])(document.querySelector('ae-explorer').plane)"
    )


def close(found, expected, tolerance=1e-3):
    scale = torch.tensor([1.0, 20.0])
    gap = (torch.tensor(found) - torch.tensor(expected)) / scale
    return bool((gap.abs() < tolerance).all())


def place(page, z, which=0):
    """Where a code lies in the window."""
    return page.evaluate(
        """([k, z]) => { const plane = document.querySelectorAll('ae-explorer')[k].plane;
             const box = plane.pad.getBoundingClientRect(), unit = box.width / 320;
             return [box.left + unit * plane.chart.across(z[0]),
                     box.top + unit * plane.chart.up(z[1])] }""",
        [which, z],
    )


def decoded_in(page, codes):
    script = "codes => codes.map(z => [...document.querySelector('ae-explorer').decode(z)])"
    return torch.tensor(page.evaluate(script, codes.tolist()))


# ---- what it decodes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        *[build(activation=kind) for kind in (nn.ReLU, nn.LeakyReLU, nn.SiLU, nn.Tanh, None)],
        build(kind=VAE, activation=nn.Sigmoid),
        build(kind=VAE, layer_sizes=(784, 512, 128, 2), activation=nn.SiLU),
    ],
    ids=lambda model: f"{type(model).__name__} {model.activation}",
)
def test_the_page_decodes_as_torch_does(visit, model):
    page = visit(latent_explorer(model, CODES, alt="A plane."))
    generator = torch.Generator().manual_seed(1)
    codes = torch.randn(100, 2, generator=generator) * torch.tensor([1.0, 20.0])
    with torch.no_grad():
        assert compressing.error(decoded_in(page, codes), model.decode(codes)) < 0.02


def test_the_page_decodes_fields_as_torch_does(visit):
    drawn, _ = shapes.random_shapes(40)
    torch.manual_seed(0)
    fields = torch.stack([shape.field(64) for shape in drawn])
    model = ShapeVAE.from_fields(fields, n_components=16)
    page = visit(latent_explorer(model, CODES, alt="Shapes.", view="outline"))
    generator = torch.Generator().manual_seed(1)
    codes = torch.randn(30, 2, generator=generator) * torch.tensor([1.0, 20.0])
    with torch.no_grad():
        gap = compressing.error(decoded_in(page, codes), model.decode(codes).flatten(1))
    assert gap < 0.02


def test_a_curve_is_drawn_through_its_values_in_units_of_the_data(visit):
    model, x = build(), torch.linspace(1, 2, 64)
    weights = torch.rand(64, generator=torch.Generator().manual_seed(1))
    page = visit(
        latent_explorer(
            model,
            CODES,
            alt="Curves.",
            view="curve",
            x=x,
            scale=3.0,
            shift=x,
            originals=ORIGINALS,
            reads={"sum": (weights, 0.5)},
            known={"sum": ORIGINALS @ weights, "row": LABELS.float()},
        )
    )
    page.evaluate("z => document.querySelector('ae-explorer').plane.move(z)", CODES[7].tolist())
    with torch.no_grad():
        decoded = x + 3 * model.decode(CODES[7:8])[0]
    for name, values in {"line": decoded, "original": ORIGINALS[7]}.items():
        path = page.locator(f"ae-explorer g path.ae-{name}").get_attribute("d")
        points = torch.tensor([float(n) for n in re.findall(r"[-\d.e]+", path)]).view(-1, 2)
        assert torch.allclose(points[:, 0], x)
        assert (points[:, 1] - values).abs().max() < 0.01 * values.abs().max()
    cells = page.locator("ae-explorer tr:has(th + td)").all_inner_texts()
    (name, read, known), other = (re.split(r"\s+", row.strip()) for row in cells)
    assert (name, other) == ("sum", ["row", "–", f"{LABELS[7]:.2f}"])
    assert float(read) == pytest.approx(0.5 + (decoded @ weights).item(), abs=0.1)
    assert float(known) == pytest.approx((ORIGINALS[7] @ weights).item(), abs=0.006)


class Rings(nn.Module):
    """A disk of radius 0.6 + 0.2 z₁, or a ring of this half width; z₂ makes it wavy."""

    def __init__(self, hole, n=64):
        super().__init__()
        nodes = shapes.grid(n)
        radius, angle = nodes.norm(dim=-1), torch.atan2(nodes[..., 1], nodes[..., 0])
        field = (radius - 0.8).abs() - 0.15 if hole else radius - 0.6
        growth, waves = torch.full_like(radius, -0.2), 0.1 * radius * (5 * angle).cos()
        self.decoder = nn.Sequential(nn.Linear(2, n * n))
        columns = torch.stack([growth.flatten(), waves.flatten()], dim=1)
        self.decoder[0].weight.data, self.decoder[0].bias.data = columns.float(), field.flatten()
        self.float()

    def decode(self, z):
        return self.decoder(z).unflatten(1, (64, 64))


@pytest.mark.parametrize("hole", [False, True])
def test_area_and_perimeter_are_those_of_the_package(visit, hole):
    model = Rings(hole)
    codes = CODES * torch.tensor([0.3, 0.02])
    page = visit(latent_explorer(model, codes, alt="Rings.", view="outline"))
    for z in ([0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [-0.4, -0.7]):
        found, values = page.evaluate(
            "z => { const e = document.querySelector('ae-explorer'), values = e.decode(z);"
            "       return [e.view.draw(values), [...values]] }",
            z,
        )
        with torch.no_grad():
            fields = torch.tensor(values).view(64, 64), model.decode(torch.tensor([z]))[0]
        for field, tolerance in zip(fields, (1e-6, 0.02), strict=True):  # as measured; as decoded
            assert found["area"] == pytest.approx(shapes.area(field), rel=tolerance)
            assert found["perimeter"] == pytest.approx(shapes.perimeter(field), rel=tolerance)
            quotient = shapes.isoperimetric_quotient(field)
            assert found["quotient"] == pytest.approx(quotient, rel=2 * tolerance)
        if z == [0.5, 0.0] and not hole:
            assert found["area"] == pytest.approx(math.pi * 0.7**2, rel=0.005)


@pytest.mark.parametrize("z", [[9.0, 0.0], [-9.0, 0.0]], ids=["too large", "nothing"])
def test_a_shape_that_is_none_has_no_numbers(visit, z):
    page = visit(latent_explorer(Rings(False), 5 * CODES, alt="Rings.", view="outline"))
    page.evaluate("z => document.querySelector('ae-explorer').plane.move(z)", z)
    assert page.locator("ae-explorer th + td").all_inner_texts() == ["–"] * 3


def test_the_image_shows_what_is_decoded_and_the_nearest_original(visit):
    model = build()
    page = visit(latent_explorer(model, CODES, alt="A plane.", originals=ORIGINALS))
    page.evaluate("z => document.querySelector('ae-explorer').plane.move(z)", CODES[7].tolist())
    pixels = page.evaluate(
        """() => [...document.querySelectorAll('ae-explorer canvas')]
             .map(canvas => [...canvas.getContext('2d').getImageData(0, 0, 8, 8).data])
             .map(data => data.filter((_, i) => i % 4 == 0))"""
    )
    with torch.no_grad():
        decoded = model.decode(CODES[7:8])[0]
    # An original has 16 greys.
    expected = ((decoded, 0.01), (ORIGINALS[7], 0.51 / 15))
    for grey, (values, tolerance) in zip(pixels, expected, strict=True):
        gap = torch.tensor(grey) / 255 - (1 - values.clamp(0, 1))
        assert gap.abs().max() < tolerance


def test_the_text_says_where_the_data_ends(visit):
    page = visit(explorer(class_names=["egg", "jug", "owl"], label_name="thing"))
    limit = page.evaluate("document.querySelector('ae-explorer').plane.limit")
    x, y = CODES[CODES[:, 0].argmax()].tolist()  # none lies further right
    for share, unseen in ((0.99, False), (1.01, True)):
        page.evaluate(
            """([z, share]) => { const plane = document.querySelector('ae-explorer').plane;
                 plane.high[0] = 99; plane.move([z[0] + share * plane.limit, z[1]]) }""",
            [[x, y], share],
        )
        text = state(page)[1]
        assert ("seen nothing" in text) is unseen
        assert re.search(rf"Nearest thing: (egg|jug|owl), {share * limit:.1f} away", text)


# ---- how it answers ----------------------------------------------------------------------------


def test_the_mouse_drags_the_point_and_stops_at_the_edges(visit):
    page = visit(explorer())
    high = ends(page)[1]
    page.mouse.move(*place(page, [0.5, 10]))
    page.mouse.down()
    assert close(state(page)[0], [0.5, 10], 0.02)
    page.mouse.move(*place(page, [-1, -20]))
    assert close(state(page)[0], [-1, -20], 0.02)
    page.mouse.move(5000, 5)
    assert close(state(page)[0], high)
    page.mouse.up()
    page.mouse.move(*place(page, [0, 0]))
    assert close(state(page)[0], high)


def test_a_finger_drags_the_point_and_elsewhere_scrolls_and_taps(visit):
    page = visit(explorer(), "<p style='height: 3000px'>", viewport=(390, 800), has_touch=True)
    session = page.context.new_cdp_session(page)

    def swipe(start, end):
        for kind, *points in (("Start", start), ("Move", end), ("Move", end), ("End",)):
            touches = [{"x": x, "y": y} for x, y in points]
            event = {"type": f"touch{kind}", "touchPoints": touches}
            session.send("Input.dispatchTouchEvent", event)

    page.touchscreen.tap(*place(page, [-1, -10]))
    assert close(state(page)[0], [-1, -10], 0.05)
    swipe(place(page, [-1, -10]), place(page, [1, -20]))
    assert close(state(page)[0], [1, -20], 0.05)
    assert page.evaluate("scrollY") == 0
    swipe(place(page, [0, 10]), place(page, [0, 40]))  # the content moves up with the finger
    page.wait_for_function("scrollY > 0", timeout=3000)
    assert close(state(page)[0], [1, -20], 0.05)


def test_arrow_keys_move_the_point_of_the_focused_plane(visit):
    page = visit(explorer())
    low, high = ends(page)
    page.evaluate("document.querySelector('ae-explorer').plane.move([0, 0])")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    wide, tall = high[0] - low[0], high[1] - low[1]
    assert close(state(page)[0], [0.04 * wide, 0.1 * tall])
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    assert close(state(page)[0], [0.02 * wide, 0.08 * tall])


def test_what_has_the_focus_can_be_seen(visit):
    page = visit(explorer())
    for _ in range(3):  # the plane and both sliders
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.body")


def test_sliders_have_names_and_move_the_point(visit):
    page = visit(explorer())
    page.evaluate("document.querySelector('ae-explorer').plane.move([0.4, 8])")
    sliders = [page.get_by_role("slider", name=name) for name in ("z₁", "z₂")]
    assert [slider.get_attribute("aria-valuetext") for slider in sliders] == ["0.40", "8"]
    low, high = ends(page)
    sliders[0].press("Home")
    assert close(state(page)[0], [low[0], 8])
    sliders[1].press("End")
    assert close(state(page)[0], [low[0], high[1]])
    assert page.get_by_role("status").inner_text() == state(page)[1]


def test_two_on_a_page_do_not_disturb_each_other(visit):
    page = visit(explorer(0), explorer(1))
    before = state(page, 1)
    page.evaluate("document.querySelector('ae-explorer').plane.move([1, 1])")
    assert state(page, 1) == before
    page.get_by_role("slider", name="z₁").nth(1).press("End")
    assert close(state(page, 0)[0], [1, 1])
    assert page.locator("head style").count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids)) == 2


def test_a_copy_of_its_html_works_too(visit):
    page = visit(explorer())  # as a notebook does that shows an output again
    page.evaluate(
        """() => { const copy = document.createElement('div');
             copy.innerHTML = document.querySelector('ae-explorer').outerHTML;
             document.body.append(copy) }"""
    )
    page.get_by_role("slider", name="z₁").nth(1).press("End")
    assert state(page, 0) != state(page, 1)
    assert page.get_by_role("slider").count() == 4


# ---- where it stands ---------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_letters_and_lines_take_the_colour_of_the_text_around(visit, theme):
    page = visit(explorer(), head=DARK)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    colours = page.evaluate(
        """() => [getComputedStyle(document.body).color,
             ...[...document.querySelectorAll('ae-explorer svg > text:not([class])')]
               .map(text => getComputedStyle(text).fill),
             getComputedStyle(document.querySelector('ae-explorer output')).color]"""
    )
    assert set(colours) == {"rgb(206, 214, 221)" if theme == "dark" else "rgb(0, 0, 0)"}
    assert len(colours) > 8


def test_on_a_phone_nothing_sticks_out(visit):
    page = visit(explorer(originals=ORIGINALS), viewport=(390, 800))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("ae-explorer .ae-pad").bounding_box()["width"] > 300


def test_without_scripts_a_described_picture_stands_in_its_place(visit):
    page = visit(explorer(), java_script_enabled=False)
    picture = page.get_by_role("img", name="Plane 0.")
    assert picture.bounding_box()["width"] > 300
    assert page.get_by_role("slider").count() == 0


def test_with_scripts_the_picture_is_gone_and_its_description_stays(visit):
    page = visit(explorer())
    assert not page.locator("ae-explorer > img").is_visible()
    assert page.get_by_role("group", name="Plane 0.").is_visible()


# ---- damaged contents --------------------------------------------------------------------------


def shorter(contents):
    contents["decoder"][0]["weights"]["values"] = contents["decoder"][0]["weights"]["values"][:-8]


def no_base64(contents):
    contents["decoder"][1]["bias"] = "*" * 8


def other_weights(contents):
    layer = contents["decoder"][0]["weights"]
    layer["values"] = layer["values"][::-1].replace("=", "")


def unknown_activation(contents):
    contents["decoder"][0]["activation"] = "gelu"


def a_layer_lost(contents):
    del contents["decoder"][0]


def another_view(contents):
    contents["view"]["kind"] = "sound"


def nothing(contents):
    contents.clear()


DAMAGES = {
    shorter: r"expected 64 numbers in layer 1, got 61",
    no_base64: r"atob",
    other_weights: r"its weights do not decode what the notebook decoded",
    unknown_activation: r"unknown activation in layer 1: gelu",
    a_layer_lost: r"expected 32 numbers into layer 1, got 2",
    another_view: r"unknown view: sound",
    nothing: r"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_contents_give_a_message_and_leave_the_picture(visit, damage):
    whole = explorer().html
    found = re.search('contents="([^"]*)"', whole)[1]
    contents = json.loads(html.unescape(found))
    damage(contents)
    page = visit(whole.replace(found, html.escape(json.dumps(contents))), explorer(1))
    message = page.get_by_role("alert").inner_text()
    assert message.startswith("This explorer cannot be shown:")
    assert re.search(DAMAGES[damage], message)
    assert page.get_by_role("img", name="Plane 0.").is_visible()
    assert page.get_by_role("slider").count() == 2  # of the other one

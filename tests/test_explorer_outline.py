"""Explorers of outlines: guard, housing, objective and searches, and a polygon to drag."""

import html
import json
import math
import re

import pytest
import torch
from test_explorer_page import CODES, Rings, build, place, state, visit  # noqa: F401
from torch import nn

from aecourse import design, shapes
from aecourse.explorer import latent_explorer, packing, polygons
from aecourse.models import VAE, PCABaseline, ShapeVAE
from aecourse.training import fit

SIDE = 64
MADE = {"minimum_area": 0.5, "minimum_width": 0.1}
HOUSING = (0.64 * math.pi, 1.25)
STARTS = {
    "square": shapes.polygon(4).rotated(45).vertices,
    "star": shapes.star(5, depth=0.5).vertices,
}
BUDGET = 900_000  # bytes of a page for an explorer that encodes


@pytest.fixture(scope="module")
def model():
    """Train a small model for a moment: its plane has places with whole shapes, and with none."""
    drawn, _ = shapes.random_shapes(200, seed=0)
    fields = torch.stack([shape.field(SIDE) for shape in drawn])
    torch.manual_seed(0)
    model = ShapeVAE.from_fields(fields, variance=0.1, hidden=(64, 64))
    fit(model.vae, model.coefficients(fields), epochs=15, batch_size=32, progress=False)
    return model


@pytest.fixture(scope="module")
def codes(model):
    drawn, _ = shapes.random_shapes(200, seed=1)
    with torch.no_grad():
        return model.encode(torch.stack([shape.field(SIDE) for shape in drawn]))


@pytest.fixture(scope="module")
def guard(codes):
    return design.Guard(codes, lambda phi: shapes.buildable(phi, **MADE))


def explorer(model, codes, **settings):
    return latent_explorer(model, codes, alt="Shapes.", view="outline", **settings)


def raster(guard, rows=20, columns=30):
    """Numbers that tell each node from all others, and a corner of none."""
    values = torch.arange(rows * columns, dtype=torch.double).reshape(rows, columns)
    values[:5, :5] = torch.nan
    return values, guard.bounds


def search(codes, seed):
    order = torch.randperm(len(codes), generator=torch.Generator().manual_seed(seed))[:12]
    return codes[order], torch.rand(12, generator=torch.Generator().manual_seed(seed))


def evaluate(page, script, argument=None):
    return page.evaluate(
        f"(a) => {{ const e = document.querySelector('ae-explorer'); {script} }}", argument
    )


def row(page, name):
    cell = page.locator("ae-explorer tr", has=page.get_by_role("rowheader", name=name))
    return cell.locator("td").inner_text()


def near_and_far(guard):
    """Draw codes: some among the data, some all over the plane and beyond."""
    generator = torch.Generator().manual_seed(2)
    noise = torch.rand(2, 75, 2, generator=generator, dtype=torch.double)
    low, high = 1.5 * torch.as_tensor(guard.bounds).T
    some = guard.codes[:75] + 2 * guard.limit * (noise[0] - 0.5)
    return torch.cat([some, low + noise[1] * (high - low)])


# ---- what it says of a shape -------------------------------------------------------------------


def test_it_says_of_decoded_shapes_what_the_package_says(visit, model, codes, guard):  # noqa: F811
    (area, radius), large = (HOUSING[0], 1.1), {"minimum_area": 1.5}  # some fit, some do not
    page = visit(explorer(model, codes, buildable=large, housing=(area, radius), guard=guard))
    answers = {"fits": [], "made": [], "near": []}
    for z in near_and_far(guard).tolist():
        values, told, near = evaluate(
            page, "const v = e.decode(a); return [[...v], e.view.draw(v), e.near(a)]", z
        )
        field = torch.tensor(values).view(SIDE, SIDE)
        made = shapes.buildable(field, **large)
        assert told["could be made"] == ("yes" if made else "no")
        try:
            lines = shapes.outlines(field)
        except ValueError:  # nothing, or the border cuts it
            assert told["fits the housing"] == "no: it is no whole shape"
        else:
            reach = max(torch.tensor(line).norm(dim=1).max().item() for line in lines)
            reach *= math.sqrt(area / shapes.area(field))
            answer, rest = told["fits the housing"].split(": reaches ")
            assert rest == f"{reach:.3f} of 1.100"
            assert told["area"] == pytest.approx(area)
            assert (answer == "yes") is (reach <= radius)
        distance = guard.distance(torch.tensor([z]).float()).item()
        if abs(distance / guard.limit - 1) > 0.002:  # the codes are rounded
            assert near is (distance < guard.limit)
        answers["near"].append(near)
        answers["made"].append(made)
        answers["fits"].append(told["fits the housing"].startswith("yes"))
    assert all(20 < sum(each) < 130 for each in answers.values())


NODES = shapes.grid(SIDE)
APART = (NODES - torch.tensor([0.55, 0.0])).norm(dim=-1) - 0.5
FIELDS = {
    "a disk": NODES.norm(dim=-1) - 0.8,
    "a small disk": NODES.norm(dim=-1) - 0.3,
    "a ring": (NODES.norm(dim=-1) - 0.8).abs() - 0.15,
    "two disks": torch.minimum(APART, APART.flip(1)),
    "two disks and a thin neck": torch.minimum(
        torch.minimum(APART, APART.flip(1)), (NODES.abs() - torch.tensor([0.3, 0.03])).amax(-1)
    ),
    "two disks and a broad neck": torch.minimum(
        torch.minimum(APART, APART.flip(1)), (NODES.abs() - torch.tensor([0.3, 0.2])).amax(-1)
    ),
    "a thin slit that leads to a hole": torch.maximum(
        NODES.norm(dim=-1) - 1,
        -torch.minimum(
            NODES.norm(dim=-1) - 0.4,
            ((NODES - torch.tensor([0.7, 0.0])).abs() - torch.tensor([0.7, 0.03])).amax(-1),
        ),
    ),
    "nearly at the border": NODES.norm(dim=-1) - 1.28,
    "nothing": NODES.norm(dim=-1) + 1,
}


def test_necks_slits_holes_and_crumbs_are_told_as_the_package_does(visit, model, codes):  # noqa: F811
    page = visit(explorer(model, codes, buildable=MADE))
    for name, field in FIELDS.items():
        values = field.float().flatten().tolist()
        told = evaluate(page, "return e.view.draw(Float32Array.from(a))['could be made']", values)
        assert (told == "yes") is shapes.buildable(field.float(), **MADE), name
    made = [name for name, field in FIELDS.items() if shapes.buildable(field, **MADE)]
    assert made == ["a disk", "two disks and a broad neck"]


def test_the_table_says_in_words_what_the_guard_refuses(visit, model, codes, guard):  # noqa: F811
    page = visit(explorer(model, codes, buildable=MADE, guard=guard))
    evaluate(page, "e.plane.move(a)", codes[0].tolist())
    assert row(page, "passes the guard") == "yes"
    evaluate(page, "e.near = () => false; e.plane.move(e.plane.z)")
    assert row(page, "passes the guard") == "no: too far from the data"
    evaluate(page, "e.near = () => true; e.decode = () => new Float32Array(64 * 64).fill(1);")
    evaluate(page, "e.plane.move(e.plane.z)")
    assert row(page, "passes the guard") == "no: could not be made"
    assert page.get_by_role("rowheader", name="could be made").count() == 0


def test_shapes_are_drawn_at_one_area_in_their_housing(visit):  # noqa: F811
    page = visit(explorer(Rings(False), CODES * torch.tensor([0.2, 0.001]), housing=HOUSING))
    for z in ([-0.3, 0.0], [0.3, 0.0]):
        evaluate(page, "e.plane.move(a)", z)
        width = evaluate(page, "return e.querySelector('.ae-outline').getBBox().width")
        assert width == pytest.approx(1.6, rel=0.02)
    housing = page.locator("ae-explorer .ae-housing").get_attribute("r")
    assert float(housing) == 1.25
    assert row(page, "fits the housing").startswith("yes: reaches 0.8")


# ---- the objective beneath ---------------------------------------------------------------------


def test_at_its_nodes_the_map_has_its_values(visit, model, codes, guard):  # noqa: F811
    values, bounds = raster(guard)
    page = visit(explorer(model, codes, objective=(values, bounds)))
    xs, ys = (torch.linspace(*ends, n).double() for ends, n in zip(bounds, (30, 20), strict=True))
    nodes = [(i, j) for i in range(0, 30, 3) for j in range(20)]
    where = [[xs[i].item(), ys[j].item()] for i, j in nodes]
    found = evaluate(
        page,
        "return a.map(z => { const v = e.objective.at(z); return isNaN(v) ? null : v })",
        where,
    )
    assert found == [None if i < 5 and j < 5 else values[j, i].item() for i, j in nodes]
    beyond = [[bounds[0][0] - 1, 0.0], [0.0, bounds[1][1] + 1]]
    assert evaluate(page, "return a.every(z => isNaN(e.objective.at(z)))", beyond)
    evaluate(page, "e.plane.move(a)", where[50])
    assert row(page, "objective, nearest of 30 × 20 nodes") == f"{found[50]:.2f}"


def test_the_map_lies_the_right_way_up_and_is_empty_where_refused(visit, model, codes, guard):  # noqa: F811
    _, bounds = raster(guard)
    values = torch.tensor([[torch.nan, 1.0], [2.0, 3.0]])  # of the lower row first
    page = visit(explorer(model, codes, objective=(values, bounds)))
    seen = {}
    for i in range(2):
        for j in range(2):
            point = [bounds[0][i] * 0.98, bounds[1][j] * 0.98]
            seen[i, j] = evaluate(
                page,
                "return document.elementsFromPoint(...a).map(x => x.getAttribute('fill'))"
                ".find(Boolean) ?? null",
                place(page, point),
            )
    colours = evaluate(page, "return JSON.parse(e.dataset.contents).objective.colours")
    assert seen[0, 0] is None
    assert seen[1, 1] == colours[-1]
    assert colours.index(seen[1, 0]) < colours.index(seen[0, 1]) < len(colours) - 1


def test_the_plane_reaches_as_far_as_map_and_paths(visit, model, codes, guard):  # noqa: F811
    far = torch.tensor([[0.0, 0.0], [30.0, -40.0]])
    page = visit(
        explorer(model, codes, objective=raster(guard), paths={"far": (far, torch.zeros(2))})
    )
    low, high = evaluate(page, "return [e.plane.low, e.plane.high]")
    assert high[0] == pytest.approx(30)
    assert low[1] == pytest.approx(-40)
    assert low[0] <= guard.bounds[0, 0] + 1e-6
    assert high[1] >= guard.bounds[1, 1] - 1e-6


# ---- the searches ------------------------------------------------------------------------------


@pytest.fixture
def two_searches(visit, model, codes):  # noqa: F811
    found = {"random": search(codes, 0), "Nelder–Mead": search(codes, 1)}
    found["random"][1][3] = -torch.inf
    return visit(explorer(model, codes, paths=found)), found


def said(page):
    return evaluate(page, "return e.paths.output.value")


def test_the_point_follows_the_questions_of_a_search(two_searches):
    page, found = two_searches
    asked, values = found["random"]
    assert torch.allclose(torch.tensor(state(page)[0]), asked[0], atol=1e-3)
    assert said(page).startswith(f"Question 1 of 12: value {values[0]:.2f}.")
    following, before = (
        page.get_by_role("button", name=f"{name} question") for name in ("next", "previous")
    )
    assert before.is_disabled()
    for k in range(1, 12):
        following.click()
        assert torch.allclose(torch.tensor(state(page)[0]), asked[k], atol=1e-3)
        top = values[: k + 1].argmax().item()
        value = "none" if k == 3 else f"{values[k]:.2f}"
        assert said(page) == (
            f"Question {k + 1} of 12: value {value}. "
            f"Best so far: {values[top]:.2f}, question {top + 1} (large mark)."
        )
        dots = page.locator("ae-explorer .ae-asked").last.get_attribute("d")
        assert dots.count("M") == k + 1
    assert following.is_disabled()
    before.click()
    assert said(page).startswith("Question 11 of 12")


def test_another_search_starts_at_its_first_question(two_searches):
    page, found = two_searches
    slider = page.get_by_role("slider", name="question")
    slider.press("End")
    assert said(page).startswith("Question 12 of 12")
    assert slider.get_attribute("aria-valuetext") == "12 of 12"
    page.get_by_role("combobox", name="search").select_option("Nelder–Mead")
    asked, values = found["Nelder–Mead"]
    assert torch.allclose(torch.tensor(state(page)[0]), asked[0], atol=1e-3)
    assert said(page).startswith(f"Question 1 of 12: value {values[0]:.2f}.")
    slider.press("ArrowRight")
    assert torch.allclose(torch.tensor(state(page)[0]), asked[1], atol=1e-3)


# ---- the polygon -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [nn.ReLU, nn.SiLU])
def test_the_layers_compute_the_mean_code(kind):
    x = torch.randn(30, 64, generator=torch.Generator().manual_seed(0))
    for dense in (build(activation=kind), build(kind=VAE, activation=kind)):
        found = packing.run(packing.encoder_layers(dense), x.double())
        assert torch.allclose(found.float(), dense.encode(x), atol=1e-5)


def test_the_layers_encode_fields_that_are_cut_off(model):
    drawn = torch.stack([shape.field(SIDE) for shape in shapes.random_shapes(20, seed=3)[0]])
    cut = drawn.clamp(-model.limit, model.limit).flatten(1).double()
    found = packing.run(packing.encoder_layers(model), cut)
    assert torch.allclose(found.float(), model.encode(drawn), atol=1e-4)


def test_a_model_without_an_encoder_is_refused():
    pca = PCABaseline.from_samples(torch.randn(9, 4), 2)
    with pytest.raises(TypeError, match=r"expected a model whose encoder is.*got PCABaseline"):
        packing.encoder_layers(pca)


def random_polygons(n=20):
    generator = torch.Generator().manual_seed(4)
    for _ in range(n):
        n_corners = torch.randint(3, 9, (), generator=generator).item()
        angles = torch.rand(n_corners, generator=generator, dtype=torch.double).sort().values
        radii = 0.4 + 0.8 * torch.rand(n_corners, generator=generator, dtype=torch.double)
        angles = 2 * math.pi * angles
        yield torch.stack([radii * angles.cos(), radii * angles.sin()], dim=1)


def test_a_polygon_s_field_code_and_overlap_are_those_of_the_package(visit, model, codes):  # noqa: F811
    page = visit(explorer(model, codes, polygons=STARTS))
    gaps = []
    for corners in random_polygons():
        field, code, values, overlap = evaluate(
            page,
            "e.polygon.start(a); const v = e.decode(e.plane.z);"
            "return [[...e.polygon.field], e.polygon.encode(), [...v], e.polygon.overlap(v)]",
            corners.tolist(),
        )
        exact = shapes.Shape(corners).field(SIDE)
        field = torch.tensor(field).view(SIDE, SIDE)
        assert torch.allclose(field, exact, atol=1e-5)
        with torch.no_grad():
            gaps.append(torch.tensor(code) - model.encode(exact[None])[0])
        decoded = torch.tensor(values).view(SIDE, SIDE)
        expected = shapes.intersection_over_union(field, decoded).item()
        assert overlap == pytest.approx(expected, abs=1e-6)
    assert torch.stack(gaps).square().mean().sqrt() < 0.02 * codes.std()


def corner(page, name):
    box = page.get_by_role("button", name=name).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def corners(page):
    return torch.tensor(evaluate(page, "return e.polygon.corners"))


def unit(page):
    return page.locator("ae-explorer .ae-shape").bounding_box()["width"] / (2 * shapes.EXTENT)


def test_the_mouse_drags_a_corner_and_point_and_overlap_follow(visit, model, codes):  # noqa: F811
    page = visit(explorer(model, codes, polygons=STARTS))
    before, z, overlap = corners(page), state(page)[0], row(page, "overlap")
    x, y = corner(page, "Corner 2 of 4")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.3 * unit(page), y - 0.2 * unit(page), steps=3)
    page.mouse.up()
    page.mouse.move(5, 5)
    moved = corners(page) - before
    assert torch.allclose(moved[1], torch.tensor([0.3, 0.2]), atol=0.02)
    assert moved[[0, 2, 3]].abs().max() == 0
    assert state(page)[0] != z
    assert row(page, "overlap") != overlap
    expected = evaluate(page, "return e.polygon.encode()")
    assert state(page)[0] == pytest.approx(expected)
    page.mouse.move(*corner(page, "Corner 1 of 4"))
    page.mouse.down()
    page.mouse.move(3000, 3000)
    page.mouse.up()
    assert corners(page)[0].tolist() == pytest.approx([shapes.EXTENT, -shapes.EXTENT])


def test_a_finger_drags_a_corner_and_the_page_stays(visit, model, codes):  # noqa: F811
    page = visit(
        explorer(model, codes, polygons=STARTS),
        "<p style='height: 3000px'>",
        viewport=(390, 1400),
        has_touch=True,
    )
    session, before = page.context.new_cdp_session(page), corners(page)
    x, y = corner(page, "Corner 3 of 4")
    end = x, y + 0.25 * unit(page)
    for kind, *points in (("Start", (x, y)), ("Move", end), ("Move", end), ("End",)):
        touches = [{"x": x, "y": y} for x, y in points]
        event = {"type": f"touch{kind}", "touchPoints": touches}
        session.send("Input.dispatchTouchEvent", event)
    assert (corners(page) - before)[2].tolist() == pytest.approx([0, -0.25], abs=0.03)
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_arrow_keys_move_the_corner_that_has_the_focus(visit, model, codes):  # noqa: F811
    page = visit(explorer(model, codes, polygons=STARTS))
    before = corners(page)
    button = page.get_by_role("button", name="Corner 4 of 4")
    button.press("ArrowRight")
    button.press("ArrowRight")
    button.press("Shift+ArrowDown")
    assert (corners(page) - before)[3].tolist() == pytest.approx([0.04, -0.1])
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


def test_another_polygon_and_back_to_the_first_as_it_was(visit, model, codes):  # noqa: F811
    page = visit(explorer(model, codes, polygons=STARTS))
    page.get_by_role("button", name="Corner 4 of 4").press("ArrowRight")
    page.get_by_role("button", name="star").click()
    assert page.get_by_role("button", name="Corner").count() == 10
    page.get_by_role("button", name="square").click()
    assert torch.allclose(corners(page), STARTS["square"].float())


def test_a_code_beyond_the_plane_is_told(visit, model, codes):  # noqa: F811
    page = visit(explorer(model, codes, polygons=STARTS))
    said = "return e.polygon.output.value"
    assert evaluate(page, said).startswith("The encoder puts it at z₁ =")
    evaluate(page, "e.plane.high = e.plane.low.map((v) => v + 1e-3); e.polygon.draw()")
    assert "beyond the plane" in evaluate(page, said)


# ---- where it stands ---------------------------------------------------------------------------


def test_two_on_a_page_do_not_disturb_each_other(visit, model, codes):  # noqa: F811
    one = explorer(model, codes, paths={"a": search(codes, 0)}, polygons=STARTS)
    page = visit(one, one)
    before = state(page, 1)
    page.get_by_role("button", name="next question").first.click()
    page.get_by_role("button", name="star").first.click()
    assert state(page, 1) == before
    assert page.get_by_role("button", name="Corner").count() == 14


def test_without_scripts_a_described_picture_stands_in_its_place(visit, model, codes, guard):  # noqa: F811
    whole = explorer(model, codes, polygons=STARTS, objective=raster(guard))
    page = visit(whole, java_script_enabled=False)
    assert page.get_by_role("img", name="Shapes.").bounding_box()["width"] > 300
    assert page.get_by_role("button").count() == 0


def test_an_explorer_that_encodes_keeps_the_budget_and_says_how_well(codes):
    drawn, _ = shapes.random_shapes(300, seed=0)
    torch.manual_seed(0)
    large = ShapeVAE.from_fields(torch.stack([shape.field() for shape in drawn]))
    page = explorer(large, codes, polygons=STARTS, buildable=MADE).html
    assert len(page) < BUDGET
    note = json.loads(html.unescape(re.search('contents="([^"]*)"', page)[1]))["note"]
    assert float(re.search(r"codes within ([\d.]+)% of", note)[1]) <= 2


def damaged(contents, name):
    if name == "the encoder":
        layer = contents["polygons"]["encoder"][1]["weights"]
        layer["values"] = layer["values"][::-1].replace("=", "")
    elif name == "the path":
        codes = contents["paths"][0]["codes"]
        codes["values"] = codes["values"][:-8]
    elif name == "the guard":
        contents["guard"]["codes"]["rows"] = 3
    else:
        del contents["objective"]["values"]
    return contents


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("the encoder", "its weights do not encode what the notebook encoded"),
        ("the path", "expected 24 numbers in the path a, got 21"),
        ("the guard", "expected 600 numbers in the guard's codes, got 400"),
        ("the map", ""),
    ],
)
def test_damaged_contents_give_a_message(visit, model, codes, guard, name, message):  # noqa: F811
    settings = {"paths": {"a": search(codes, 0)}, "objective": raster(guard), "guard": guard}
    whole = explorer(model, codes, polygons=STARTS, **settings).html
    found = re.search('contents="([^"]*)"', whole)[1]
    contents = damaged(json.loads(html.unescape(found)), name)
    page = visit(whole.replace(found, html.escape(json.dumps(contents))))
    alert = page.get_by_role("alert").inner_text()
    assert alert.startswith("This explorer cannot be shown:")
    assert message in alert
    assert page.get_by_role("img", name="Shapes.").is_visible()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": (torch.zeros(5), [[0, 1], [0, 1]])}, r"objective at 2 × 2 codes.*\(5,\)"),
        (
            {"objective": (torch.full((2, 2), torch.nan), [[0, 1], [0, 1]])},
            "with 0 finite numbers",
        ),
        ({"objective": (torch.zeros(2, 2), [[1, 0], [0, 1]])}, "expected the map's ends as"),
        ({"objective": (torch.zeros(2, 2), [0, 1])}, "expected the map's ends as"),
        ({"paths": {}}, "expected at least one search in paths"),
        (
            {"paths": {"a": (torch.zeros(3, 1), torch.zeros(3))}},
            r"the path 'a' of shape \(n_samples, 2\), got \(3, 1\)",
        ),
        (
            {"paths": {"a": (torch.zeros(3, 2), torch.zeros(2))}},
            "a value for each of 3 codes of the path 'a', got 2",
        ),
        ({"polygons": {}}, "expected at least one polygon"),
        ({"polygons": {"a": torch.zeros(2, 2)}}, r"three corners or more in the polygon 'a'"),
        ({"polygons": {"a": 2 * torch.eye(3)[:, :2]}}, r"corners of 'a' within ±1.3, got 2"),
        ({"polygons": STARTS, "housing": HOUSING}, "expected a housing or polygons, got both"),
        ({"housing": (0, 1)}, "the area in a housing"),
        ({"buildable": {"maximum": 1}}, r"minimum_area and minimum_width, got \['maximum'\]"),
        ({"buildable": {"minimum_area": -1}}, "minimum_area"),
        ({"view": "curve", "housing": HOUSING}, "housing and polygons with outlines, got 'curve'"),
    ],
)
def test_bad_input_is_named(model, codes, settings, message):
    given = {"alt": "Shapes.", "view": "outline"} | settings
    if given["view"] == "curve":
        model = build()
    with pytest.raises(ValueError, match=message):
        latent_explorer(model, codes, **given)


def test_only_a_model_of_fields_takes_polygons():
    with pytest.raises(TypeError, match=r"expected a ShapeVAE.*got Rings"):
        polygons.pack_polygons(Rings(False), STARTS, torch.zeros(1, 4, 4), tolerance=0.02)

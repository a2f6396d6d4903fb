"""Outlines in files: what is written is read again, at true scale, and what is broken is named."""

import math
import subprocess
import sys

import ezdxf
import numpy as np
import pytest
import torch

from aecourse import shapes
from aecourse.shapes import Frame, Shape, read_outline, write_outline

OUTER = np.array([[0, 0], [30, 0], [30, 20], [0, 20]], dtype=float)  # in mm
HOLES = [OUTER / 5 + 3.1, np.array([[20, 5], [25, 5], [22, 15]], dtype=float)]


def read(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_outline(path)


def square(line):
    """Say whether a line holds the corners of a square of side 1.5 at (0, 2)."""
    return line.tolist() == [[0, 2], [1.5, 2], [1.5, 3.5], [0, 3.5]]


@pytest.mark.parametrize(
    ("name", "text"),
    {
        "commas": ("a.csv", "0,2\n1.5,2\n1.5,3.5\n0,3.5\n"),
        "a header": ("a.csv", "x,y\n0,2\n1.5,2\n1.5,3.5\n0,3.5"),
        "commas and spaces": ("a.csv", '"X [mm]", "Y [mm]"\n0, 2\n1.5, 2\n1.5, 3.5\n0, 3.5\n'),
        "decimal commas": ("a.csv", "Länge;Höhe\n0;2\n1,5;2\n1,5;3,5\n0;3,5\n"),
        "tabs": ("a.tsv", "x_mm\ty_mm\n0\t2\n1,5\t2\n1,5\t3,5\n0\t3,5\n"),
        "spaces and comments": (
            "a.txt",
            "# a square\n  0  2\n 1.5 2 # lower\n1.5e0 35e-1\n0 3.5\n",
        ),
        "more columns": ("a.csv", "n,y,x\n1,2,0\n2,2,1.5\n3,3.5,1.5\n4,3.5,0\n"),
        "windows": ("a.CSV", "\ufeffx;y\r\n0;2\r\n1.5;2\r\n1.5;3.5\r\n0;3.5\r\n\r\n"),
    }.values(),
    ids=lambda value: value.replace("\n", "/")[:30],
)
def test_tables_are_read_however_they_are_written(tmp_path, name, text):
    (line,) = read(tmp_path, name, text)
    assert square(line)


@pytest.mark.parametrize("empty", ["", "  ", ",", "\t", ";"])
def test_an_empty_row_begins_another_line(tmp_path, empty):
    """As editors and spreadsheets write it."""
    rows = ["x,y", "0,0", "9,0", "9,9", empty, "# a hole", "5,2", "6,2", "6,3", empty, empty]
    separator = empty.strip(" ") or ","
    lines = read(tmp_path, "a.csv", "\n".join(rows).replace(",", separator))
    assert [len(line) for line in lines] == [3, 3]
    assert Shape.from_points(lines)[0].holes


def naca0012(n=201):
    x = (1 - np.cos(np.linspace(0, np.pi, n))) / 2
    y = 0.6 * (0.2969 * np.sqrt(x) - 0.126 * x - 0.3516 * x**2 + 0.2843 * x**3 - 0.1036 * x**4)
    return np.stack([x, y], axis=1)  # the upper side, from the nose


@pytest.mark.parametrize("title", ["NACA 0012\n", "0012\n", "# airfoil\n", " N 63 412 with flap\n"])
def test_both_orders_of_aerofoils_give_the_same_points(tmp_path, title):
    upper = naca0012()
    lower = (upper * (1, -1))[::2]  # of another number

    def rows(points):
        return "".join(f" {x:.6f}  {y:.6f}\n" for x, y in points)

    selig = title + rows(upper[::-1]) + rows(lower[1:])
    lednicer = f"{title} {len(upper)}. {len(lower)}.\n\n{rows(upper)}\n{rows(lower)}"
    areas = []
    for text in (selig, lednicer):
        (line,) = read(tmp_path, "a.dat", text)
        assert line[0] == pytest.approx([1, 0], abs=1e-5)
        assert line[1, 1] > 0 > line[-2, 1]
        shape, frame = Shape.from_points(line)
        areas.append(shape.area * frame.scale**2)
    assert areas[0] == pytest.approx(areas[1], rel=1e-12)
    assert areas[0] == pytest.approx(0.0817, rel=1e-3)  # of the formula
    (percent,) = read(tmp_path, "p.dat", title + rows(100 * upper[::-1]) + rows(100 * lower[1:]))
    assert percent == pytest.approx(100 * read(tmp_path, "a.dat", selig)[0], abs=1e-3)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" {0}>{1}</svg>'
BOX = 'viewBox="-50 -50 200 100" width="100mm" height="50mm"'  # half a millimetre a unit
K = 40 * 0.5522847498307936  # the handles of four curves that make a circle to 0.03%
CURVES = (
    f"M40 0 C40 {K} {K} 40 0 40 C{-K} 40 -40 {K} -40 0 C-40 {-K} {-K} -40 0 -40 "
    f"C{K} -40 40 {-K} 40 0 Z"
)
CIRCLES = {
    "circle": '<circle r="40"/>',
    "arcs": '<path d="M-40 0 A40 40 0 0 0 40 0 A40 40 0 0 0 -40 0"/>',
    "cubic curves": f'<path d="{CURVES}"/>',
    "an ellipse, moved and scaled": '<g transform="translate(9 0)">'
    '<ellipse cx="-3" rx="20" ry="40" transform="scale(2 1) translate(-1.5 0)"/></g>',
}


@pytest.mark.parametrize("drawn", CIRCLES.values(), ids=CIRCLES)
def test_circles_of_an_svg_have_their_radius_and_area(tmp_path, drawn):
    (line,) = read(tmp_path, "a.svg", SVG.format(BOX, drawn))
    radius = np.linalg.norm(line, axis=1)
    assert radius == pytest.approx(20, rel=4e-4)  # in mm
    shape, frame = Shape.from_points(line)
    assert shape.area * frame.scale**2 == pytest.approx(math.pi * 400, rel=1e-3)
    assert len(line) < 400


@pytest.mark.parametrize(
    ("size", "factor"),
    [
        ("", 1),
        ('viewBox="0 0 90 90"', 1),
        ('width="400" height="300"', 1),
        ('width="9cm" viewBox="0 0 30 30"', 3),
        ('width="1in" height="2in" viewBox="0,0,25.4,25.4"', 1),
        ('width="72pt"', 25.4 / 96),
        (BOX, 0.5),
    ],
)
def test_an_svg_with_a_size_on_paper_is_in_millimetres(tmp_path, size, factor):
    (line,) = read(tmp_path, "a.svg", SVG.format(size, '<polygon points="3,5 10,5 10,25"/>'))
    assert line[:3] == pytest.approx(factor * np.array([[3, -5], [10, -5], [10, -25]]))


def test_holes_of_an_svg_are_lines_and_what_is_not_drawn_is_left_out(tmp_path):
    drawn = (
        '<defs><rect width="7" height="7"/></defs><text>a plate</text>'
        '<path d="M0 0 h30 v20 h-30 z m5 5 v6 h6 v-6 z"/><circle cx="22" cy="10" r="3"/>'
        '<rect width="99" height="99" style="display:none"/>'
    )
    shape, frame = Shape.from_points(read(tmp_path, "a.svg", SVG.format("", drawn)))
    assert shape.area * frame.scale**2 == pytest.approx(600 - 36 - 9 * math.pi, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "x,y\n0,0\n1,a\n", r"two numbers in row 3 of .*a\.csv, got '1,a'"),
        ("a.csv", "0,0\n1,0\n1,2,3\n", "two numbers in row 3 .* got '1,2,3'"),
        ("a.csv", "x,y,z\n0,0,1\n1,0\n", "3 columns in row 3"),
        ("a.csv", "0,0\n1,nan\n", "two numbers in row 2"),
        ("a.csv", "0,5 1,25\n", "two numbers in row 1"),
        ("a.csv", "", r"an outline in .*a\.csv, got no points"),
        ("a.csv", "x,y\n", "got no points"),
        ("a.dat", "title\n1.0 0.0\n0.5\n", "two numbers in row 3 .* got '0.5'"),
        ("a.dat", "title\n3. 3.\n\n0 0\n1 0\n", "expected 3 and 3 points in .* its row 2 .* got 2"),
        ("a.dat", "only a title", "got no points"),
        ("a.svg", "<svg><path d='M0 0'", r"an SVG drawing in .*a\.svg, got .*line 1"),
        ("a.svg", SVG.format("", '<path d="M0 0 L 5 x"/>'), "got a path that cannot be read"),
        ("a.svg", SVG.format("", "<text>empty</text>"), "got no points"),
        ("a.svg", SVG.format('width="5mm" viewBox="0 0 0 0"', '<circle r="3"/>'), "an SVG drawing"),
        ("a.step", "", r"ends in \.csv, \.tsv, \.txt, \.dat, \.svg, got .*a\.step"),
    ],
)
def test_broken_files_are_named_with_the_row(tmp_path, name, text, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, name, text)


def test_a_file_that_is_missing_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_outline(tmp_path / "none.csv")


@pytest.mark.parametrize("ending", ["csv", "svg"])
@pytest.mark.parametrize("mm_per_unit", [1, 25.4, 1000])
def test_a_shape_with_holes_goes_into_a_file_and_comes_back(tmp_path, ending, mm_per_unit):
    shape, frame = Shape.from_points([OUTER, *HOLES])
    path = tmp_path / f"plate.{ending}"
    write_outline(path, shape, frame=frame, mm_per_unit=mm_per_unit)
    again, returned = Shape.from_points(read_outline(path))
    assert returned.centre == pytest.approx(mm_per_unit * np.array(frame.centre))
    assert returned.scale == pytest.approx(mm_per_unit * frame.scale)
    nodes = shapes.grid(24)
    torch.testing.assert_close(again.signed_distance(nodes), shape.signed_distance(nodes))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def polylines(path):
    drawing = ezdxf.readfile(path)
    assert not drawing.audit().has_errors
    assert drawing.units == ezdxf.units.MM
    lines = list(drawing.modelspace())
    assert all(line.dxftype() == "LWPOLYLINE" and line.closed for line in lines)
    return [np.array(line.get_points("xy")) for line in lines]


def test_a_dxf_holds_closed_polylines_in_millimetres(tmp_path):
    shape, frame = Shape.from_points([OUTER / 1000, *(hole / 1000 for hole in HOLES)])  # in metres
    write_outline(tmp_path / "plate.dxf", shape, frame=frame, mm_per_unit=1000)
    lines = polylines(tmp_path / "plate.dxf")
    assert [len(line) for line in lines] == [4, 4, 3]
    again, returned = Shape.from_points(lines)
    assert again.area * returned.scale**2 == pytest.approx(600 - 24 - 25)
    assert lines[0].max(axis=0) == pytest.approx([30, 20])
    assert [file.name for file in tmp_path.iterdir()] == ["plate.dxf"]


@pytest.mark.parametrize("ending", ["csv", "svg", "dxf"])
def test_the_lines_of_a_field_are_written_in_the_users_units(tmp_path, ending):
    frame, path = Frame((100, -40), 60), tmp_path / f"ring.{ending}"
    radius = shapes.grid(200).norm(dim=-1)
    phi = torch.maximum(radius - 1, 0.4 - radius)
    write_outline(path, shapes.outlines(phi), frame=frame)
    lines = polylines(path) if ending == "dxf" else read_outline(path)
    found = sorted(np.linalg.norm(line - frame.centre, axis=1).mean() for line in lines)
    assert found == pytest.approx([24, 60], rel=1e-3)


def test_an_svg_is_as_large_on_paper_as_its_numbers(tmp_path):
    write_outline(tmp_path / "a.svg", OUTER + np.array([0, 7]))
    text = (tmp_path / "a.svg").read_text()
    assert 'width="33.0mm" height="23.0mm" viewBox="-1.5 -28.5 33.0 23.0"' in text  # with a margin
    assert "M0.0,-7.0 L30.0,-7.0" in text  # y runs downwards


@pytest.mark.parametrize("ending", ["csv", "svg", "dxf"])
def test_a_failed_write_leaves_the_older_file(tmp_path, ending, monkeypatch):
    path = tmp_path / f"a.{ending}"
    write_outline(path, OUTER)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="finite"):
        write_outline(path, OUTER * math.nan)

    def half(path, lines):
        path.write_text("half")
        raise OSError("no space left")

    monkeypatch.setitem(shapes.writing.WRITERS, f".{ending}", half)
    with pytest.raises(OSError, match="no space left"):
        write_outline(path, OUTER)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_missing_is_told_with_the_name_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"folder that exists, for: '.*nowhere/a\.csv'"):
        write_outline(tmp_path / "nowhere" / "a.csv", OUTER)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": "a.step"}, r"ends in \.csv, \.svg, \.dxf, got a\.step"),
        ({"outline": OUTER[:2]}, "three points apart"),
        ({"outline": []}, r"shape \(n_points, 2\)"),
        ({"mm_per_unit": 0}, "mm_per_unit above 0"),
    ],
)
def test_what_cannot_be_written_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        write_outline(**({"path": "a.csv", "outline": OUTER} | settings))


@pytest.mark.parametrize(("name", "package"), [("a.svg", "svgelements"), ("a.dxf", "ezdxf")])
def test_a_package_that_is_missing_is_named_with_the_way_to_install_it(
    tmp_path, name, package, monkeypatch
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'{package} .*pip install "aecourse\[shapes\]"'):
        (read if name == "a.svg" else lambda *_: write_outline(tmp_path / name, OUTER))(
            tmp_path, name, ""
        )
    assert not (tmp_path / "a.dxf").exists()


def test_the_packages_for_files_are_imported_when_they_are_needed():
    code = (
        "import sys; from aecourse import shapes; print({'ezdxf', 'svgelements'} & {*sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"

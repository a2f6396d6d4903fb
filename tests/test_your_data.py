"""The lines of the chapter "Your own data" as a new user writes them: own files, own program."""

import subprocess
import sys

import ezdxf
import numpy as np
import pytest
import torch

from aecourse import design, latent, shapes
from aecourse.models import ShapeVAE
from aecourse.runtime import seed_everything
from aecourse.shapes import Frame, Shape, read_outline, write_outline
from aecourse.training import fit

SOLVER = """\
import math, sys
from pathlib import Path
calls = Path("calls.txt")
n = len(calls.read_text()) + 1 if calls.exists() else 1
calls.write_text(n * "x")
if n == 30:
    sys.exit("did not converge")
area = length = 0
for block in Path(sys.argv[1]).read_text().split("\\n", 1)[1].strip().split("\\n\\n"):
    line = [tuple(map(float, row.split(","))) for row in block.split()]
    for (x, y), (u, v) in zip(line, line[1:]):
        area, length = area + (x * v - u * y) / 2, length + math.hypot(u - x, v - y)
print(4 * math.pi * abs(area) / length**2)
"""


def write_files(folder):
    """30 plates in mm, as people have them: either way round, open or closed, one with a hole."""
    rng, angle = np.random.default_rng(0), np.linspace(0, 2 * np.pi, 81)[:-1]
    disk = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    for k in range(30):
        line = disk * rng.uniform([40, 15], [60, 35]) + [200, 100]
        line = line[::-1] if k % 2 else line
        line = line if k % 3 else np.vstack([line, line[:1]])
        lines = [line, 6 * disk + [200, 100]] if k == 7 else [line]
        blocks = ["\n".join(f"{x:.4f},{y:.4f}" for x, y in line) for line in lines]
        (folder / f"plate{k:02}.csv").write_text("x,y\n" + "\n\n".join(blocks) + "\n")
    (folder / "solver.py").write_text(SOLVER)


def thirty_lines(folder):
    """What the book suggests, from a folder of files to a drawing for the workshop."""
    outlines = [read_outline(path) for path in sorted(folder.glob("plate*.csv"))]
    frame = Frame.around(outlines)
    plates = [Shape.from_points(outline, frame=frame)[0] for outline in outlines]
    fields = torch.stack([plate.field(64) for plate in plates])

    seed_everything(0)
    model = ShapeVAE.from_fields(fields, variance=0.1, hidden=(64, 64))
    fit(model.vae, model.coefficients(fields), epochs=150, batch_size=15, progress=False)
    codes = latent.encode(model, fields)

    def roundness(phi):
        write_outline(folder / "candidate.csv", shapes.outlines(phi), frame=frame)
        command = [sys.executable, "-IS", "solver.py", "candidate.csv"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return float(done.stdout)

    found = design.optimise(
        roundness,
        model.decode,
        guard=design.Guard(codes),
        budget=40,
        log=folder / "answers.csv",
        progress=False,
    )
    with torch.no_grad():
        winner = model.decode(found.best_code[None])[0]
    write_outline(folder / "winner.dxf", shapes.outlines(winner), frame=frame)
    return outlines, frame, plates, model, found, winner


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plates")
    write_files(folder)
    return folder, *thirty_lines(folder)


def test_files_become_shapes_of_the_size_that_they_had(done):
    _, outlines, frame, plates, model, *_ = done
    assert [len(plate.holes) for plate in plates] == [int(k == 7) for k in range(30)]
    for outline, plate in zip(outlines, plates, strict=True):
        width, height = np.ptp(outline[0], axis=0)
        ellipse = np.pi * width * height / 4 * np.sinc(2 / 80)  # of 80 chords
        hole = np.pi * 6**2 * np.sinc(2 / 80) * len(plate.holes)
        assert plate.area * frame.scale**2 == pytest.approx(ellipse - hole, rel=2e-3)
    assert 1 <= len(model.components) < 30


def test_one_failure_costs_one_answer_of_forty(done):
    folder, *_, found, _ = done
    assert (found.evaluations, found.failed) == (40, 1)
    assert [k for k, reason in enumerate(found.reasons, start=1) if reason] == [30]
    assert found.reasons[29] == "RuntimeError: did not converge"
    kept = design.read_log(folder / "answers.csv")
    assert torch.equal(kept.codes, found.codes) and torch.equal(kept.values, found.values)


def test_the_winner_is_rounder_than_the_mean_plate_and_none_is_rounder_than_a_disk(done):
    _, _, _, plates, _, found, _ = done
    roundness = [1 / plate.isoperimetric_quotient for plate in plates]
    assert np.mean(roundness) < found.best_value < 1


def test_the_drawing_is_the_winner_in_millimetres(done):
    folder, _, frame, *_, winner = done
    drawing = ezdxf.readfile(folder / "winner.dxf")
    assert drawing.units == ezdxf.units.MM
    lines = list(drawing.modelspace())
    assert all(line.closed for line in lines)
    points = np.concatenate([np.array(line.get_points("xy")) for line in lines])
    assert (points > [200 - 65, 100 - 40]).all() and (points < [200 + 65, 100 + 40]).all()
    drawn = [np.array(line.get_points("xy")) for line in lines]
    area = Shape.from_points(drawn, frame=frame)[0].area
    assert area == pytest.approx(float(shapes.area(winner)), rel=0.01)


def test_a_stopped_search_goes_on_from_its_log_and_ends_at_the_same_place(done, tmp_path):
    folder, *_, found, _ = done
    write_files(tmp_path)
    lines = (folder / "answers.csv").read_text().splitlines(keepends=True)
    (tmp_path / "answers.csv").write_text("".join(lines[:21]) + lines[21][:5])  # torn when killed
    (tmp_path / "calls.txt").write_text(20 * "x")
    *_, again, _ = thirty_lines(tmp_path)
    assert torch.equal(again.codes, found.codes) and torch.equal(again.values, found.values)
    assert len((tmp_path / "calls.txt").read_text()) == 40

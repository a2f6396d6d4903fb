"""Log-densities in an explorer: their exponentials are drawn, and the parameters are read."""

import pytest
import torch
from test_explorer_page import visit  # noqa: F401
from torch import nn

from aecourse import data
from aecourse.explorer import latent_explorer, views


class Family(nn.Module):
    """Beta densities to be read off: ln p = (α − 1) ln x + (β − 1) ln(1 − x) + w, code (α, β)."""

    def __init__(self, grid):
        super().__init__()
        self.decoder = nn.Sequential(nn.Linear(2, len(grid)))
        columns = torch.stack([grid.log(), (1 - grid).log()], dim=1)
        self.decoder[0].weight.data = columns.float()
        self.decoder[0].bias.data = (0.7 - columns.sum(dim=1)).float()

    def decode(self, z):
        return self.decoder(z)


GRID = data.beta_grid(40)
CODES = 0.2 + 4.8 * torch.rand(200, 2, generator=torch.Generator().manual_seed(0))
BASIS = torch.stack([GRID.log(), (1 - GRID).log(), torch.ones_like(GRID)], dim=1)


def explorer(**settings):
    u, v, _ = torch.linalg.pinv(BASIS)
    model = Family(GRID)
    with torch.no_grad():
        curves = model.decode(CODES)
    settings = {"view": "curve", "logarithms": True, "x": GRID, "originals": curves} | settings
    reads = {"α": (u, 1), "β": (v, 1)}
    return latent_explorer(model, CODES, alt="Densities.", reads=reads, **settings)


def drawn(page, name):
    path = page.locator(f"ae-explorer g path.ae-{name}").get_attribute("d")
    points = [pair.split(" ") for pair in path[1:].split("L")]
    return torch.tensor([[float(number) for number in pair] for pair in points])


def test_densities_are_drawn_and_their_parameters_read(visit):  # noqa: F811
    page = visit(explorer(value_range=(0, 5)))
    z = CODES[7]
    page.evaluate("z => document.querySelector('ae-explorer').plane.move(z)", z.tolist())
    density = torch.exp(BASIS[:, :2] @ (z.double() - 1) + 0.7)
    for name in ("line", "original"):
        points = drawn(page, name)
        assert torch.allclose(points[:, 0], GRID.float())
        assert torch.allclose(points[:, 1], density.float(), rtol=0.01)
    rows = page.locator("ae-explorer tr:has(td)").all_inner_texts()
    numbers = {row.split()[0]: float(row.split()[1]) for row in rows if row[0] in "αβ"}
    assert numbers == pytest.approx({"α": z[0].item(), "β": z[1].item()}, abs=0.01)


def test_the_axis_and_the_still_picture_are_of_densities_too():
    logs = torch.log(torch.rand(9, 5, generator=torch.Generator().manual_seed(0)) + 0.1).numpy()
    view = views.describe("curve", logs, logarithms=True)
    assert 0 < view["range"][0] < 0.2
    assert 1 < view["range"][1] < 1.1
    plain = views.describe("curve", torch.from_numpy(logs).exp().numpy())
    assert views.still(logs, view) == views.still(torch.from_numpy(logs).exp().numpy(), plain)


def test_only_a_curve_may_be_of_logarithms():
    with pytest.raises(ValueError, match="expected logarithms for a curve only"):
        explorer(view="image")

"""Each model comes back as it went: settings, weights, and answers."""

import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from aecourse import models
from aecourse.models import saving

SETTINGS = {  # none of them a default
    "Classifier": {"n_classes": 4},
    "ConditionalVAE": {
        "n_latent": 3,
        "n_classes": 4,
        "side": 12,
        "channels": (2, 3, 4),
        "n_hidden": 5,
    },
    "Denoiser": {"n_features": 3, "noise_levels": (2.0, 0.5), "hidden": (4, 5)},
    "DenseAutoencoder": {"layer_sizes": (6, 4, 2), "activation": nn.Tanh},
    "PCABaseline": {"mean": torch.rand(6), "components": torch.linalg.qr(torch.rand(6, 2)).Q.T},
    "ShapeVAE": {
        "mean": torch.rand(16),
        "components": torch.linalg.qr(torch.rand(16, 3)).Q.T,
        "n_latent": 1,
        "hidden": (4,),
        "limit": 0.7,
        "variance": 0.9,
    },
    "SparseAutoencoder": {"n_features": 6, "n_units": 8, "top_k": 2, "centre": torch.rand(6)},
    "VAE": {
        "layer_sizes": (6, 4, 2),
        "activation": None,
        "likelihood": "gaussian",
        "variance": 0.3,
        "beta": 2.0,
    },
}
OPTIONAL = {"SparseAutoencoder": {"l1"}}  # it excludes top_k


def build(name):
    return getattr(models, name)(**SETTINGS[name])


def test_settings_are_tried_for_every_model():
    assert set(SETTINGS) == set(saving.kinds()), "give each model settings in this file"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_model_comes_back_as_it_went(name, tmp_path):
    model = build(name).double()
    models.save(model, tmp_path / "model.pt")
    again = models.load(tmp_path / "model.pt")
    assert type(again) is type(model)
    assert not again.training
    assert repr(again) == repr(model)
    for key, value in model.state_dict().items():
        assert torch.equal(again.state_dict()[key], value)
        assert again.state_dict()[key].dtype == value.dtype
    known = inspect.signature(type(model)).parameters
    assert set(known) == set(SETTINGS[name]) | OPTIONAL.get(name, set())  # all were tried
    for setting, value in SETTINGS[name].items():
        if not isinstance(value, torch.Tensor) and setting != "noise_levels":
            assert getattr(again, setting) == value
    assert list(tmp_path.iterdir()) == [tmp_path / "model.pt"]


@pytest.mark.parametrize(
    "model",
    [
        models.VAE((4, 2), likelihood="gaussian", variance=np.float64(0.5), beta=np.float32(2)),
        models.DenseAutoencoder(tuple(np.array([4, 3, 2]))),
    ],
)
def test_numbers_of_numpy_are_kept_as_numbers(model, tmp_path):
    models.save(model, tmp_path / "model.pt")
    again = models.load(tmp_path / "model.pt")
    for name in inspect.signature(type(model)).parameters:
        assert getattr(again, name) == getattr(model, name)
    assert torch.equal(again(torch.ones(1, 4)), model(torch.ones(1, 4)))


def test_a_shape_model_needs_no_training_fields(tmp_path):
    fields = torch.randn(20, 8, 8, generator=torch.Generator().manual_seed(0))
    model = models.ShapeVAE.from_fields(fields, n_components=4, hidden=(8,), limit=0.4)
    models.save(model, tmp_path / "shapes.pt")
    again = models.load(tmp_path / "shapes.pt")
    assert torch.equal(again(fields), model(fields))
    assert again.limit == 0.4


def test_an_interrupted_save_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "model.pt"
    models.save(build("VAE"), path)
    before = path.read_bytes()

    def interrupted(contents, stream):
        stream.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        models.save(build("VAE"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


class Stranger(nn.Module):
    """A model that is none of ours."""


class VAE(models.VAE):
    """One of ours by its name only."""


def test_what_cannot_be_kept_is_refused(tmp_path):
    for model in (Stranger(), VAE((4, 2)), torch.zeros(3)):
        with pytest.raises(TypeError, match="expected a model of aecourse"):
            models.save(model, tmp_path / "model.pt")
    model = models.DenseAutoencoder((4, 3, 2), lambda: nn.ReLU())
    with pytest.raises(TypeError, match=r"an activation of torch\.nn, got <function"):
        models.save(model, tmp_path / "model.pt")
    with pytest.raises(FileNotFoundError):
        models.save(build("VAE"), tmp_path / "nowhere" / "model.pt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_a_damaged_file_is_refused(kept, tmp_path):
    path = tmp_path / "model.pt"
    models.save(build("VAE"), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else kept])
    with pytest.raises(ValueError, match=r"expected a model that .* got .*model\.pt"):
        models.load(path)


@pytest.mark.parametrize(
    "contents",
    [
        {"weights": torch.zeros(2)},
        torch.zeros(2),
        {"format": saving.FORMAT},
        {"format": saving.FORMAT, "kind": "Unheard", "settings": {}, "weights": {}},
        {"format": saving.FORMAT, "kind": "VAE", "settings": {}, "weights": {}},
        {
            "format": saving.FORMAT,
            "kind": "VAE",
            "settings": {"layer_sizes": (4, 2)},
            "weights": models.VAE((5, 2)).state_dict(),
        },
    ],
)
def test_a_foreign_file_is_refused(contents, tmp_path):
    torch.save(contents, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"expected a model that .* got .*other\.pt"):
        models.load(tmp_path / "other.pt")


def test_no_code_from_a_file_is_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return print, ("harm",)

    (tmp_path / "harm.pt").write_bytes(pickle.dumps(Harmful()))
    torch.save({"format": saving.FORMAT, "kind": Harmful()}, tmp_path / "zip.pt")
    code = (
        "import sys\nfrom aecourse import models\n"
        "for path in sys.argv[1:]:\n"
        "    try: models.load(path)\n"
        "    except ValueError: pass\n"
        "    else: print('loaded')\n"
    )
    files = [tmp_path / "harm.pt", tmp_path / "zip.pt"]
    ran = subprocess.run([sys.executable, "-c", code, *files], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


def test_a_file_that_is_missing_or_no_file_is_told_as_such(tmp_path):
    with pytest.raises(FileNotFoundError):
        models.load(tmp_path / "none.pt")
    with pytest.raises(IsADirectoryError):
        models.load(tmp_path)


def test_others_may_read_what_they_may_read_of_any_new_file(tmp_path):
    (tmp_path / "any").touch()
    models.save(build("VAE"), tmp_path / "model.pt")
    assert (tmp_path / "model.pt").stat().st_mode == (tmp_path / "any").stat().st_mode

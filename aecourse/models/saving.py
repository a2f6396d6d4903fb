"""Keep a trained model in a file, and bring it back."""

import inspect
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..files import written_whole

FORMAT = "aecourse model 1"


def kinds() -> dict[str, type[nn.Module]]:
    """Return by its name each model that `aecourse.models` imports: what can be kept."""
    from .. import models  # which imports this file

    classes = [kind for kind in vars(models).values() if isinstance(kind, type)]
    return {kind.__name__: kind for kind in classes if issubclass(kind, nn.Module)}


def save(model: nn.Module, path: str | Path) -> None:
    """Write a model's settings and weights to one file.

    The file is written under another name first, and takes its own when it is whole. An older file
    of that name is replaced.

    Parameters
    ----------
    model : nn.Module
        One of the models of this package, on any device, trained or not.
    path : str or Path
        For instance ``"digits.pt"``, in a folder that exists.

    Raises
    ------
    TypeError
        If the model is none of this package, or has an activation that is not in `torch.nn`.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from aecourse.models import VAE
    >>> model = VAE((64, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, Path(folder, "digits.pt"))
    ...     again = load(Path(folder, "digits.pt"))
    >>> x = torch.rand(5, 64)
    >>> bool((again.encode(x) == model.encode(x)).all())
    True
    """
    kind = type(model)
    if kinds().get(kind.__name__) is not kind:
        raise TypeError(
            f"expected a model of aecourse ({', '.join(kinds())}), got {kind.__name__}: keep one "
            "of your own by torch.save(model.state_dict(), path)"
        )
    # As in scikit-learn, a model keeps its settings under the names of its parameters.
    names = [name for name in inspect.signature(kind).parameters if hasattr(model, name)]
    settings = {name: _plain(getattr(model, name)) for name in names}
    if activation := settings.get("activation"):
        settings["activation"] = getattr(activation, "__name__", repr(activation))
        if getattr(nn, settings["activation"], None) is not activation:
            raise TypeError(f"expected an activation of torch.nn, got {activation!r}")
    contents = {"format": FORMAT, "kind": kind.__name__, "settings": settings}
    contents["weights"] = model.state_dict()
    with written_whole(path) as temporary, temporary.open("wb") as stream:
        torch.save(contents, stream)


def load(path: str | Path) -> nn.Module:
    """Bring back a model that `save` has written: on the CPU, in evaluation mode.

    No code from the file is run.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    nn.Module

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If the file is damaged, or holds something else.
    """
    path = Path(path)
    try:
        contents = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(contents, dict) or contents.get("format") != FORMAT:
            raise ValueError("it holds something else")
        settings, weights = contents["settings"], contents["weights"]
        if settings.get("activation"):
            settings["activation"] = getattr(nn, settings["activation"])
        model = kinds()[contents["kind"]](**settings)
        model.to(next(value.dtype for value in weights.values() if value.is_floating_point()))
        model.load_state_dict(weights)
    except OSError:  # it is missing, or may not be read
        raise
    except Exception as error:  # whatever a damaged or foreign file leads to
        reason = str(error).split("\n")[0][:80]
        raise ValueError(
            f"expected a model that aecourse.models.save has written, got {path} ({reason})"
        ) from error
    return model.eval()


def _plain(setting):
    """Turn numbers of NumPy into Python's, also those in a tuple: `load` takes no others."""
    if isinstance(setting, tuple):
        return tuple(_plain(part) for part in setting)
    return setting.item() if isinstance(setting, np.generic) else setting

"""What enters is checked here, once: arrays, samples and labels, numbers and seeds.

Each check returns what came, in the form that the caller computes with, or raises an error that
says what came, what was expected and what to do.
"""

import inspect
import math
import operator
from functools import wraps
from itertools import chain
from numbers import Real

import numpy as np
import torch
from torch import Tensor, nn


def require_count(name: str, value: int, *, at_least: int = 1, at_most: int | None = None) -> int:
    """Return a whole number in a range as an int, or raise a ValueError that names it.

    Examples
    --------
    >>> require_count("epochs", 2.5)
    Traceback (most recent call last):
    ValueError: expected epochs to be a whole number from 1, got 2.5
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < at_least or (at_most is not None and number > at_most):
        limit = "" if at_most is None else f" to {at_most}"
        raise ValueError(
            f"expected {name} to be a whole number from {at_least}{limit}, got {value!r}"
        )
    return number


def require_alt(alt: str) -> str:
    """Return what is said to those who cannot see a picture, or raise a ValueError if it is empty.

    Examples
    --------
    >>> require_alt(" ")
    Traceback (most recent call last):
    ValueError: expected a description in alt, got none
    """
    if not alt.strip():
        raise ValueError("expected a description in alt, got none")
    return alt


def require_layer_sizes(layer_sizes) -> tuple[int, ...]:
    """Return at least two sizes, all positive whole numbers, or raise a ValueError."""
    if len(layer_sizes) < 2:
        raise ValueError(f"expected at least two layer sizes, as in (64, 2), got {layer_sizes}")
    return tuple(require_count("each layer size", size) for size in layer_sizes)


def require_seed(seed: int) -> int:
    """Return a seed that Python, NumPy and PyTorch all take, or raise a ValueError."""
    return require_count("seed", seed, at_least=0, at_most=2**32 - 1)


def require_positive(name: str, value: float, *, or_zero: bool = False) -> float:
    """Return a finite number above 0, or from 0, or raise a ValueError that names it."""
    if not (isinstance(value, Real) and 0 <= value < math.inf and (value > 0 or or_zero)):
        raise ValueError(f"expected {name} {'from' if or_zero else 'above'} 0, got {value!r}")
    return value


def require_share(name: str, value: float, *, or_one: bool = True) -> float:
    """Return a number above 0, up to 1 (or below it), or raise a ValueError that names it."""
    if not (isinstance(value, Real) and 0 < value <= 1 and (value < 1 or or_one)):
        limit = "up to" if or_one else "below"
        raise ValueError(f"expected {name} above 0 and {limit} 1, got {value!r}")
    return value


def as_tensor(name: str, values) -> Tensor:
    """Return a tensor as it is, and a copy of anything that NumPy makes an array of numbers of."""
    if isinstance(values, Tensor):
        return values
    try:
        array = np.asarray(values)
    except ValueError:  # rows of unequal length
        array = np.empty(0, dtype=object)
    single = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    kinds = {"f": np.float32 if single else np.float64, "i": np.int64, "u": np.int64, "b": np.bool_}
    if array.dtype.kind not in kinds:
        came = f"{type(values).__name__} of {array.dtype}"
        raise TypeError(f"expected {name} as a tensor or an array of numbers, got {came}")
    return torch.from_numpy(array.astype(kinds[array.dtype.kind], order="C"))


def as_floats(name: str, values) -> Tensor:
    """Return a tensor of floating-point numbers, or say how to scale whole ones."""
    x = as_tensor(name, values)
    if x.is_floating_point():
        return x
    if x.is_complex() or x.dtype == torch.bool or not x.numel():
        cure = f"use {name}.float()" if x.dtype == torch.bool else "take real numbers"
    else:
        largest = 255 if x.dtype == torch.uint8 else x.abs().max().item()
        cure = f"scale them first, for instance {name} / {max(largest, 1)}"
    raise TypeError(f"expected floating-point numbers in {name}, got {x.dtype}: {cure}")


def require_samples(name: str, values) -> Tensor:
    """Return samples that can be computed with, or raise with what came and what was expected.

    Parameters
    ----------
    name : str
        What to call them in the message.
    values : array of shape (n_samples, ...)
        A tensor, or what NumPy makes an array of.

    Returns
    -------
    Tensor
        The same values, in single precision at least, without the gradients of whatever computed
        them.

    Raises
    ------
    TypeError
        If these are no floating-point numbers.
    ValueError
        If there is no sample, or one holds NaN or infinity.
    """
    x = as_floats(name, values).detach()
    if x.ndim == 0 or len(x) == 0:
        came = "one number" if x.ndim == 0 else "none"
        raise ValueError(f"expected at least one sample in {name}, got {came}")
    if x.dtype.itemsize < 4:
        x = x.float()
    # One sum sees NaN and infinity too, and is twenty times faster than a look at each number.
    if not (x.sum().isfinite() or x.isfinite().all()):
        raise ValueError(f"expected finite numbers in {name}, got NaN or infinity")
    return x


def require_codes(name: str, values, n_latent: int | None = None) -> Tensor:
    """Return a matrix of finite codes, one a row, or raise; as `require_samples` does."""
    codes = require_samples(name, values)
    if codes.ndim != 2 or n_latent not in (None, codes.shape[1]):
        wanted = "n_latent" if n_latent is None else n_latent
        raise ValueError(
            f"expected {name} of shape (n_samples, {wanted}), got {tuple(codes.shape)}"
        )
    return codes


def require_shape(name: str, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return samples of a shape each, or raise a ValueError, with the cure where it is plain."""
    if x.ndim == 0 or x.shape[1:] != shape:
        hint = ""
        if x.shape == shape:
            hint = f": add {name}[None] for a single sample"
        elif x.ndim > 1 and math.prod(x.shape[1:]) == math.prod(shape):
            hint = f": use {name}.reshape(-1, {', '.join(map(str, shape))})"
        wanted = ", ".join(map(str, ("n_samples", *shape)))
        raise ValueError(f"expected {name} of shape ({wanted}), got {tuple(x.shape)}{hint}")
    return x


def require_labels(name: str, y, n_samples: int, n_classes: int | None = None) -> Tensor:
    """Return a label from 0, below n_classes where it is given, for each sample, or raise."""
    y = as_tensor(name, y)
    if y.is_floating_point() or y.is_complex() or y.dtype == torch.bool:
        raise TypeError(f"expected {name} as whole numbers, got {y.dtype}")
    if y.shape != (n_samples,):
        raise ValueError(f"expected {n_samples} labels in {name}, one each, got {tuple(y.shape)}")
    y = y.long()
    if len(y) and not y.is_meta and (y.min() < 0 or (n_classes and y.max() >= n_classes)):
        limit = "" if n_classes is None else f" to {n_classes - 1}"
        raise ValueError(f"expected labels from 0{limit} in {name}, got {y.min()} to {y.max()}")
    return y


def require_unit_interval(x: Tensor) -> None:
    """Raise a ValueError unless all values lie in [0, 1]."""
    if x.is_meta or not x.numel():
        return
    if not (x.min() >= 0 and x.max() <= 1):  # written so that NaN is refused too
        raise ValueError(
            f"expected values in [0, 1], got {x.min():.4g} to {x.max():.4g}: scale the data first"
        )


def brought_to(model: nn.Module, values: Tensor) -> Tensor:
    """Bring a tensor to the device of a model's weights, and floats to their precision."""
    weights = next(chain(model.parameters(), model.buffers()), None)
    if weights is None:
        return values
    if values.is_floating_point():
        values = values.to(weights.dtype)  # before it moves: some devices know no doubles
    return values.to(weights.device)


def takes(*shape: int | str):
    """Open a model's method to arrays: its first argument may be of any floating-point type.

    It is brought to the model's device and precision, and must then be of shape
    ``(n_samples, *shape)``. A name in the shape is an attribute of the model.

    Examples
    --------
    >>> class Twice(torch.nn.Linear):
    ...     @takes("in_features")
    ...     def encode(self, x):
    ...         return 2 * x
    >>> Twice(2, 2).encode(np.ones((1, 2)))
    tensor([[2., 2.]])
    >>> Twice(2, 2).encode(np.ones((1, 3)))
    Traceback (most recent call last):
    ValueError: expected x of shape (n_samples, 2), got (1, 3)
    """

    def decorate(method):
        signature = inspect.signature(method)
        name = list(signature.parameters)[1]

        @wraps(method)
        def checked(self, *args, **kwargs):
            call = signature.bind(self, *args, **kwargs)
            sizes = tuple(getattr(self, size) if isinstance(size, str) else size for size in shape)
            x = as_floats(name, call.arguments[name])
            call.arguments[name] = brought_to(self, require_shape(name, x, sizes))
            return method(*call.args, **call.kwargs)

        return checked

    return decorate


def of_one_shape(loss):
    """Refuse to broadcast: a loss of two tensors of different shapes would be wrong quietly."""
    signature = inspect.signature(loss)
    names = list(signature.parameters)[:2]

    @wraps(loss)
    def checked(*args, **kwargs):
        a, b = (signature.bind(*args, **kwargs).arguments[name] for name in names)
        if not (isinstance(a, Tensor) and isinstance(b, Tensor)):
            came = f"{type(a).__name__} and {type(b).__name__}"
            raise TypeError(f"expected {names[0]} and {names[1]} as tensors, got {came}")
        if a.shape != b.shape or a.ndim < 2:
            raise ValueError(
                f"expected {names[0]} and {names[1]} of one shape (n_samples, ...), "
                f"got {tuple(a.shape)} and {tuple(b.shape)}"
            )
        as_floats(names[0], a), as_floats(names[1], b)  # 0 − 16 in eight bits is 240
        return loss(*args, **kwargs)

    return checked

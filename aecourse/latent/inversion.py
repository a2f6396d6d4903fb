"""The inverse problem: find the code that decodes to a given target."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from ..validation import as_floats, require_count, require_samples

# Optimisers of `scipy.optimize.minimize`, and whether they use the gradient.
METHODS = {"Nelder-Mead": False, "Powell": False, "BFGS": True, "CG": True, "L-BFGS-B": True}


@dataclass(frozen=True, eq=False)
class Inversion:
    """The code that came nearest to a target.

    Attributes
    ----------
    code : Tensor of shape (n_latent,)
    error : float
        Euclidean distance between what it decodes to and the target.
    evaluations : int
        How often the decoder was asked, over all starts. With a gradient method, each time for the
        gradient as well, which costs about two decodes more.
    converged : bool
        Whether the optimiser was content with the end of its search. Where rounding limits the
        error, as in single precision, a gradient method may say no at the minimum itself.
    """

    code: Tensor
    error: float
    evaluations: int
    converged: bool


def invert(
    decode: Callable[[Tensor], Tensor],
    target: Tensor,
    *,
    start: Tensor | None = None,
    method: str = "BFGS",
    n_latent: int = 2,
) -> Inversion:
    """Find the code whose decoding is nearest to a target, by the sum of squared differences.

    Equation ``eq-inversion`` of the chapter "Functions instead of images".
    The minimum found depends on the start. Usually a good one is the encoder's answer, where there
    is an encoder: ``start=model.encode(target[None])``.

    Parameters
    ----------
    decode : callable
        Maps codes (n, n_latent) to values (n, ...), differentiably for a gradient method:
        ``model.decode``. It must give the same values each time; put a model with dropout in
        evaluation mode first. Its weights and their gradients are left alone.
    target : Tensor of shape (...)
        What one code should decode to, of the precision that the decoder takes. With both in
        double precision the search ends closer to the minimum.
    start : Tensor of shape (n_latent,) or (n_starts, n_latent), optional
        Where to begin; the best of several is returned. By default the origin and eight draws from
        a standard normal, the same ones each time.
    method : {"BFGS", "CG", "L-BFGS-B", "Nelder-Mead", "Powell"}
        As in ``scipy.optimize.minimize``, with its tolerances. The last two need no gradient.
    n_latent : int
        Numbers per code; only where there is no ``start``.

    Returns
    -------
    Inversion

    Raises
    ------
    ValueError
        If one of them is empty or not finite, their shapes do not fit the decoder's, or the method
        is unknown.
    FloatingPointError
        If no start leads to a finite error.

    Examples
    --------
    >>> def circle(z):
    ...     return torch.cat([z.cos(), z.sin()], dim=1)
    >>> found = invert(circle, torch.tensor([0.0, 1.0]), start=torch.tensor([1.0]))
    >>> round(found.code.item(), 3)  # a quarter turn
    1.571
    """
    if method not in METHODS:
        raise ValueError(f"expected one of the methods {list(METHODS)}, got {method!r}")
    target = require_samples("target", as_floats("target", target)[None])[0]
    if start is None:
        generator = torch.Generator().manual_seed(0)
        start = torch.randn(9, require_count("n_latent", n_latent), generator=generator)
        start[0] = 0
    starts = torch.atleast_2d(require_samples("start", start))
    if starts.ndim != 2:
        came = tuple(starts.shape)
        raise ValueError(f"expected start of shape (n_latent,) or (n_starts, n_latent), got {came}")
    with torch.no_grad():
        shape = decode(starts[:1].to(target)).shape[1:]
    if shape != target.shape:
        raise ValueError(
            f"expected a target of shape {tuple(shape)}, as the decoder gives it, "
            f"got {tuple(target.shape)}"
        )

    def squared_error(z: np.ndarray):
        z = torch.as_tensor(z, dtype=target.dtype, device=target.device)
        with torch.set_grad_enabled(METHODS[method]):
            z.requires_grad_(METHODS[method])
            error = (decode(z[None])[0] - target).square().sum()
            if not METHODS[method]:
                return error.item()
            if not error.requires_grad:
                raise ValueError(
                    f"expected a decoder with a gradient for {method}, got none: it is constant, "
                    'or leaves PyTorch. Use method="Nelder-Mead".'
                )
            (gradient,) = torch.autograd.grad(error, z)
        return error.item(), gradient.double().cpu().numpy()

    runs = [
        minimize(squared_error, z.double().cpu().numpy(), method=method, jac=METHODS[method])
        for z in starts
    ]
    finite = [run for run in runs if np.isfinite(run.fun)]
    if not finite:
        raise FloatingPointError("the decoder gave no finite error from any start: try another one")
    best = min(finite, key=lambda run: run.fun)
    code = torch.as_tensor(best.x, dtype=target.dtype, device=target.device)
    evaluations = sum(run.nfev for run in runs)
    return Inversion(code, float(best.fun) ** 0.5, evaluations, bool(best.success))

"""What a page needs to encode a drawing: the encoder, and how the data were centred and scaled.

The script holds a rule for each of two data sets, as their sources describe them.

"mnist"
    The digit is scaled to fit 20×20 pixels, keeping its aspect, and moved in 28×28 so that its
    centre of mass comes to the centre (LeCun et al. 1998, "Gradient-based learning applied to
    document recognition", section III). In the files this is the middle of pixel 14, counted from
    0, and the move is by whole pixels.
"digits"
    NIST's programs (Garris et al. 1994, NISTIR 5469) stretch the digit to 20×32 pixels of 32×32,
    whatever its aspect; make thin strokes thicker, and thick ones thinner; and shear it until the
    leftmost black pixels near its top and its bottom are one below the other. Then the black pixels
    of each 4×4 block are counted: 8×8 numbers from 0 to 16 (Alpaydin and Kaynak 1998).
"""

from torch import Tensor, nn

from ..runtime import in_batches
from ..validation import require_samples
from .compressing import error, thinned
from .packing import encoder_layers, pack_layers, pack_rows, round_rows, rounded, run

SIDES = {"mnist": 28, "digits": 8}  # pixels of a picture
KEPT = 20  # samples to put onto the pad


def pack_drawing(
    model: nn.Module, rule: str, samples: Tensor, *, tolerance: float
) -> tuple[dict, float]:
    """Write an encoder, some samples and the name of a rule as what JSON can hold.

    Parameters
    ----------
    model : nn.Module
        With an encoder as `packing.encoder_layers` takes it.
    rule : {"mnist", "digits"}
        How a drawing is centred and scaled.
    samples : Tensor of shape (n_samples, ...)
        Pictures, best held out. With every other one large layers are made thin; on the rest the
        error is measured. The first few can be put onto the pad.
    tolerance : float
        Largest error allowed.

    Returns
    -------
    packed : dict
    error : float
        How far the page's codes are from PyTorch's: root mean square, as a share of their spread.

    Raises
    ------
    TypeError
        As `packing.encoder_layers` does.
    ValueError
        If there is no such rule, the samples have another size, or the page would encode something
        else than the model.
    """
    if rule not in SIDES:
        raise ValueError(f"expected to draw as one of {list(SIDES)}, got {rule!r}")
    samples = require_samples("samples to draw", samples)
    x, side = samples.cpu().flatten(1).double(), SIDES[rule]
    if x.shape[1] != side**2 or len(x) < 4:
        raise ValueError(
            f"expected four samples or more of {side}×{side} pixels, got {tuple(samples.shape)}"
        )
    layers = encoder_layers(model)
    codes = in_batches(model.encode, model, samples).double()
    if not error(run(layers, x), codes) < 1e-3:
        raise ValueError("expected model.encode to compute what its encoder does, it differs")
    small = [rounded(layer) for layer in thinned(layers, x[::2], tolerance=tolerance / 2)]
    off = error(run(small, x[1::2]), codes[1::2])
    if not off <= tolerance:
        raise ValueError(
            f"expected an encoder that can be rounded, got codes that then differ by {off:.1%} "
            f"of their spread, where {tolerance:.0%} is allowed"
        )
    shown = round_rows(x[:KEPT], 1)
    return {
        "rule": rule,
        "encoder": pack_layers(small),
        "samples": pack_rows(shown),
        "proof": pack_rows(run(small, shown[:1]), 2),
    }, off

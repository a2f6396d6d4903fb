"""What training did, epoch by epoch: kept, printed as a table, drawn."""

import math
from dataclasses import dataclass, field


@dataclass(repr=False)
class History:
    """What training did, epoch by epoch.

    Attributes
    ----------
    train, held_out : dict of str to list of float
        Average per sample in each epoch: ``"loss"``, and each term of it where it has several.
        Training values are taken while the weights change, held-out values after the epoch.
    interrupted : bool
        Whether Ctrl-C ended the training early.

    Examples
    --------
    >>> print(History(train={"loss": [4.0, 2.0]}, held_out={"loss": [5.0, 3.0]}))
    epoch        loss  held-out loss
        1           4              5
        2           2              3
    """

    train: dict[str, list[float]] = field(default_factory=dict)
    held_out: dict[str, list[float]] = field(default_factory=dict)
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.train.get("loss", []))

    def __repr__(self) -> str:
        columns = self.train | {
            f"held-out {name}": values for name, values in self.held_out.items()
        }
        step = max(1, math.ceil(len(self) / 10))  # about ten lines, the last epoch among them
        lines = ["  ".join(["epoch", *(f"{name:>10}" for name in columns)])]
        for epoch in range((len(self) - 1) % step, len(self), step):
            cells = (
                f"{column[epoch]:>{max(10, len(name))}.4g}" for name, column in columns.items()
            )
            lines.append("  ".join([f"{epoch + 1:>5}", *cells]))
        return "\n".join(lines)

    def plot(self, ax, **options):
        """Draw a term into the given Axes; options as for `plotting.curves`, which does it."""
        from . import plotting  # the one look upwards, only when a picture is asked for

        return plotting.curves(ax, self.train, self.held_out, **options)

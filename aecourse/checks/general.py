"""What can be said of a wrong answer without knowing the exercise."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .running import call

CURES = {
    ("tensor", "array"): "stay in PyTorch: .numpy() leaves it, and the gradient behind",
    ("tensor", "number"): "leave out .item() or float(), and sum over the axis that is meant only",
    ("array", "tensor"): "add .numpy()",
    ("number", "tensor"): "reduce it to one number",
    ("sequence", "tensor"): "add .tolist()",
    ("sequence", "array"): "add .tolist()",
}


def same(a, b, tolerance: float) -> bool:
    """Say whether two answers are of one kind and shape, and equal up to a tolerance."""
    if kind(a) != kind(b):
        return False
    if kind(a) == "sequence":
        return len(a) == len(b) and all(same(*pair, tolerance) for pair in zip(a, b, strict=True))
    x, y = numbers(a), numbers(b)
    if x is None:
        return a == b
    return x.shape == y.shape and torch.allclose(x, y, tolerance, tolerance, equal_nan=True)


def kind(value) -> str:
    """Name what something is; a tensor or array without an axis counts as a number."""
    if isinstance(value, bool | int | float | np.generic) or getattr(value, "ndim", None) == 0:
        return "number"
    kinds = {"tensor": Tensor, "array": np.ndarray, "sequence": list | tuple, "text": str}
    return next((name for name in kinds if isinstance(value, kinds[name])), type(value).__name__)


def numbers(value) -> Tensor | None:
    """Return numbers as a tensor of doubles, and None for anything else."""
    if kind(value) not in ("tensor", "array", "number"):
        return None
    return torch.as_tensor(value).detach().double()


def diagnose(exercise, function: Callable, outcomes: dict, wrong: list, limit) -> str:
    """Say what is wrong with a function that makes no known mistake; nothing if it is right."""
    answers = [key for key in wrong if key[1] == "answer"]
    for case, _ in answers:
        error = outcomes[case, "answer"].error
        if error:
            return error if case == next(iter(outcomes))[0] else f"For {case}: {error}"
    for key in answers:
        hint = form(outcomes[key].answer, exercise.expected[key].answer, exercise.tolerance)
        if hint:
            return hint if key == next(iter(outcomes)) else f"For {key[0]}: {hint}"
    return (
        random(exercise, function, outcomes, limit)
        or changes(exercise, outcomes)
        or (answers and rows(exercise, function, answers[0], outcomes, limit))
        or (answers and values(exercise, outcomes, answers))
        or (wrong and gradients(exercise, outcomes, wrong[0]))
        or ""
    )


def form(got, want, tolerance: float) -> str:
    """Say whether an answer is of another kind or shape."""
    if got is None:
        return "Nothing came back (None). Does the function end with return?"
    pair = kind(want), kind(got)
    x, y = numbers(got), numbers(want)
    comparable = pair[0] == pair[1] or "array" not in pair
    if x is not None and y is not None and comparable:
        if x.shape == y.shape:
            return ""
        how = reshaped(x, y, tolerance)
        if how:
            return f"{how}Expected {name(want)}, got {name(got)}."
    if pair[0] != pair[1]:
        cure = CURES.get(pair)
        return f"Expected {name(want)}, got {name(got)}{f': {cure}' if cure else ''}."
    if pair[0] == "sequence":
        hints = (form(*leaf, tolerance) for leaf in zip(got, want, strict=False))
        longer = "" if len(got) == len(want) else f"Expected {name(want)}, got {name(got)}."
        return next(filter(None, hints), longer)
    return "" if y is None else f"Expected {name(want)}, got {name(got)}."


def reshaped(got: Tensor, want: Tensor, tolerance: float) -> str:
    """Say how numbers of a wrong shape follow from the right ones, or nothing."""
    if got.ndim == want.ndim == 2 and same(got, want.T, tolerance):
        return "The right numbers, transposed. "
    for how, verb in ((Tensor.sum, "summed"), (Tensor.mean, "averaged")):
        for axis in (None, *range(want.ndim)):
            over = "all axes" if axis is None else f"axis {axis}"
            if same(got, how(want) if axis is None else how(want, axis), tolerance):
                return f"The right numbers, but {verb} over {over}. "
        for axis in range(got.ndim):
            if same(how(got, axis), want, tolerance):
                return f"These numbers, {verb} over axis {axis}, would be right. "
    return ""


def random(exercise, function: Callable, outcomes: dict, limit) -> str:
    """Say whether the answer depends on a global random stream."""
    for key, ask, arguments in exercise.questions:
        again = call(ask, function, arguments, limit, seed=1)
        if not exercise.same(again, outcomes[key]):
            return "Two calls with the same inputs gave two answers: nothing random is meant here."
    return ""


def changes(exercise, outcomes: dict) -> str:
    """Say whether the inputs are not what they were."""
    for key, _, arguments in exercise.questions:
        left = outcomes[key].arguments
        for label, before, after in zip(exercise.arguments, arguments, left, strict=False):
            data = kind(before) in ("tensor", "array", "sequence")
            if data and key[1] == "answer" and not same(before, after, 0):
                return (
                    f"It changes its input {label}, which the caller may still need: "
                    "compute a new one, without +=, [...] = or a method that ends in _."
                )
    return ""


def rows(exercise, function: Callable, key: tuple, outcomes: dict, limit) -> str:
    """Say whether samples that are right, or would be, are not so beside others."""
    _, ask, arguments = next(question for question in exercise.questions if question[0] == key)
    n = len(arguments[exercise.rows[0]]) if exercise.rows else 0
    if n < 2:
        return ""
    alone = []
    for i in range(n):
        parts = [
            part[i : i + 1] if j in exercise.rows else part for j, part in enumerate(arguments)
        ]
        alone.append([call(ask, f, parts, limit) for f in (function, exercise.reference)])
    got, want = outcomes[key].answer, exercise.expected[key].answer
    if all(exercise.same(*pair) for pair in alone):
        if same(got[0], want[0], exercise.tolerance):
            return "Right for one sample only: the first. Does a loop return too early?"
        return (
            "Right for one sample on its own, not for several at once: the answer for one depends "
            "on the rest of the batch."
        )
    first = alone[0][0].answer
    if kind(first) == kind(got) and not same(first[0], got[0], exercise.tolerance):
        return "The answer for a sample depends on the rest of the batch. It should not."
    return ""


def values(exercise, outcomes: dict, wrong: list) -> str:
    """Say how wrong numbers follow from the right ones, or show some of both."""
    right = [case for case, what in outcomes if what == "answer" and (case, what) not in wrong]
    case = wrong[0][0]
    got, want = (found[wrong[0]].answer for found in (outcomes, exercise.expected))
    for part, *pair in zip(exercise.parts, got, want, strict=True) if exercise.parts else ():
        if not same(*pair, exercise.tolerance):
            return f"Not right for {case}: {part} is {show(pair[0])}, expected {show(pair[1])}."
    keys = [key for key in outcomes if key[1] == "answer"]
    pairs = [(flat(outcomes[key].answer), flat(exercise.expected[key].answer)) for key in keys]
    if all(x is not None for pair in pairs for x in pair):
        x, y = flat(got), flat(want)
        if y.isfinite().all() and not x.isfinite().all():
            return (
                f"For {case} there is NaN or infinity in the answer: from the logarithm of zero, "
                "a division by zero, or an exponential that is too large?"
            )
        differ = [(x, y) for x, y in pairs if y.ndim == 2 and not same(x, y, exercise.tolerance)]
        if any(same(x, y.T, exercise.tolerance) for x, y in differ):
            return "The right numbers, transposed."
        hint = "" if right else proportional(exercise, pairs)
        if hint:
            return hint
    good = f"Right for {', '.join(right)}; not for {case}" if right else f"Not right for {case}"
    return f"{good}: expected {show(want, got)}, got {show(got, want)}."


def flat(answer) -> Tensor | None:
    """Return all numbers of an answer, also of a list of them; None for anything else."""
    if kind(answer) != "sequence":
        return numbers(answer)
    parts = [numbers(part) for part in answer]
    if any(part is None for part in parts) or not parts:
        return None
    return torch.cat([part.flatten() for part in parts])


def proportional(exercise, pairs: list) -> str:
    """Say by which factor all numbers are off, if it is one."""
    factors = [float((x * y).sum() / y.square().sum().clamp(min=1e-300)) for x, y in pairs]
    if not all(
        same(x, factor * y, exercise.tolerance)
        for (x, y), factor in zip(pairs, factors, strict=True)
    ):
        return ""
    if same(factors, [-1.0] * len(factors), 1e-3):
        return "The right numbers with the wrong sign."
    if same(factors, factors[:1] * len(factors), 1e-3):
        return f"The right numbers, but off by a constant factor: {factors[0]:.4g} times too large."
    sizes = []
    for _, _, arguments in exercise.questions[: len(pairs)]:
        shapes = [tuple(part.shape) for part in arguments if kind(part) in ("tensor", "array")]
        sizes.append({1.0, *(float(n) for shape in shapes for n in (*shape, np.prod(shape)))})
    for power, verb in ((-1, "averaged where a sum"), (1, "summed where an average")):
        if all(
            any(abs(factor - n**power) < 1e-3 * n**power for n in some)
            for factor, some in zip(factors, sizes, strict=True)
        ):
            return f"The right numbers, but {verb} is asked for."
    return ""


def gradients(exercise, outcomes: dict, key: tuple) -> str:
    """Say which argument gets no gradient, or a wrong one."""
    if outcomes[key].error:
        return f"It fails where a gradient is asked for. {outcomes[key].error}"
    labels = [exercise.arguments[i] for i in exercise.gradient]
    for label, got, want in zip(
        labels, outcomes[key].answer, exercise.expected[key].answer, strict=True
    ):
        if got is None:
            return (
                f"The numbers are right, but no gradient reaches {label}: .item(), .detach(), "
                ".numpy(), torch.tensor(…) and torch.no_grad() cut it off."
            )
        if not same(got, want, exercise.tolerance):
            return f"The numbers are right, but their gradient in {label} is wrong."
    return ""


def name(value) -> str:
    """Describe an answer in a word or two."""
    if kind(value) in ("tensor", "array"):
        what = "a tensor" if kind(value) == "tensor" else "a NumPy array"
        return f"{what} of shape {tuple(value.shape)}"
    if kind(value) == "sequence":
        return f"{len(value)} values in a list or tuple"
    return {"number": "a number", "text": f"the word {value!r}"}.get(
        kind(value), f"a {type(value).__name__}"
    )


def show(value, other=None) -> str:
    """Show a few numbers of an answer: from the first that differs from those of another one."""
    if kind(value) == "sequence":
        return f"[{'; '.join(map(show, value[:8]))}{'; …' if len(value) > 8 else ''}]"
    x = numbers(value)
    if x is None:
        return repr(value)
    x, y, start = x.flatten(), numbers(other), 0
    if y is not None and y.numel() == x.numel() > 5:
        differs = (~torch.isclose(x, y.flatten().to(x.dtype), rtol=1e-4, equal_nan=True)).nonzero()
        start = int(differs[0, 0]) if len(differs) else 0
    shown = x[start : start + 5].tolist()
    some = ", ".join(f"{number:{'.0f' if number % 1 == 0 else '.4g'}}" for number in shown)
    return ("…, " if start else "") + some + (", …" if x.numel() > start + 5 else "")

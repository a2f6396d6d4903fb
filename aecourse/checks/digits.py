"""Exercises of the chapter "A first autoencoder"."""

import torch
from torch import nn

from .. import losses
from .compare import Exercise


def pca(train, test, d, *, centre=None, back=None, scale=1.0, pick=lambda vh, d: vh[:d]):
    """Reconstruct by principal components, with each step open to a mistake."""
    mean = train.mean(dim=0)
    centre = mean if centre is None else centre
    components = pick(torch.linalg.svd((train - centre) / scale, full_matrices=False).Vh, d)
    codes = (test - centre) / scale @ components.T
    return codes @ components * scale + (centre if back is None else back)


def _rows(pick):
    def of_eigh(train, test, d):
        mean = train.mean(dim=0)
        rows = pick(torch.linalg.eigh(torch.cov(train.T)).eigenvectors, d)
        return mean + (test - mean) @ rows.T @ rows

    return of_eigh


PCA_RECONSTRUCT = Exercise(
    name="pca_reconstruct",
    reference=pca,
    mistakes={
        "The mean is never subtracted: PCA describes how samples differ from the mean of the "
        "training samples.": lambda train, test, d: pca(train, test, d, centre=0.0),
        "The mean is never subtracted, and these are the last d directions, with the smallest "
        "variance: torch.linalg.eigh and the like sort upwards.": lambda train, test, d: pca(
            train, test, d, centre=0.0, pick=lambda vh, d: vh[-d:]
        ),
        "The test samples are centred by their own mean. Everything is learned from the training "
        "samples, the mean too.": lambda train, test, d: (
            pca(train, test + train.mean(dim=0) - test.mean(dim=0), d)
            + test.mean(dim=0)
            - train.mean(dim=0)
        ),
        "The test samples are centred by their own mean, and the mean of the training samples is "
        "added back. Use the training mean for both.": lambda train, test, d: pca(
            train, test + train.mean(dim=0) - test.mean(dim=0), d
        ),
        "The components are learned from the test samples. Those are held out: use train.": (
            lambda train, test, d: pca(test, test, d)
        ),
        "The components are the first d rows of Vh, as torch.linalg.svd returns it, and not its "
        "columns.": lambda train, test, d: pca(train, test, d, pick=lambda vh, d: vh[:, :d].T),
        "torch.linalg.eigh has the eigenvectors in the columns, not in the rows.": _rows(
            lambda vectors, d: vectors[-d:]
        ),
        "torch.linalg.eigh has the eigenvectors in the columns, not in the rows; and it sorts "
        "upwards: the last d are meant.": _rows(lambda vectors, d: vectors[:d]),
        "The mean is not added back after the decoding.": (
            lambda train, test, d: pca(train, test, d, back=0.0)
        ),
        "The pixels are scaled to unit variance first. That is another method: here they are "
        "centred only.": lambda train, test, d: pca(
            train, test, d, scale=train.std(dim=0).clamp(min=1e-6)
        ),
        "These are the last d directions, with the smallest variance. torch.linalg.eigh and the "
        "like sort upwards.": lambda train, test, d: pca(
            train, test, d, pick=lambda vh, d: vh[-d:]
        ),
        "This is one direction too few.": lambda train, test, d: pca(
            train, test, d, pick=lambda vh, d: vh[: d - 1]
        ),
        "This is one direction too many.": lambda train, test, d: pca(
            train, test, d, pick=lambda vh, d: vh[: d + 1]
        ),
        "These are the samples themselves, or all directions: keep d of them.": (
            lambda train, test, d: test
        ),
        "The training samples come back. Reconstruct the test samples.": (
            lambda train, test, d: pca(train, train, d)
        ),
    },
    cases=lambda: {
        "30 training samples of 6 values": (_spread(30, 6), _spread(8, 6) + 1, 2),
        "a single test sample": (_spread(20, 5), _spread(1, 5), 1),
        "a single direction": (_spread(15, 4), _spread(3, 4), 1),
        "data far from zero": (_spread(40, 5) + 10, _spread(4, 5) + 10, 3),
    },
    holds=(
        "mean and components come from the training samples alone",
        "the d directions of largest variance, and the mean added back",
    ),
    rows=(1,),
    tolerance=1e-3,
)


def _spread(n, d):
    """Draw samples that are not centred, and spread more in some directions than in others."""
    return torch.randn(n, d) * torch.arange(d, 0, -1.0).exp2() @ torch.linalg.qr(
        torch.cos(torch.arange(d * d * 1.0)).reshape(d, d) + torch.eye(d)
    ).Q + torch.arange(d * 1.0)


def check_pca_reconstruct(function, *, time_limit: float = 10.0) -> None:
    """Check ``pca_reconstruct(train, test, d)``: PCA as an autoencoder.

    Parameters
    ----------
    function : callable
        Takes tensors of shape (n_train, n_values) and (n_test, n_values) and an int d, and returns
        a tensor of shape (n_test, n_values): the test samples, reconstructed from their
        projections onto the d principal components of the training samples.
    time_limit : float
        Seconds that a call may take.
    """
    PCA_RECONSTRUCT.check(function, time_limit)


def train_step(model, optimiser, x):
    """Take one step of training on one batch."""
    loss = losses.squared_error(model(x), x).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def _in_order(*order):
    """Take other steps than `train_step`, or in another order."""

    def step(model, optimiser, x):
        loss = losses.squared_error(model(x), x).mean()
        do = {"zero": optimiser.zero_grad, "backward": loss.backward, "step": optimiser.step}
        for name in order:
            do[name]()
        return loss.item()

    return step


def _with_loss(loss_of):
    def step(model, optimiser, x):
        loss = loss_of(model(x), x)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def _loss_after(model, optimiser, x):
    train_step(model, optimiser, x)
    return losses.squared_error(model(x), x).mean().item()


def _three_steps(function, seed, method, batches):
    """Train a small model; return each loss, the weights in the end, and how often it stepped."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 4))
    optimiser, steps = method(model.parameters(), lr=0.05), []
    optimiser.register_step_post_hook(lambda *step: steps.append(step))
    found = [function(model, optimiser, x) for x in batches]
    weights = torch.cat([weight.detach().flatten() for weight in model.parameters()])
    return [*found, weights, len(steps)]


TRAIN_STEP = Exercise(
    name="train_step",
    reference=train_step,
    mistakes={
        "The gradients of earlier steps are still there, and PyTorch adds to them: call "
        "optimiser.zero_grad().": _in_order("backward", "step"),
        "The gradients are set to zero after backward, or the loss is a tensor made anew: the step "
        "finds none. First zero_grad, then backward on the loss itself, then step.": (
            _in_order("backward", "zero", "step")
        ),
        "The step comes before backward, so it uses the gradients of the batch before. First "
        "backward, then step.": _in_order("step", "zero", "backward"),
        "The weights never move: backward or optimiser.step() is missing.": _in_order(
            "zero", "backward"
        ),
        "The reconstruction is detached from the model (.detach(), .numpy(), torch.no_grad() or a "
        "tensor made anew), so backward finds no way to the weights.": _with_loss(
            lambda x_hat, x: losses.squared_error(x_hat.detach(), x).mean()
        ),
        "This loss is the mean over all values. Sum over the values of a sample, and average over "
        "the samples only.": _with_loss(lambda x_hat, x: (x_hat - x).square().mean()),
        "This loss is summed over the samples. Average over these, or the length of a step "
        "depends on the size of the batch.": _with_loss(
            lambda x_hat, x: (x_hat - x).square().sum()
        ),
        "The weights are right, but the loss is that after the step. Return the one before it, "
        "which is there already.": _loss_after,
    },
    cases=lambda: {
        "gradient descent": (0, torch.optim.SGD, [torch.rand(5, 4) for _ in range(3)]),
        "Adam": (1, torch.optim.Adam, [torch.rand(6, 4) for _ in range(3)]),
        "batches of different size": (
            2,
            torch.optim.SGD,
            [torch.rand(n, 4) for n in (4, 1, 7)],
        ),
    },
    holds=(
        "three steps lead where they should, by gradient descent and by Adam",
        "each from the gradients of its own batch",
        "it returns the loss",
    ),
    ask=_three_steps,
    parts=(*(f"the loss of step {i}" for i in (1, 2, 3)), "the weights", "the number of steps"),
    tolerance=1e-3,
)


def check_train_step(function, *, time_limit: float = 10.0) -> None:
    """Check ``train_step(model, optimiser, x)``: one step of training.

    Parameters
    ----------
    function : callable
        Takes a model, an optimiser of its weights and a batch of shape (n_samples, n_values);
        computes the squared error of ``model(x)``, summed over the values of each sample and
        averaged over the samples; moves the weights by one step of the optimiser; and returns the
        loss before the step, as a number.
    time_limit : float
        Seconds that a call may take.
    """
    TRAIN_STEP.check(function, time_limit)

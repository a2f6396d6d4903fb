"""Exercises of the chapter "Codes as distributions"."""

import math

import torch

from .. import latent, losses
from ..models import VAE
from ..models.variational import reparameterise
from .compare import Exercise


def half_sum(*terms):
    """Half of a sum of terms, summed over each code."""
    return 0.5 * sum(terms).sum(dim=1)


KL = Exercise(
    name="kl",
    reference=losses.kl_to_standard_normal,
    mistakes={
        "It has σ² + μ² − ln σ − ½. The factor ½ stands before the whole: ½ (σ² + μ² − ln σ² − 1), "
        "so μ² and σ² are halved too.": lambda mean, log_var: (
            log_var.exp() + mean.square() - 0.5 * log_var - 0.5
        ).sum(dim=1),
        "It has σ² + μ² − ln σ² − ½: both halves of the formula are mixed up. It is "
        "½ (μ² + σ² − ln σ² − 1).": lambda mean, log_var: (
            log_var.exp() + mean.square() - log_var - 0.5
        ).sum(dim=1),
        "It averages over the numbers of a code. Sum over them: their divergences add up.": (
            lambda mean, log_var: losses.kl_to_standard_normal(mean, log_var) / mean.shape[1]
        ),
        "log_var is taken for ln σ. It is ln σ², so exp(log_var) is σ² already.": (
            lambda mean, log_var: losses.kl_to_standard_normal(mean, 2 * log_var)
        ),
        "It has σ where σ² belongs: exp(½ log_var) is the standard deviation.": (
            lambda mean, log_var: half_sum(mean.square(), (0.5 * log_var).exp(), -log_var, -1)
        ),
        "exp(log_var) is squared once more: it is σ² already.": (
            lambda mean, log_var: half_sum(mean.square(), (2 * log_var).exp(), -log_var, -1)
        ),
        "It has ln σ where ln σ² belongs: log_var is already the logarithm of the variance.": (
            lambda mean, log_var: half_sum(mean.square(), log_var.exp(), -0.5 * log_var, -1)
        ),
        "log_var is taken for σ² itself. It is its logarithm, and may be negative.": (
            lambda mean, log_var: half_sum(mean.square(), log_var, -log_var.log(), -1)
        ),
        "log_var is taken for σ. It is ln σ²: exp(log_var) is the variance.": (
            lambda mean, log_var: half_sum(
                mean.square(), log_var.square(), -log_var.square().log(), -1
            )
        ),
        "The factor ½ is missing.": lambda mean, log_var: (
            2 * losses.kl_to_standard_normal(mean, log_var)
        ),
        "The −1 is missing: the divergence must be zero where the Gaussian is the prior.": (
            lambda mean, log_var: half_sum(mean.square(), log_var.exp(), -log_var)
        ),
        "The −1 is subtracted once for each code. It belongs to each number of it.": (
            lambda mean, log_var: half_sum(mean.square(), log_var.exp(), -log_var) - 0.5
        ),
        "The mean is not squared.": (
            lambda mean, log_var: half_sum(mean, log_var.exp(), -log_var, -1)
        ),
        "The mean is missing: codes far from the origin cost nothing.": (
            lambda mean, log_var: half_sum(log_var.exp(), -log_var, -1)
        ),
        "The variance is missing: σ², which is exp(log_var).": (
            lambda mean, log_var: half_sum(mean.square(), -log_var, -1)
        ),
        "The logarithm has the wrong sign: it is −ln σ².": (
            lambda mean, log_var: half_sum(mean.square(), log_var.exp(), log_var, -1)
        ),
        "The sign is wrong: a divergence is never negative.": (
            lambda mean, log_var: -losses.kl_to_standard_normal(mean, log_var)
        ),
        "This is the divergence the other way round, from the prior to the Gaussian.": (
            lambda mean, log_var: half_sum((1 + mean.square()) / log_var.exp(), log_var, -1)
        ),
        "This is one number for the whole batch. Return one for each sample: sum over axis 1 "
        "only.": lambda mean, log_var: losses.kl_to_standard_normal(mean, log_var).sum(),
        "This is the average over the batch. Return one number for each sample.": (
            lambda mean, log_var: losses.kl_to_standard_normal(mean, log_var).mean()
        ),
        "This is the mean over batch and code. Sum over the code, and leave the batch alone.": (
            lambda mean, log_var: losses.kl_to_standard_normal(mean, log_var).mean() / mean.shape[1]
        ),
        "It sums over the batch (axis 0). Sum over the numbers of each code: axis 1.": (
            lambda mean, log_var: losses.kl_to_standard_normal(mean.T, log_var.T)
        ),
        "The right numbers, but in a column: leave out keepdim=True.": (
            lambda mean, log_var: losses.kl_to_standard_normal(mean, log_var)[:, None]
        ),
        "The numbers of a code are not summed yet: their divergences add up.": (
            lambda mean, log_var: 0.5 * (mean.square() + log_var.exp() - log_var - 1)
        ),
    },
    cases=lambda: {
        "5 codes of 3 numbers": tuple(torch.randn(2, 5, 3)),
        "2 codes of 4 numbers": tuple(2 * torch.randn(2, 2, 4)),
        "the prior itself": (torch.zeros(3, 2), torch.zeros(3, 2)),
        "a log-variance of −20": (torch.ones(2, 2), torch.full((2, 2), -20.0)),
        "a single code": tuple(torch.randn(2, 1, 2)),
    },
    holds=(
        "½ (μ² + σ² − ln σ² − 1), summed over each code, in nats",
        "zero where the Gaussian is the prior",
        "its gradients reach the mean and the log-variance",
    ),
    rows=(0, 1),
    gradient=(0, 1),
)


def check_kl(function, *, time_limit: float = 10.0) -> None:
    """Check ``kl(mean, log_var)``: the divergence of codes from a standard normal.

    Parameters
    ----------
    function : callable
        Takes the means and the logarithms of the variances, tensors of shape (n_samples,
        n_latent), and returns a tensor of shape (n_samples,): the KL divergence from N(μ, σ²) to
        N(0, 1), summed over the numbers of each code, in nats. For mean 2 and log_var 0 it is 2.
    time_limit : float
        Seconds that a call may take.

    Examples
    --------
    >>> check_kl(losses.kl_to_standard_normal)
    ✓ kl: correct
      · ½ (μ² + σ² − ln σ² − 1), summed over each code, in nats
      · zero where the Gaussian is the prior
      · its gradients reach the mean and the log-variance
    """
    KL.check(function, time_limit)


def _draws(function, mean, log_var):
    """Draw 4,000 codes for each Gaussian, and measure what must not depend on how they are drawn.

    Twice from equal generators; then how far the draws agree, whether another seed gives others,
    mean, deviation and shape of each number, how numbers and samples go together, and gradients.
    """
    mean, log_var = mean.requires_grad_(), log_var.requires_grad_()
    rows = [part.repeat(4000, 1) for part in (mean, log_var)]
    draws = [function(*rows, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    z = draws[0]
    if not isinstance(z, torch.Tensor) or z.shape != rows[0].shape:
        return [z]
    off = ((z - rows[0]) / (0.5 * rows[1]).exp()).detach().reshape(-1, *mean.shape).double()
    slopes = [None, None]
    if z.requires_grad:
        sums = z.sum() / 4000, (z * off.reshape(z.shape)).sum() / 4000
        slopes = [
            torch.autograd.grad(total, part, retain_graph=True, allow_unused=True)[0]
            for total, part in zip(sums, (mean, log_var), strict=True)
        ]
    return [
        torch.zeros(z.shape),
        float(torch.equal(draws[0], draws[1])),
        float(torch.equal(draws[0], draws[2])),
        off.mean(dim=0),
        off.std(dim=0),
        (off.abs() < 1).double().mean(dim=0),
        (off[:-1] * off[1:]).mean(dim=0),
        (off * off.roll(1, dims=2)).mean(dim=0),
        (off * off.roll(1, dims=1)).mean(dim=0),
        *(torch.zeros(0) if slope is None else slope for slope in slopes),
    ]


def _noise(like, generator):
    return torch.randn(like.shape, generator=generator)


REPARAMETERISE = Exercise(
    name="reparameterise",
    reference=lambda mean, log_var, generator: reparameterise(mean, log_var, generator),
    mistakes={
        "The noise is multiplied by the variance. It wants the standard deviation: "
        "exp(½ log_var).": lambda mean, log_var, generator: (
            mean + log_var.exp() * _noise(mean, generator)
        ),
        "The log-variance is used for the standard deviation: exp(½ log_var) is missing.": (
            lambda mean, log_var, generator: mean + log_var * _noise(mean, generator)
        ),
        "The root of the log-variance is no deviation: exp(½ log_var) is.": (
            lambda mean, log_var, generator: mean + log_var.sqrt() * _noise(mean, generator)
        ),
        "Twice the log-variance gives σ⁴: half of it is ln σ.": (
            lambda mean, log_var, generator: mean + (2 * log_var).exp() * _noise(mean, generator)
        ),
        "The noise is not scaled: multiply by exp(½ log_var).": (
            lambda mean, log_var, generator: mean + _noise(mean, generator)
        ),
        "The mean is missing.": lambda mean, log_var, generator: (
            (0.5 * log_var).exp() * _noise(mean, generator)
        ),
        "All samples get the same noise. Draw it in the shape of mean.": (
            lambda mean, log_var, generator: (
                mean + (0.5 * log_var).exp() * _noise(mean[:1], generator)
            )
        ),
        "All numbers of a code get the same noise. Draw it in the shape of mean.": (
            lambda mean, log_var, generator: (
                mean + (0.5 * log_var).exp() * _noise(mean[:, :1], generator)
            )
        ),
        "One number is drawn for all. Draw noise in the shape of mean.": (
            lambda mean, log_var, generator: (
                mean + (0.5 * log_var).exp() * torch.randn((), generator=generator)
            )
        ),
        "The noise is uniform from 0 to 1 (torch.rand). It should be standard normal: "
        "torch.randn.": lambda mean, log_var, generator: (
            mean + (0.5 * log_var).exp() * torch.rand(mean.shape, generator=generator)
        ),
        "The noise is uniform. It should be standard normal: torch.randn.": (
            lambda mean, log_var, generator: (
                mean + (0.5 * log_var).exp() * (2 * torch.rand(mean.shape, generator=generator) - 1)
            )
        ),
        "No gradient reaches mean and log_var: the draw is detached, or made by torch.normal or "
        "sample. Write it as mean + σ · noise.": lambda mean, log_var, generator: reparameterise(
            mean, log_var, generator
        ).detach(),
        "No gradient reaches mean and log_var, and the draw does not come from the generator: so "
        "it is with torch.distributions and its sample(). Write mean + σ · noise.": (
            lambda mean, log_var, generator: reparameterise(mean, log_var).detach()
        ),
        "torch.normal draws rightly, but hands on a gradient of zero. Write mean + σ · noise.": (
            lambda mean, log_var, generator: torch.normal(
                mean, (0.5 * log_var).exp(), generator=generator
            )
        ),
        "No gradient reaches log_var: σ is detached.": lambda mean, log_var, generator: (
            reparameterise(mean, log_var.detach(), generator)
        ),
        "No gradient reaches mean: it is detached.": lambda mean, log_var, generator: (
            reparameterise(mean.detach(), log_var, generator)
        ),
        "Nothing is drawn: this is the mean.": lambda mean, log_var, generator: mean,
        "Nothing is drawn: this is mean + σ, without any noise.": (
            lambda mean, log_var, generator: mean + (0.5 * log_var).exp()
        ),
        "Each call gives the same draw, whatever the generator: is it seeded inside?": (
            lambda mean, log_var, generator: reparameterise(
                mean, log_var, torch.Generator().manual_seed(3)
            )
        ),
        "The draw does not come from the generator: hand it on, as in "
        "torch.randn(mean.shape, generator=generator).": (
            lambda mean, log_var, generator: reparameterise(mean, log_var)
        ),
    },
    cases=lambda: {
        "2 codes of 3 numbers": (torch.randn(2, 3), 1.5 * torch.randn(2, 3)),
        "2 codes of 2 numbers": (3 * torch.randn(2, 2), torch.tensor([[2.0, -2.0], [1.0, -3.0]])),
    },
    holds=(
        "4,000 draws have the right mean, deviation and shape, and are independent",
        "equal generators give equal draws, others give others",
        "gradients reach the mean and the log-variance",
    ),
    ask=_draws,
    parts=(
        "the shape",
        "1 if equal generators give equal draws",
        "1 if other generators give equal draws",
        "mean of the noise",
        "deviation of the noise",
        "share of the noise within ±1",
        "correlation between samples",
        "correlation between numbers of a code",
        "correlation between codes",
        "gradient in mean",
        "gradient in log_var",
    ),
    tolerance=0.12,
)


def check_reparameterise(function, *, time_limit: float = 10.0) -> None:
    """Check ``reparameterise(mean, log_var, generator)``: a draw that gradients pass.

    Parameters
    ----------
    function : callable
        Takes the means and the logarithms of the variances, tensors of shape (n_samples,
        n_latent), and a ``torch.Generator``; returns a tensor of the same shape, drawn from
        N(μ, σ²) with noise from the generator, as mean + σ · noise.
    time_limit : float
        Seconds that a call may take.
    """
    REPARAMETERISE.check(function, time_limit)


def negative_elbo(vae, x, generator, *, draw=True, weight=1.0):
    """Estimate −ELBO of each sample with one draw of its code."""
    mean, log_var = vae.encode_distribution(x)
    z = vae.reparameterise(mean, log_var, generator) if draw else mean
    return vae.reconstruction_nll(z, x) + weight * losses.kl_to_standard_normal(mean, log_var)


def _parts(vae, x, generator):
    kl = losses.kl_to_standard_normal(*vae.encode_distribution(x))
    return negative_elbo(vae, x, generator) - kl, kl


def _logits_twice(vae, x, generator):
    mean, log_var = vae.encode_distribution(x)
    decoded = vae.decode(vae.reparameterise(mean, log_var, generator))
    return losses.bernoulli_nll(decoded, x) + losses.kl_to_standard_normal(mean, log_var)


def _squared(vae, x, generator):
    mean, log_var = vae.encode_distribution(x)
    decoded = vae.decode(vae.reparameterise(mean, log_var, generator))
    return losses.squared_error(decoded, x) + losses.kl_to_standard_normal(mean, log_var)


def _from_prior(vae, x, generator):
    mean, log_var = vae.encode_distribution(x)
    nll = vae.reconstruction_nll(torch.randn(mean.shape, generator=generator), x)
    return nll + losses.kl_to_standard_normal(mean, log_var)


def _averages(function, sizes, x):
    """Average over 1,000 draws for each sample, and say whether the generator decides them."""
    torch.manual_seed(sizes[0])
    vae = VAE(sizes, beta=4.0)  # β is for training: the ELBO has none
    with torch.no_grad():
        for part in (*vae.encoder.parameters(), *vae.decoder.parameters()):
            part.mul_(2.0)
    many = x.repeat(1000, 1)
    with torch.no_grad():
        draws = [function(vae, many, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    if not isinstance(draws[0], torch.Tensor) or draws[0].shape != many.shape[:1]:
        return [draws[0]]
    repeats = [float(torch.equal(draws[0], other)) for other in draws[1:]]
    return [torch.zeros(len(many)), draws[0].reshape(1000, -1).mean(dim=0), *repeats]


NEGATIVE_ELBO = Exercise(
    name="negative_elbo",
    reference=negative_elbo,
    mistakes={
        "The code is the mean: nothing is drawn. The ELBO is an expectation over codes from the "
        "encoder's Gaussian, and with the mean it is no bound.": (
            lambda vae, x, generator: negative_elbo(vae, x, generator, draw=False)
        ),
        "The KL divergence is missing: this is the reconstruction alone.": (
            lambda vae, x, generator: _parts(vae, x, generator)[0]
        ),
        "The reconstruction is missing: this is the KL divergence alone.": (
            lambda vae, x, generator: _parts(vae, x, generator)[1]
        ),
        "The KL divergence is subtracted. In the negative ELBO both terms are costs.": (
            lambda vae, x, generator: negative_elbo(vae, x, generator, weight=-1.0)
        ),
        "This is the ELBO: its negative was asked for.": (
            lambda vae, x, generator: -negative_elbo(vae, x, generator)
        ),
        "The KL divergence is multiplied by β. That is the loss of a β-VAE; the bound has none. "
        "(vae.loss_terms multiplies by it.)": (
            lambda vae, x, generator: negative_elbo(vae, x, generator, weight=vae.beta)
        ),
        "This is vae.loss_terms: it multiplies the KL divergence by β, and draws without the "
        "generator.": lambda vae, x, generator: negative_elbo(vae, x, None, weight=vae.beta),
        "The reconstruction is averaged over the pixels, the KL divergence summed: an accidental "
        "β. Sum both.": lambda vae, x, generator: (
            _parts(vae, x, generator)[0] / x.shape[1] + _parts(vae, x, generator)[1]
        ),
        "The KL divergence is averaged over the code, the reconstruction summed over the pixels. "
        "Sum both.": lambda vae, x, generator: negative_elbo(
            vae, x, generator, weight=1 / vae.n_latent
        ),
        "Both terms are averaged, each over its own number of values. Sum both.": (
            lambda vae, x, generator: (
                _parts(vae, x, generator)[0] / x.shape[1]
                + _parts(vae, x, generator)[1] / vae.n_latent
            )
        ),
        "vae.decode has applied the sigmoid, and its probabilities are taken for logits. Use "
        "vae.reconstruction_nll.": _logits_twice,
        "This reconstruction term is a squared error. For Bernoulli pixels it is the "
        "cross-entropy: vae.reconstruction_nll.": _squared,
        "The codes are drawn from the prior. The ELBO draws them from the encoder's Gaussian.": (
            _from_prior
        ),
        "The draw does not come from the generator: hand it on to vae.reparameterise.": (
            lambda vae, x, generator: negative_elbo(vae, x, None)
        ),
        "Each call gives the same draw, whatever the generator: is it seeded inside, as "
        "evaluation.elbo_terms is? Draw with vae.reparameterise.": (
            lambda vae, x, generator: negative_elbo(vae, x, torch.Generator().manual_seed(0))
        ),
        "This is the average over the batch. Return one number for each sample.": (
            lambda vae, x, generator: negative_elbo(vae, x, generator).mean()
        ),
        "This is the sum over the batch. Return one number for each sample.": (
            lambda vae, x, generator: negative_elbo(vae, x, generator).sum()
        ),
    },
    cases=lambda: {
        "4 samples of 9 pixels": ((9, 6, 2), torch.rand(4, 9)),
        "a code of 3 numbers": ((5, 8, 3), torch.rand(3, 5).round()),
    },
    holds=(
        "reconstruction and KL divergence, both summed, one number for each sample, in nats",
        "codes are drawn from the encoder's Gaussian, by the generator",
        "β plays no part",
    ),
    ask=_averages,
    parts=(
        "the shape",
        "average over 1,000 draws",
        "1 if equal generators give equal answers",
        "1 if other generators give equal answers",
    ),
    tolerance=0.02,
)


def check_negative_elbo(function, *, time_limit: float = 10.0) -> None:
    """Check ``negative_elbo(vae, x, generator)``: the bound on −ln p(x).

    Parameters
    ----------
    function : callable
        Takes a `models.VAE` of Bernoulli pixels, samples of shape (n_samples, n_features) in
        [0, 1] and a ``torch.Generator``; returns a tensor of shape (n_samples,): −ln p(x|z) for
        one code z drawn from the encoder's Gaussian, plus the KL divergence, in nats. Of the model
        it may use ``encode_distribution``, ``reparameterise``, ``decode`` and
        ``reconstruction_nll``.
    time_limit : float
        Seconds that a call may take.
    """
    NEGATIVE_ELBO.check(function, time_limit)


def arc(z_start, z_end, n_steps, *, angle=None, weights=None, divide=True):
    """Walk along an arc, with each step open to a mistake."""
    if angle is None:
        cosine = (z_start @ z_end / z_start.norm() / z_end.norm()).clamp(-1, 1)
        angle = torch.arccos(cosine)
    t = torch.linspace(0, 1, n_steps) if weights is None else weights
    mixed = ((1 - t) * angle).sin()[:, None] * z_start + (t * angle).sin()[:, None] * z_end
    return mixed / angle.sin() if divide else mixed


def _straight(z_start, z_end, n_steps):
    return latent.interpolate(z_start, z_end, n_steps)


def _rescaled(z_start, z_end, n_steps):
    walk = _straight(z_start, z_end, n_steps)
    return walk * z_start.norm() / walk.norm(dim=1, keepdim=True)


def _on_unit_sphere(z_start, z_end, n_steps):
    return latent.interpolate(z_start, z_end, n_steps, spherical=True) / z_start.norm()


def _of_length(d, length, share):
    """Two codes of one length, at an angle that is a share of a half turn."""
    one, other = torch.linalg.qr(torch.randn(d, 2)).Q.T * length
    turn = torch.tensor(math.pi * share)
    return one, turn.cos() * one + turn.sin() * other


INTERPOLATE = Exercise(
    name="interpolate",
    reference=lambda z_start, z_end, n_steps: latent.interpolate(
        z_start, z_end, n_steps, spherical=True
    ),
    mistakes={
        "This is the straight line. In the middle it comes too near to the origin; walk along "
        "the arc.": _straight,
        "This is the straight line, pushed out to the sphere. Its steps are not equal: in the "
        "middle they are longer.": _rescaled,
        "The codes have length 1: keep the length of the ends.": _on_unit_sphere,
        "The cosine of the angle is taken of codes that are not of length 1: divide by their "
        "lengths first.": lambda z_start, z_end, n_steps: arc(
            z_start, z_end, n_steps, angle=(z_start @ z_end).clamp(-1, 1).arccos()
        ),
        "The cosine of the angle is taken of codes that are not of length 1, and may lie beyond "
        "±1: divide by their lengths first.": lambda z_start, z_end, n_steps: arc(
            z_start, z_end, n_steps, angle=(z_start @ z_end).arccos()
        ),
        "The division by the sine of the angle is missing.": lambda z_start, z_end, n_steps: arc(
            z_start, z_end, n_steps, divide=False
        ),
        "Where both codes point in one direction, this divides zero by zero. Take the straight "
        "line there.": arc,
        "The angle is in degrees. torch.sin takes radians.": lambda z_start, z_end, n_steps: arc(
            z_start, z_end, n_steps, angle=_angle(z_start, z_end).rad2deg()
        ),
        "It walks from the end to the start.": lambda z_start, z_end, n_steps: latent.interpolate(
            z_end, z_start, n_steps, spherical=True
        ),
        "The last code is missing: both ends belong to the walk.": lambda z_start, z_end, n_steps: (
            latent.interpolate(z_start, z_end, n_steps + 1, spherical=True)[:-1]
        ),
        "It has a code too many: n_steps is the number of codes, both ends included.": (
            lambda z_start, z_end, n_steps: latent.interpolate(
                z_start, z_end, n_steps + 1, spherical=True
            )
        ),
        "Both ends are left out. They belong to the walk.": lambda z_start, z_end, n_steps: (
            latent.interpolate(z_start, z_end, n_steps + 2, spherical=True)[1:-1]
        ),
    },
    cases=lambda: {
        "7 steps over 80 degrees": (*_of_length(5, 2.0, 0.45), 7),
        "3 steps over 160 degrees": (*_of_length(20, 4.5, 0.89), 3),
        "codes of length 1": (*_of_length(3, 1.0, 0.3), 4),
        "2 steps": (*_of_length(2, 0.5, 0.5), 2),
        "two equal codes": (torch.ones(3), torch.ones(3), 4),
    },
    holds=(
        "equal steps along the arc, both ends included",
        "as long as the ends, throughout",
        "two equal codes give the same code again and again",
    ),
)


def _angle(a, b):
    return (a @ b / a.norm() / b.norm()).clamp(-1, 1).arccos()


def check_interpolate(function, *, time_limit: float = 10.0) -> None:
    """Check ``interpolate(z_start, z_end, n_steps)``: a walk round the origin.

    Parameters
    ----------
    function : callable
        Takes two codes of shape (n_latent,) and of equal length (norm), which need not be 1, and
        an int from 2; returns a tensor of shape (n_steps, n_latent), both ends included: at the
        share t of the way, (sin((1 − t)ω) z_start + sin(tω) z_end) / sin ω with the angle ω between
        the two. For two equal codes it is that code, n_steps times.
    time_limit : float
        Seconds that a call may take.
    """
    INTERPOLATE.check(function, time_limit)

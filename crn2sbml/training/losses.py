"""What training minimises: the expected error of a decision from noisy read-outs, and the cost of gross production.

With read-outs N(mean, C), a class beats a rival with margin d of variance v. The logistic loss at sharpness s, averaged
over that Gaussian, is close to the loss at s / sqrt(1 + pi s^2 v / 8) (MacKay 1992, doi:10.1162/neco.1992.4.5.720), and
where noise is large that tends to the probability of a wrong decision. Without noise it is the cross-entropy of means.
Gross production, a and b of a rectifier that yields a - b, is penalised: noise grows by b/g, and so do events.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.readout_noise import Rule, quadrature, readout_covariance
from crn2sbml.errors import TrainingError
from crn2sbml.motifs.motif import Levels

Loss: TypeAlias = Callable[[Any, Any, Any, Any], Any]
"""Of weights, input activities, labels, and a key for whatever is drawn at random."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Training under the linear noise approximation, after training on means.

    The decision is made from averages over `average` seconds, or from a single snapshot if that is 0. `rivals` classes
    with the largest means are told apart from the right one by their own variances, from a quadrature of `nodes`
    frequencies (8 are good to half a percent, 24 to 1e-10) or, for each example and step, from so many `draws` of them
    (0: from all), which costs far less. The defaults were chosen on the validation part of the digits.
    """

    average: float = 0.0
    epochs: int = 100
    learning_rate: float = 3e-3
    gross_penalty: float = 6e-4
    rivals: int = 3
    nodes: int = 8
    draws: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.average < float("inf"):
            raise TrainingError(f"calibration: --average is {self.average}; it must be 0 seconds or more, and finite")
        if min(self.epochs, self.rivals, self.nodes) < 1 or self.draws < 0:
            raise TrainingError(
                f"calibration: {self.epochs} epochs, {self.rivals} rivals, {self.nodes} nodes, each must be 1 or more; "
                f"{self.draws} draws, must be 0 or more"
            )


def loss_of_means(classifier: Classifier, sharpness: float, gross_penalty: float) -> Loss:
    """Cross-entropy of the mean read-outs, `sharpness` times their activities being the logits."""

    def loss(weights: Any, activities: Any, labels: Any, key: Any) -> Any:
        levels = classifier.levels(weights, activities)
        error = optax.softmax_cross_entropy_with_integer_labels(sharpness * levels[-1].outputs, labels)
        return error.mean() + gross_penalty * _gross(levels)

    return loss


def loss_under_noise(classifier: Classifier, sharpness: float, calibration: Calibration) -> Loss:
    """The same, expected under the noise of read-outs at the classifier's omega."""
    rule = quadrature(classifier, calibration.average, calibration.nodes)

    def loss(weights: Any, activities: Any, labels: Any, key: Any) -> Any:
        levels = classifier.levels(weights, activities)
        chosen = _drawn(rule, classifier.kinetics.decay, calibration.draws, len(labels), key)
        margins, variances = noisy_margins(classifier, weights, levels, labels, chosen, calibration.rivals)
        logits = sharpness * margins / jnp.sqrt(1 + jnp.pi / 8 * sharpness**2 * variances)
        # The right class is among them, with margin 0.
        return jax.nn.logsumexp(-logits, axis=-1).mean() + calibration.gross_penalty * _gross(levels)

    return loss


def noisy_margins(
    classifier: Classifier, weights: Any, levels: Sequence[Levels], labels: Any, rule: Rule, rivals: int
) -> tuple[Any, Any]:
    """Mean and variance (activity, activity^2) of the margin of the right class to every class: (examples, classes).

    Variances are computed for so many `rivals` with the largest means; the others are given that of the last of these.
    """
    means = levels[-1].outputs
    classes = means.shape[-1]
    own = jax.nn.one_hot(labels, classes, dtype=means.dtype)
    _, strongest = jax.lax.top_k(jnp.where(own > 0, -jnp.inf, means), min(rivals, classes - 1))
    others = jax.nn.one_hot(strongest, classes, dtype=means.dtype)
    covariance = readout_covariance(classifier, weights, levels, rule, own[:, None, :] - others)
    found = jnp.diagonal(covariance, axis1=-2, axis2=-1) / classifier.kinetics.omega
    variances = jnp.einsum("brc,br->bc", others, found) + (1 - others.sum(axis=1)) * found[:, -1:]
    return jnp.sum(own * means, axis=-1, keepdims=True) - means, variances


def _drawn(rule: Rule, decay: float, draws: int, examples: int, key: Any) -> Rule:
    """So many nodes for each example, drawn so that their mean is the whole rule's; 0 leaves the rule as it is.

    A node is drawn in proportion to what it would add to the variance of a birth and death at the rate `decay`: the
    nearer a spectrum is to that of the read-outs, the less do estimates scatter.
    """
    if not draws:
        return rule
    chance = rule.measures / (1 + (rule.frequencies / decay) ** 2)
    chance = chance / chance.sum()
    # Spread evenly over a batch, so that it sees each node about as often as it should.
    spread, order = jax.random.split(key)
    total = draws * examples
    even = (jnp.arange(total) + jax.random.uniform(spread, (total,))) / total
    where = jnp.searchsorted(jnp.asarray(np.cumsum(chance)), jax.random.permutation(order, even))
    where = where.clip(0, len(chance) - 1).reshape(draws, examples)
    return Rule(jnp.asarray(rule.frequencies)[where], jnp.asarray(rule.measures / chance / draws)[where])


def _gross(levels: Sequence[Levels]) -> Any:
    """Mean over examples of the gross production of all rectifiers, activity per second."""
    return sum(jnp.mean(jnp.sum(level.gross, -1)) for level in levels if level.gross is not None)

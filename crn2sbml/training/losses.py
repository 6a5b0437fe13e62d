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
import optax

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.readout_noise import readout_covariance
from crn2sbml.errors import TrainingError
from crn2sbml.motifs.motif import Levels

Loss: TypeAlias = Callable[[Any, Any, Any], Any]
"""Of weights, input activities and labels."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Training under the linear noise approximation, after training on means.

    The decision is made from averages over `average` seconds, or from a single snapshot if that is 0. `rivals` classes
    with the largest means are told apart from the right one, with a quadrature of `nodes` frequencies (8 are good to
    half a percent, and 24 to 1e-10). The defaults were chosen on the validation part of the digits.
    """

    average: float = 0.0
    epochs: int = 100
    learning_rate: float = 3e-3
    gross_penalty: float = 6e-4
    rivals: int = 3
    nodes: int = 8

    def __post_init__(self) -> None:
        if not 0 <= self.average < float("inf"):
            raise TrainingError(f"calibration: --average is {self.average}; it must be 0 seconds or more, and finite")
        if min(self.epochs, self.rivals, self.nodes) < 1:
            raise TrainingError(
                f"calibration: {self.epochs} epochs, {self.rivals} rivals, {self.nodes} nodes; each must be 1 or more"
            )


def loss_of_means(classifier: Classifier, sharpness: float, gross_penalty: float) -> Loss:
    """Cross-entropy of the mean read-outs, `sharpness` times their activities being the logits."""

    def loss(weights: Any, activities: Any, labels: Any) -> Any:
        levels = classifier.levels(weights, activities)
        error = optax.softmax_cross_entropy_with_integer_labels(sharpness * levels[-1].outputs, labels)
        return error.mean() + gross_penalty * _gross(levels)

    return loss


def loss_under_noise(classifier: Classifier, sharpness: float, calibration: Calibration) -> Loss:
    """The same, expected under the noise of read-outs at the classifier's omega."""

    def loss(weights: Any, activities: Any, labels: Any) -> Any:
        levels = classifier.levels(weights, activities)
        margins, variances = noisy_margins(classifier, weights, levels, labels, calibration)
        logits = sharpness * margins / jnp.sqrt(1 + jnp.pi / 8 * sharpness**2 * variances)
        error = jax.nn.logsumexp(jnp.pad(-logits, ((0, 0), (1, 0))), axis=-1)
        return error.mean() + calibration.gross_penalty * _gross(levels)

    return loss


def noisy_margins(
    classifier: Classifier, weights: Any, levels: Sequence[Levels], labels: Any, calibration: Calibration
) -> tuple[Any, Any]:
    """Means and variances (activity, activity^2) of the margin to each of the strongest rivals: (examples, rivals)."""
    means = levels[-1].outputs
    classes = means.shape[-1]
    own = jax.nn.one_hot(labels, classes, dtype=means.dtype)
    _, rivals = jax.lax.top_k(jnp.where(own > 0, -jnp.inf, means), min(calibration.rivals, classes - 1))
    contrasts = own[:, None, :] - jax.nn.one_hot(rivals, classes, dtype=means.dtype)
    covariance = readout_covariance(classifier, weights, levels, calibration.average, calibration.nodes, contrasts)
    variances = jnp.diagonal(covariance, axis1=-2, axis2=-1) / classifier.kinetics.omega
    return jnp.einsum("brc,bc->br", contrasts, means), variances


def _gross(levels: Sequence[Levels]) -> Any:
    """Mean over examples of the gross production of all rectifiers, activity per second."""
    return sum(jnp.mean(jnp.sum(level.gross, -1)) for level in levels if level.gross is not None)

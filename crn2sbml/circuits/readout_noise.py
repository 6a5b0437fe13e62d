"""Noise of a classifier's read-outs under the linear noise approximation, layer by layer and for many images at once.

The same quantity as `lna.readout` has for any network, from the motifs' closed forms: the influence of each reaction's
pulses on the read-outs runs back through the layers, one frequency a node, and nothing of the size of a covariance
matrix of all species is ever held. On JAX arrays it can be differentiated.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from array_api_compat import array_namespace

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.lna.quadrature import averaged, midpoints
from crn2sbml.motifs.motif import Levels, Weights

_ACTIVITY = 10.0
"""Units of activity in a rectifier that the frequencies are made for; with more, the quadrature converges slower."""
_IN_AVERAGE = 20.0
"""Decays faster than this over the averaging time add little to an average."""


class Rule(NamedTuple):
    """A quadrature rule: `frequencies` (rad/s) and `measures` of shape (nodes,), or (nodes, ...) for rules of their own
    for each example.
    """

    frequencies: Any
    measures: Any


def quadrature(classifier: Classifier, average: float = 0.0, nodes: int = 32) -> Rule:
    """Frequencies for the noise of read-outs, or of their averages over `average` seconds."""
    frequencies, measures = midpoints(*_paces(classifier, average), nodes)
    return Rule(frequencies, measures * averaged(frequencies, average))


def readout_covariance(
    classifier: Classifier,
    weights: Sequence[Weights],
    levels: Sequence[Levels],
    rule: Rule,
    contrasts: Any | None = None,
) -> Any:
    """Stationary covariance of read-outs (or of their averages, as the rule says), times omega: activity^2.

    So the covariance of counts is this times omega, that of activities this over omega.
    Args: levels: of every layer, leading axes (...); contrasts: combinations of read-outs to look at instead of each
        alone, (..., combinations, classes).
    Returns: (..., combinations, combinations), NumPy or JAX as the levels are.
    """
    return sum(by_layer(classifier, weights, levels, rule, contrasts))


def by_layer(
    classifier: Classifier,
    weights: Sequence[Weights],
    levels: Sequence[Levels],
    rule: Rule,
    contrasts: Any | None = None,
) -> list[Any]:
    """What the reactions of each layer add to `readout_covariance`."""
    outputs = levels[-1].outputs
    xp = array_namespace(outputs)
    if contrasts is None:
        contrasts = xp.eye(outputs.shape[-1], dtype=outputs.dtype)
    # The nodes are one more axis in front of those of the examples, combinations and units.
    frequency, measure = (_spread(xp.asarray(part, dtype=outputs.dtype), outputs.ndim + 2) for part in rule)
    influence = xp.asarray(contrasts)[None] + 0j
    found = []
    for layer, in_shape, arrays, level in zip(
        classifier.layers[::-1], classifier.shapes[-2::-1], weights[::-1], levels[::-1], strict=True
    ):
        back = layer.adjoint(arrays, level, influence, frequency, in_shape, classifier.kinetics)
        found.append(sum(_power(rate * measure, seen) for rate, seen in back.pulses))
        influence = back.inputs
    return found[::-1]


def _spread(values: Any, axes: int) -> Any:
    """Axes of length 1 after the nodes, or after the examples if each has nodes of its own."""
    return values.reshape(*values.shape, *[1] * (axes - values.ndim))


def _paces(classifier: Classifier, average: float) -> tuple[float, float]:
    """Slowest and fastest decay (1/s) that matter: of rectifiers with so much activity, and in an average."""
    g, k = classifier.kinetics.decay, classifier.kinetics.annihilation
    fastest = g + _ACTIVITY * k
    return g, min(fastest, g + _IN_AVERAGE / average) if average else fastest


def _power(rate: Any, influence: Any) -> Any:
    """Real part of the products of any two rows, summed over nodes and units."""
    xp = array_namespace(influence)
    real, imaginary = xp.real(influence), xp.imag(influence)
    product = sum((part * rate) @ xp.matrix_transpose(part) for part in (real, imaginary))
    return xp.sum(product, axis=0)

"""The dual-rail rectifier: production of two rails, decay of both, annihilation of one by the other."""

from typing import Any

from array_api_compat import array_namespace

from crn2sbml.core.network import Reaction
from crn2sbml.motifs.elementary import annihilation, decay
from crn2sbml.motifs.motif import Kinetics

DECAY, ANNIHILATION = "decay", "annihilation"
"""Names of the two constants that all rectifiers of a network share."""


def rectifier_reactions(positive: str, negative: str) -> tuple[Reaction, ...]:
    """`P -> 0`, `M -> 0`, `P + M -> 0`; whatever produces the rails is added by the layer."""
    return decay(positive, DECAY), decay(negative, DECAY), annihilation(positive, negative, ANNIHILATION)


def rectifier_levels(up: Any, down: Any, kinetics: Kinetics) -> tuple[Any, Any]:
    """Steady activities of both rails, a smooth max(0, up - down) / g of width about sqrt(up / k), and its mirror.

    Args: up, down: gross production of P and M, activity per second, any shapes that broadcast.
    With P - M = (up - down)/g =: m, stationarity of P reads k P^2 + (g - k m) P = up; of its two equal forms of the
    positive root the one without cancellation is taken, so that both value and gradient stay exact. With k infinite
    it is the rectifier itself.
    """
    m = (up - down) / kinetics.decay
    return _rail(up, m, kinetics), _rail(down, -m, kinetics)


def rectifier_adjoint(
    positive: Any, negative: Any, influence: Any, frequency: Any, kinetics: Kinetics
) -> tuple[Any, Any, tuple[tuple[Any, Any], ...]]:
    """Influence of a flow into either rail on read-outs, and the pulses of the rectifier's own reactions.

    Solves (-i w - J^T) (u, v) = (c, 0) for the two rails, whose J decays at g along P - M and at g + k (P + M) across.
    Args: positive, negative: steady activities of the rails, (..., 1, units); influence: c, (..., read-outs, units).
    """
    g, k = kinetics.decay, kinetics.annihilation
    slow = g - 1j * frequency
    fast = slow + k * (positive + negative)
    on_both = influence / fast
    on_negative = -k * positive * on_both / slow
    on_positive = on_both - on_negative
    met = k * positive * negative
    # At the steady state a rail is made as fast as it decays and is annihilated.
    pulses = (
        (2 * g * positive + met, on_positive),
        (2 * g * negative + met, on_negative),
        (met, on_both),
    )
    return on_positive, on_negative, pulses


def _rail(gross: Any, difference: Any, kinetics: Kinetics) -> Any:
    xp = array_namespace(gross, difference)
    k = kinetics.annihilation
    if k == float("inf"):
        return xp.clip(difference, min=0)
    d = k * difference - kinetics.decay
    root = xp.sqrt(d * d + 4 * k * gross)
    # Each branch gets a harmless value where the other is chosen: a gradient through `where` sees both.
    positive = d > 0
    large = (xp.where(positive, d, 0.0) + root) / (2 * k)
    small = 2 * gross / (root - xp.where(positive, -1.0, d))
    return xp.where(positive, large, small)

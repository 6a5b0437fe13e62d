"""Whether a steady state is stable, by the eigenvalues of its Jacobian."""

import numpy as np

from crn2sbml.core.matrices import Matrices
from crn2sbml.errors import SteadyStateError
from crn2sbml.lna.block_triangular import BlockTriangular
from crn2sbml.lna.moieties import LARGEST, find_moieties

_ZERO, _UNSTABLE = 1e-12, 1e-9
"""Real parts above these, relative to the largest eigenvalue: taken for zero, and for growth."""


def is_singular(blocks: BlockTriangular) -> bool:
    """Whether an eigenvalue is zero and none has a positive real part."""
    return -_ZERO < _slowest(blocks)[0] <= _UNSTABLE


def slowest_and_fastest(blocks: BlockTriangular) -> tuple[float, float]:
    """Rates (1/s) of the slowest relaxation, those of conserved sums left aside, and of the fastest eigenvalue."""
    values = blocks.eigenvalues
    fastest = float(np.abs(values).max())
    return float(-values.real[values.real < -_ZERO * fastest].max()), fastest


def check_determined(blocks: BlockTriangular, matrices: Matrices) -> None:
    """Raises SteadyStateError unless all decays but what conserved sums of counts explain.

    Among more than `moieties.LARGEST` species, what an eigenvalue of 0 comes from is not looked into.
    """
    names, floating = matrices.floating_species, matrices.floating
    if not is_singular(blocks):
        return check_stable(blocks, names)
    zeros = int(np.sum(np.abs(blocks.eigenvalues) <= _ZERO * np.abs(blocks.eigenvalues).max()))
    if zeros == len(names):
        raise SteadyStateError("LNA: no count that changes has a relaxation, so that there is no stationary noise")
    if len(names) <= LARGEST and find_moieties(matrices.stoichiometry[floating]).count != zeros:
        check_stable(blocks, names)
    return None


def check_stable(blocks: BlockTriangular, names: tuple[str, ...]) -> None:
    """Raises SteadyStateError, with the eigenvalue and the species that takes most part in it, unless all decay."""
    relative, number = _slowest(blocks)
    if relative > -_ZERO:
        value, culprit = blocks.eigenvalues[number], names[blocks.row_of(number)]
        kind = "unstable" if relative > _UNSTABLE else "undetermined, though no sum of counts is conserved"
        shown = f"{value.real:.3g}"
        if abs(value.imag) > abs(value.real):
            kind = "unstable, and oscillates" if relative > _UNSTABLE else "no state of rest: it oscillates undamped"
            shown += f" ± {abs(value.imag):.3g}i"
        raise SteadyStateError(f"LNA: the steady state is {kind}: eigenvalue {shown} 1/s, mostly in {culprit!r}")


def _slowest(blocks: BlockTriangular) -> tuple[float, int]:
    """Largest real part of an eigenvalue, relative to the largest eigenvalue, and its number."""
    values = blocks.eigenvalues
    number = int(np.argmax(values.real))
    return float(values[number].real / max(float(np.abs(values).max()), 1e-300)), number

"""Whether a steady state is stable, by the eigenvalues of its Jacobian."""

import numpy as np

from crn2sbml.errors import SteadyStateError
from crn2sbml.lna.block_triangular import BlockTriangular

_ZERO, _UNSTABLE = 1e-12, 1e-9
"""Real parts above these, relative to the largest eigenvalue: taken for zero, and for growth."""


def is_singular(blocks: BlockTriangular) -> bool:
    """Whether an eigenvalue is zero and none has a positive real part."""
    return -_ZERO < _slowest(blocks)[0] <= _UNSTABLE


def check_stable(blocks: BlockTriangular, names: tuple[str, ...]) -> None:
    """Raises SteadyStateError, with the eigenvalue and the species that takes most part in it, unless all decay."""
    relative, number = _slowest(blocks)
    if relative > -_ZERO:
        kind = "unstable" if relative > _UNSTABLE else "undetermined, though no sum of counts is conserved"
        value, culprit = blocks.eigenvalues[number].real, names[blocks.row_of(number)]
        raise SteadyStateError(f"LNA: the steady state is {kind}: eigenvalue {value:.3g} 1/s, mostly in {culprit!r}")


def _slowest(blocks: BlockTriangular) -> tuple[float, int]:
    """Largest real part of an eigenvalue, relative to the largest eigenvalue, and its number."""
    values = blocks.eigenvalues
    number = int(np.argmax(values.real))
    return float(values[number].real / max(float(np.abs(values).max()), 1e-300)), number

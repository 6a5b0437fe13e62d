"""Against integrals in closed form."""

import numpy as np
import pytest

from crn2sbml.lna.quadrature import averaged, midpoints


@pytest.mark.parametrize(("slowest", "fastest"), [(1.0, 1.0), (0.3, 40.0), (1.0, 1e6)])
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_lorentzians_between_the_slowest_and_the_fastest(slowest: float, fastest: float, part: float) -> None:
    """2 v r / (r^2 + w^2) is the spectrum of a variance v."""
    rate = slowest ** (1 - part) * fastest**part
    errors = []
    for nodes in (4, 8, 16, 32, 64):
        frequencies, measures = midpoints(slowest, fastest, nodes)
        assert (np.diff(frequencies) > 0).all()
        errors.append(abs(float(measures @ (2 * rate / (rate**2 + frequencies**2))) - 1))
    assert errors[-1] < 1e-11
    # The rate that the source states: exp(-pi^2 nodes / log(4 M / m)), here with a factor of ten to spare.
    for nodes, error in zip((4, 8, 16, 32), errors, strict=False):
        assert error < 10 * np.exp(-(np.pi**2) * nodes / np.log(4 * fastest / slowest)) + 1e-11


def test_averaging_leaves_slow_and_removes_fast() -> None:
    """White noise of intensity 1, averaged over T, has the variance 1/T."""
    frequencies = np.linspace(0, 4000, 2_000_001)
    total = np.trapezoid(averaged(frequencies, 5.0), frequencies) / np.pi
    assert total == pytest.approx(1 / 5, rel=1e-3)
    assert averaged(np.array([0.0]), 5.0) == 1
    assert averaged(np.array([2 * np.pi / 5]), 5.0) == pytest.approx(0, abs=1e-30)
    assert (averaged(frequencies[:5], 0.0) == 1).all()

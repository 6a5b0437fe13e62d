"""The next-order shift of the LNA's mean, against exact stationary laws."""

import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.lna.correction import mean_correction
from crn2sbml.lna.stationary import stationary


def pairs(omega: float) -> Network:
    """`0 -> A` at omega, `2A -> 0` at 1/omega (events at x (x - 1)/omega)."""
    return Network(
        "pairs",
        (Species("A"),),
        (Parameter("b", omega), Parameter("k", 1 / omega)),
        (Reaction("make", (), (("A", 1),), "b"), Reaction("pair", (("A", 2),), (), "k")),
    )


def exact_mean(omega: float) -> float:
    """Mean of the stationary law of `pairs`, from the null vector of its master equation cut off far in the tail."""
    size = int(omega + 30 * omega**0.5)
    generator = np.zeros((size, size))
    for n in range(size):
        for to, rate in ((n + 1, omega), (n - 2, n * (n - 1) / omega)):
            if 0 <= to < size:
                generator[to, n] += rate
                generator[n, n] -= rate
    generator[-1] = 1
    law = np.linalg.solve(generator, np.eye(size)[-1])
    return float(law @ np.arange(size))


@pytest.mark.parametrize("omega", [20.0, 80.0, 320.0])
def test_pairs_against_the_master_equation(omega: float) -> None:
    """dx/dt = omega - 2 x^2 / omega is steady at omega / sqrt 2; what is left after the shift falls as 1/omega."""
    matrices, steady = Matrices.of(pairs(omega)), np.array([omega / 2**0.5])
    shift = mean_correction(matrices, steady, stationary(matrices, steady))[0]
    # Variance 3/4 of the mean, by hand: the shift is (mean - variance) / (2 mean) = 1/8 item at every omega.
    assert shift == pytest.approx(0.125, rel=1e-9)
    left = exact_mean(omega) - steady[0]
    assert abs(left - shift) < 0.1 / omega
    assert abs(left) > 0.1


def test_nothing_is_left_where_propensities_are_affine() -> None:
    net = Network(
        "affine",
        (Species("X", 7, clamped=True), Species("A"), Species("B")),
        (Parameter("w", 3.0), Parameter("g", 1.0)),
        (
            Reaction("a", (("X", 1),), (("X", 1), ("A", 1)), "w"),
            Reaction("b", (("A", 1),), (("A", 1), ("B", 1)), "w"),
            Reaction("c", (("A", 1),), (), "g"),
            Reaction("d", (("B", 1),), (), "g"),
        ),
    )
    matrices, steady = Matrices.of(net), np.array([7.0, 21.0, 63.0])
    assert mean_correction(matrices, steady, stationary(matrices, steady)).tolist() == [0.0, 0.0]


def test_a_rectifier_at_its_threshold_against_the_master_equation() -> None:
    """Two rails made equally often: both means rise by the same shift, since P - M stays affine."""
    omega, k = 40.0, 2.0
    net = Network(
        "rails",
        (Species("P"), Species("M")),
        (Parameter("b", omega), Parameter("g", 1.0), Parameter("k", k / omega)),
        (
            Reaction("make_P", (), (("P", 1),), "b"),
            Reaction("make_M", (), (("M", 1),), "b"),
            Reaction("P_decays", (("P", 1),), (), "g"),
            Reaction("M_decays", (("M", 1),), (), "g"),
            Reaction("meet", (("P", 1), ("M", 1)), (), "k"),
        ),
    )
    matrices = Matrices.of(net)
    level = omega * (-1 + (1 + 4 * k) ** 0.5) / (2 * k)
    steady = np.array([level, level])
    shift = mean_correction(matrices, steady, stationary(matrices, steady))
    assert shift[0] == pytest.approx(shift[1], rel=1e-9)
    size = 80
    generator = np.zeros((size * size,) * 2)
    for p in range(size):
        for m in range(size):
            for dp, dm, rate in ((1, 0, omega), (0, 1, omega), (-1, 0, p), (0, -1, m), (-1, -1, k / omega * p * m)):
                if 0 <= p + dp < size and 0 <= m + dm < size:
                    generator[(p + dp) * size + m + dm, p * size + m] += rate
                    generator[p * size + m, p * size + m] -= rate
    generator[-1] = 1
    law = np.linalg.solve(generator, np.eye(size * size)[-1]).reshape(size, size)
    left = law.sum(axis=1) @ np.arange(size) - level
    # The term after this one is smaller by about 1/omega times the number of rails' worth of noise.
    assert abs(left - shift[0]) < 0.15 * abs(left)

"""Does the diagnostic say where the approximation fails? Against the master equation."""

import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.lna.settle import settle
from crn2sbml.lna.validity import LARGEST_SHIFT, Validity, validity
from tests.lna.test_stationary import birth_death, network
from tests.reference.master_equation import edge_mass, mean_and_covariance, stationary_law

A, G, K, OMEGA = 3.0, 1.0, 100.0, 10.0


def at_threshold(inhibition: float) -> tuple[Validity, float, float]:
    """A rectifier's diagnostic; how far its mean is off in exact standard deviations, and the variance as a ratio."""
    net = network(
        "PM", {"a": A * OMEGA, "b": inhibition * OMEGA, "g": G, "k": K / OMEGA}, p=("", "P", "a"), m=("", "M", "b"),
        lose_p=("P", "", "g"), lose_m=("M", "", "g"), meet=("PM", "", "k"),
    )  # fmt: skip
    found = settle(net)
    steps = [
        ((0, 0), (1, 0), A * OMEGA), ((0, 0), (0, 1), inhibition * OMEGA), ((1, 0), (0, 0), G), ((0, 1), (0, 0), G),
        ((1, 1), (0, 0), K / OMEGA),
    ]  # fmt: skip
    law = stationary_law(steps, (70, 70))
    assert edge_mass(law) < 1e-9
    mean, covariance = mean_and_covariance(law)
    off = (mean[0] - found.counts[0]) / covariance[0, 0] ** 0.5
    return (
        validity(Matrices.of(net), found.counts, found.noise),
        float(off),
        covariance[0, 0] / found.noise.covariance[0, 0],
    )


@pytest.mark.parametrize("inhibition", [1.0, 2.0])
def test_away_from_the_threshold_there_is_nothing_to_say(inhibition: float) -> None:
    judged, off, ratio = at_threshold(inhibition)
    assert abs(off) < 0.03
    assert ratio == pytest.approx(1, abs=0.06)
    assert "P" not in judged.doubtful


@pytest.mark.parametrize(("inhibition", "least"), [(2.6, 1.28), (3.0, 1.2), (3.4, 3.0), (4.0, 3.0)])
def test_near_the_threshold_it_warns(inhibition: float, least: float) -> None:
    """The means that the science behind it knows: at b = 3.0 exactly 0.290 against 0.168, at b = 3.4 variances 0.476
    against 0.110.
    """
    judged, off, ratio = at_threshold(inhibition)
    assert off > 0.1
    assert max(ratio, 1 / ratio) > least
    assert "P" in judged.doubtful
    shift = judged.shift[judged.species.index("P")]
    assert shift > LARGEST_SHIFT
    assert f"doubtful for {len(judged.doubtful)} of 2 species" in judged.summary()


def test_what_it_says_of_birth_and_death() -> None:
    net = birth_death(6.0, 0.5)
    judged = validity(Matrices.of(net), np.array([12.0]), settle(net).noise)
    assert judged.doubtful == ()
    assert judged.smallest == ("A", pytest.approx(12, rel=1e-6))
    assert judged.slowest == pytest.approx(-0.5)
    assert judged.summary() == (
        "the next order moves no mean by more than 0.1 sd; smallest mean 12 items (A), slowest relaxation 2 s"
    )

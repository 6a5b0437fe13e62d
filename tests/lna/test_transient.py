from dataclasses import replace

import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.errors import EngineError, ShapeError
from crn2sbml.lna import transient as lna
from crn2sbml.lna.stationary import stationary
from crn2sbml.lna.transient import Transient, is_affine, transient
from tests.lna.test_stationary import birth_death, cascade, network
from tests.reference.steady_ode import steady_counts

TIMES = np.array([0.0, 0.1, 0.7, 2.0, 9.0])
CLOSE = {"rel": 1e-8, "abs": 1e-9}  # the solver keeps 1e-10 a step; a few hundred steps add up


def solved(net: Network, times: np.ndarray = TIMES, **start: float) -> Transient:
    return transient(Matrices.of(net), [start.get(s.id, s.initial) for s in net.species], times)


def test_birth_and_death_from_nothing_is_poisson() -> None:
    result = solved(birth_death(12.0, 0.25))
    poisson = 12 / 0.25 * (1 - np.exp(-0.25 * TIMES))
    assert result.species == ("A",)
    assert result.mean[:, 0] == pytest.approx(poisson, **CLOSE)
    assert result.covariance[:, 0, 0] == pytest.approx(poisson, **CLOSE)
    assert result.sd[:, 0] == pytest.approx(np.sqrt(poisson), **CLOSE)


def test_death_alone_is_binomial() -> None:
    alive = np.exp(-0.6 * TIMES)
    result = solved(network("A", {"g": 0.6}, fade=("A", "", "g")), A=300)
    assert result.mean[:, 0] == pytest.approx(300 * alive, **CLOSE)
    assert result.covariance[:, 0, 0] == pytest.approx(300 * alive * (1 - alive), **CLOSE)


def test_conversion_is_multinomial() -> None:
    """Each of 50 items is A, B or C by itself."""
    net = network("ABC", {"k": 1.0, "h": 0.3}, first=("A", "B", "k"), second=("B", "C", "h"))
    a = np.exp(-TIMES)
    b = (np.exp(-0.3 * TIMES) - a) / 0.7
    shares = np.stack([a, b, 1 - a - b], axis=1)
    result = solved(net, A=50)
    assert result.mean == pytest.approx(50 * shares, **CLOSE)
    expected = 50 * (shares[:, :, None] * np.eye(3) - shares[:, :, None] * shares[:, None, :])
    assert result.covariance == pytest.approx(expected, **CLOSE)


def test_lineages_that_split_and_die() -> None:
    """X -> 2 X at b, X -> 0 at d: mean n e^((b-d) t), variance n (b+d)/(b-d) e^((b-d)t) (e^((b-d)t) - 1)."""
    split, die, grown = 1.0, 1.1, np.exp(-0.1 * TIMES)
    net = network("X", {"b": split, "d": die}, split=("X", "XX", "b"), die=("X", "", "d"))
    result = solved(net, X=100)
    assert result.mean[:, 0] == pytest.approx(100 * grown, **CLOSE)
    assert result.covariance[:, 0, 0] == pytest.approx(100 * 2.1 / -0.1 * grown * (grown - 1), **CLOSE)


@pytest.mark.parametrize("unknowns", [0, 600], ids=["explicit", "implicit"])
def test_long_times_are_stationary(monkeypatch: pytest.MonkeyPatch, unknowns: int) -> None:
    monkeypatch.setattr(lna, "_IMPLICIT_UP_TO", unknowns)
    pairs = network(
        "AB", {"b": 20.0, "k": 0.01, "g": 0.5}, make=("", "A", "b"), pair=("AA", "B", "k"), fade=("B", "", "g")
    )
    for net in (cascade(), pairs):
        steady = steady_counts(net)
        known = stationary(Matrices.of(net), np.array([steady[s.id] for s in net.species]))
        result = solved(net, np.array([0.0, 60.0]))
        assert result.mean[-1] == pytest.approx(known.mean, rel=1e-7)
        assert result.covariance[-1] == pytest.approx(known.covariance, rel=1e-7)
        assert not result.covariance[0].any()


def test_clamped_species_drive_and_have_no_noise() -> None:
    net = network("XA", {"k": 0.5, "g": 1.0}, make=("X", "XA", "k"), fade=("A", "", "g"))
    net = replace(net, species=(replace(net.species[0], initial=8, clamped=True), net.species[1]))
    result = solved(net)
    assert result.species == ("A",)
    assert result.covariance[:, 0, 0] == pytest.approx(4 * (1 - np.exp(-TIMES)), **CLOSE)


def test_the_first_time_need_not_be_0() -> None:
    whole, part = solved(cascade()), solved(cascade(), TIMES[2:])
    assert part.covariance == pytest.approx(whole.covariance[2:], **CLOSE)
    assert solved(cascade(), np.zeros(1)).mean == pytest.approx(0)


def test_networks_without_floating_species() -> None:
    assert transient(Matrices.of(Network("n", (), (), ())), [], TIMES).covariance.shape == (5, 0, 0)


def test_affine_networks_are_told_from_others() -> None:
    pair = network("AB", {"k": 1.0}, r=("AB", "", "k"))
    driven = replace(pair, species=(replace(pair.species[0], clamped=True), pair.species[1]))
    affine = {"cascade": cascade(), "clamped": driven}
    other = {"pair": pair, "equal": network("A", {"k": 1.0}, r=("AA", "", "k"))}
    assert all(is_affine(Matrices.of(net)) for net in affine.values())
    assert not any(is_affine(Matrices.of(net)) for net in other.values())


@pytest.mark.parametrize("times", [[], [-1.0, 1.0], [0.0, 0.0], [2.0, 1.0], [0.0, np.nan], [0.0, np.inf]])
def test_times_must_increase(times: list[float]) -> None:
    with pytest.raises(ShapeError, match="increasing"):
        solved(cascade(), np.array(times))


def test_the_start_must_fit() -> None:
    with pytest.raises(ShapeError, match=r"\(2,\).*3 species"):
        transient(Matrices.of(cascade()), [0, 0], TIMES)


def test_networks_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lna, "LARGEST", 2)
    with pytest.raises(EngineError, match=r"3 floating species.*at most 2"):
        solved(cascade())


def test_growth_without_bound_is_refused() -> None:
    with pytest.raises(EngineError, match="LNA over time"):
        solved(network("A", {"k": 1.0}, grow=("AA", "AAA", "k")), np.array([0.0, 0.2]), A=10)

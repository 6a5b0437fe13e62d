import numpy as np
import pytest

from crn2sbml.core.deterministic import LARGEST, integrate
from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Species
from crn2sbml.errors import EngineError
from tests.engines.models import dimers, driven, explosion
from tests.lna.test_stationary import network

TIMES = (0.0, 0.1, 0.7, 3.0, 10.0)
T = np.array(TIMES)


def solved(net: Network, times: tuple[float, ...] = TIMES) -> np.ndarray:
    return integrate(Matrices.of(net), np.array([s.initial for s in net.species], dtype=float), times)


def test_a_driven_species() -> None:
    """A(t) = 12 (1 - exp(-t/2)) + 5 exp(-t/2), with the clamped X at 3."""
    values = solved(driven(5))
    assert (values[:, 0] == 3).all()
    np.testing.assert_allclose(values[:, 1], 12 - 7 * np.exp(-T / 2), rtol=1e-9)


def test_pairs() -> None:
    """dx/dt = b - 2 k x^2 - g x is a logistic: with roots p > 0 > q, (x - p) / (x - q) decays at 2 k (p - q)."""
    b, k, g, start = 40.0, 0.02, 0.5, 100.0
    p, q = np.roots([-2 * k, -g, b])[[1, 0]]
    p, q = max(p, q), min(p, q)
    ratio = (start - p) / (start - q) * np.exp(-2 * k * (p - q) * T)
    np.testing.assert_allclose(
        solved(dimers().with_counts({"A": start}))[:, 0], (p - q * ratio) / (1 - ratio), rtol=1e-9
    )


@pytest.mark.parametrize("start", [1e6, 7.0, 1.5e-5, 1e-9])
def test_counts_of_any_size(start: float) -> None:
    """A -> B at 2, B -> 0 at 1: B = 2 A0 (exp(-t) - exp(-2 t)); amounts as small as the SBML Test Suite's."""
    values = solved(
        network("AB", {"k": 2.0, "g": 1.0}, go=("A", "B", "k"), end=("B", "", "g")).with_counts({"A": start})
    )
    np.testing.assert_allclose(values[:, 0], start * np.exp(-2 * T), rtol=1e-9, atol=1e-9 * start)
    np.testing.assert_allclose(values[:, 1], 2 * start * (np.exp(-T) - np.exp(-2 * T)), rtol=1e-9, atol=1e-9 * start)


def test_nothing_at_first_and_little_later() -> None:
    """How small all counts are shows only once they are known: A = 1e-8 (1 - exp(-t))."""
    net = network("A", {"b": 1e-8, "g": 1.0}, make=("", "A", "b"), fade=("A", "", "g"))
    np.testing.assert_allclose(solved(net)[1:, 0], 1e-8 * (1 - np.exp(-T[1:])), rtol=1e-9)


def test_exponential_growth() -> None:
    net = network("A", {"k": 2.0}, grow=("A", "AA", "k")).with_counts({"A": 3})
    np.testing.assert_allclose(solved(net)[:, 0], 3 * np.exp(2 * T), rtol=1e-9)


def test_a_stiff_one() -> None:
    """A fast exchange (1e6/s) around a slow loss: A + B = 10 exp(-t/2) nearly; the fast rate corrects by 1e-6."""
    net = network("AB", {"f": 1e6, "g": 1.0}, go=("A", "B", "f"), back=("B", "A", "f"), end=("B", "", "g")).with_counts(
        {"A": 10}
    )
    slow = (2e6 + 1 - np.sqrt((2e6 + 1) ** 2 - 4e6)) / 2
    np.testing.assert_allclose(solved(net)[1:].sum(axis=1), 10 * np.exp(-slow * T[1:]), rtol=3e-7)


def test_nothing_that_moves() -> None:
    assert (solved(Network("still", (Species("A", 3), Species("B", 0)), (), ())) == [3, 0]).all()
    assert (solved(Network("fixed", (Species("X", 2, clamped=True),), (), ())) == 2).all()
    assert solved(Network("empty", (), (), ())).shape == (5, 0)


@pytest.mark.parametrize("t_end", [1.0, 10.0])
def test_a_count_without_bound_is_refused_at_once(t_end: float) -> None:
    """dx/dt = x^2 is infinite after one second; the solver by itself would go on for ever, ever more slowly."""
    with pytest.raises(EngineError, match="reference ODE: no way on from t = 1 s; does a count grow") as refusal:
        solved(explosion(), (0.0, t_end / 2, t_end))
    assert "\n" not in str(refusal.value)


def test_growth_beyond_all_counts_is_refused() -> None:
    net = network("A", {"k": 1.0}, grow=("A", "AA", "k")).with_counts({"A": 1})
    with pytest.raises(EngineError, match=r"no way on from t = 41\."):  # exp(41.4) = 1e18 items
        solved(net, (0.0, 100.0))


def test_a_network_too_large() -> None:
    net = Network("large", tuple(Species(f"s{i}") for i in range(LARGEST + 1)), (), ())
    with pytest.raises(EngineError, match=f"{LARGEST + 1} floating species; LSODA takes at most {LARGEST}"):
        solved(net)

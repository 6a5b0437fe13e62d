import numpy as np

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.scaling import is_decay, perturbed, resized
from tests.lna.test_stationary import network


def pair() -> object:
    net = network(
        "AB", {"a": 8.0, "g": 2.0, "k": 0.5}, make=("", "A", "a"), copy=("A", "AB", "g"), fade=("B", "", "g"),
        meet=("AB", "", "k"),
    )  # fmt: skip
    return net.with_counts({"A": 3, "B": 5})


def test_concentrations_move_as_before() -> None:
    small, large = Matrices.of(pair()), Matrices.of(resized(pair(), 10.0))
    state = np.array([2.0, 7.0])
    np.testing.assert_allclose(large.derivative(10 * state), 10 * small.derivative(state), rtol=1e-12)


def test_counts_stay_whole() -> None:
    assert [s.initial for s in resized(pair(), 2.5).species] == [8, 12]  # halves go to the even neighbour


def test_factors_are_log_normal_and_each_reactions_own() -> None:
    count = 4000
    net = network("A", {"g": 2.0}, **{f"r{i}": ("A", "", "g") for i in range(count)})
    logs = np.log(Matrices.of(perturbed(net, 0.1, 3)).constants / 2.0)
    assert abs(logs.mean()) < 4 * 0.1 / count**0.5
    assert abs(logs.std() / 0.1 - 1) < 4 / (2 * count) ** 0.5
    assert perturbed(net, 0.1, 3) == perturbed(net, 0.1, 3)
    assert perturbed(net, 0.1, 3) != perturbed(net, 0.1, 4)


def test_decays_alone() -> None:
    before, after = Matrices.of(pair()).constants, Matrices.of(perturbed(pair(), 0.3, 1, is_decay)).constants
    assert (before != after).tolist() == [False, False, True, False]


def test_a_name_that_is_taken() -> None:
    clash = network("A", {"c": 1.0, "d": 1.0}, make=("", "A", "c"), make_rate=("A", "", "d"))
    assert [p.id for p in perturbed(clash, 0.1, 0).parameters] == ["make_rate_2", "make_rate_rate"]


def test_nothing_changed() -> None:
    assert perturbed(pair(), 0.0, 1) == pair()
    assert resized(pair().with_counts({"A": 2.5}), 1.0) == pair().with_counts({"A": 2.5})

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.errors import ShapeError
from tests.reference.random_networks import networks
from tests.reference.steady_ode import mass_action_speed


def mixed() -> Network:
    """Equal reactants, a catalyst, a clamped reactant, orders 0 to 3."""
    return Network(
        "mixed",
        (Species("A", 5), Species("X", 3, clamped=True), Species("B", 2), Species("C", 1)),
        (Parameter("k0", 2.0), Parameter("k1", 0.5), Parameter("k2", 0.25), Parameter("k3", 0.125)),
        (
            Reaction("make", (), (("A", 1),), "k0"),
            Reaction("dimer", (("A", 2),), (("B", 1),), "k2"),
            Reaction("catalysis", (("X", 1), ("B", 1)), (("X", 1), ("B", 1), ("C", 1)), "k2"),
            Reaction("eat", (("X", 1),), (("C", 2),), "k1"),
            Reaction("three", (("A", 2), ("B", 1)), (("C", 1),), "k3"),
            Reaction("triple", (("A", 3),), (), "k3"),
        ),
    )


def test_rates_and_propensities_by_hand() -> None:
    matrices = Matrices.of(mixed())
    counts = [5, 3, 2, 1]
    np.testing.assert_allclose(matrices.rates(counts), [2, 0.25 * 25, 0.25 * 6, 1.5, 0.125 * 50, 0.125 * 125])
    np.testing.assert_allclose(
        matrices.propensities(counts), [2, 0.25 * 20, 0.25 * 6, 1.5, 0.125 * 5 * 4 * 2, 0.125 * 5 * 4 * 3]
    )


@pytest.mark.parametrize(("count", "pairs", "triples"), [(0, 0, 0), (1, 0, 0), (2, 2, 0), (3, 6, 6), (10, 90, 720)])
def test_too_few_molecules_have_no_propensity(count: int, pairs: int, triples: int) -> None:
    values = Matrices.of(mixed()).propensities([count, 0, 1, 0])
    assert values[1] == 0.25 * pairs
    assert values[5] == 0.125 * triples


def test_nothing_moves_a_clamped_species() -> None:
    matrices = Matrices.of(mixed())
    counts = [5.0, 3.0, 2.0, 1.0]
    assert matrices.derivative(counts)[1] == 0
    assert not matrices.jacobian(counts).toarray()[1].any()
    assert matrices.jacobian(counts).toarray()[3, 1] == pytest.approx(0.25 * 2 + 2 * 0.5)  # X is read all the same
    assert not matrices.diffusion(counts).toarray()[1].any()
    assert list(matrices.floating) == [0, 2, 3]


def central_differences(matrices: Matrices, counts: np.ndarray) -> np.ndarray:
    columns = []
    for i in range(len(counts)):
        step = np.zeros(len(counts))
        step[i] = 1e-4 * max(1.0, counts[i])
        columns.append((matrices.derivative(counts + step) - matrices.derivative(counts - step)) / (2 * step[i]))
    return np.array(columns).T


def assert_jacobian_is_the_slope(net: Network, counts: np.ndarray) -> None:
    matrices = Matrices.of(net)
    exact = matrices.jacobian(counts).toarray()
    # Rates are cubic at most, so the error of a central difference is h^2 times a third derivative (relative 1e-8)
    # plus rounding, eps * rate / h.
    scale = 1 + np.abs(matrices.rates(counts)).max(initial=0)
    np.testing.assert_allclose(central_differences(matrices, counts), exact, rtol=1e-6, atol=1e-7 * scale)


def test_jacobian_is_the_slope_of_the_derivative() -> None:
    assert_jacobian_is_the_slope(mixed(), np.array([5.0, 3.0, 2.0, 1.0]))


def test_jacobian_at_zero_counts_is_finite_and_exact() -> None:
    jacobian = Matrices.of(mixed()).jacobian(np.zeros(4)).toarray()
    expected = np.zeros((4, 4))
    expected[3, 1] = 2 * 0.5  # of all reactions only X -> 2 C has a slope where nothing is
    np.testing.assert_array_equal(jacobian, expected)


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(0, 2**32 - 1))
def test_random_networks_agree_with_plain_python(net: Network, seed: int) -> None:
    counts = np.random.default_rng(seed).uniform(0, 3, len(net.species))
    plain = mass_action_speed(net, dict(zip(net.species_index, counts, strict=True)))
    matrices = Matrices.of(net)
    scale = 1 + np.abs(matrices.rates(counts)).max(initial=0)
    np.testing.assert_allclose(matrices.derivative(counts), list(plain.values()), rtol=1e-12, atol=1e-13 * scale)
    assert_jacobian_is_the_slope(net, counts)


def test_diffusion_is_the_sum_of_squared_jumps() -> None:
    net, counts = mixed(), np.array([5.0, 3.0, 2.0, 1.0])
    matrices = Matrices.of(net)
    expected = np.zeros((4, 4))
    for reaction, rate in zip(net.reactions, matrices.rates(counts), strict=True):
        jump = np.zeros(4)
        for name, count in reaction.net_change:
            jump[net.species_index[name]] = 0 if name == "X" else count
        expected += rate * np.outer(jump, jump)
    np.testing.assert_allclose(matrices.diffusion(counts).toarray(), expected, rtol=1e-14)


@pytest.mark.parametrize("counts", [[1, 2, 3], [[1, 2, 3, 4]], 1.0, [1, 2, 3, 4, 5], []])
def test_counts_of_another_shape_are_refused(counts: object) -> None:
    matrices = Matrices.of(mixed())
    for ask in (matrices.rates, matrices.propensities, matrices.derivative, matrices.jacobian, matrices.diffusion):
        with pytest.raises(ShapeError, match="4 species"):
            ask(counts)  # type: ignore[arg-type]


def test_networks_without_reactions_or_species() -> None:
    still = Matrices.of(Network("still", (Species("A", 1),), (), ()))
    assert still.derivative([1.0]).tolist() == [0]
    assert still.jacobian([1.0]).toarray().tolist() == [[0]]
    empty = Matrices.of(Network("empty", (), (), ()))
    assert empty.derivative([]).shape == (0,)
    assert empty.jacobian([]).shape == (0, 0)


def test_a_network_of_150000_reactions_is_ordinary() -> None:
    size = 50_000
    names = [f"S{i}" for i in range(size)]
    after = [*names[1:], names[0]]
    begin = time.perf_counter()
    net = Network(
        "ring",
        tuple(Species(name, 2) for name in names),
        (Parameter("g", 1.0), Parameter("w", 0.75), Parameter("k", 0.25)),
        (
            *(Reaction(f"decay_{a}", ((a, 1),), (), "g") for a in names),
            *(Reaction(f"make_{b}", ((a, 1),), ((a, 1), (b, 1)), "w") for a, b in zip(names, after, strict=True)),
            *(Reaction(f"pair_{a}", ((a, 1), (b, 1)), (), "k") for a, b in zip(names, after, strict=True)),
        ),
    )
    matrices = Matrices.of(net)
    counts = np.full(size, 2.0)
    jacobian = matrices.jacobian(counts)
    elapsed = time.perf_counter() - begin
    assert len(net.reactions) == 150_000
    # Each species: -g x + w x - 2 k x^2 at x = 2, and the slopes of that to itself and to its two neighbours.
    np.testing.assert_allclose(matrices.derivative(counts), -2 + 1.5 - 2)
    np.testing.assert_allclose(jacobian.diagonal(), -1 - 0.25 * 4)
    assert jacobian.nnz == 3 * size
    assert jacobian[1, 0] == pytest.approx(0.75 - 0.5)
    assert jacobian[0, 1] == pytest.approx(-0.5)
    assert elapsed < 60, "building must be linear in the number of reactions; a quadratic step takes hours"

"""The equations in symbols, evaluated here by plain loops, against the matrix equation and structures known by hand."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.errors import FormatError
from crn2sbml.lna.moment_equations import MomentEquations, Polynomial
from tests.circuits.test_classifier import signed_weights, tiny
from tests.lna.test_stationary import birth_death, network
from tests.reference.random_networks import networks

PLENTY = 10**6


def equations_of(net: Network) -> MomentEquations:
    return MomentEquations.of(net, PLENTY, PLENTY)


def value(polynomial: Polynomial, net: Network, counts: dict[str, float]) -> float:
    total = 0.0
    for term in polynomial:
        product = term.factor * net.rate_constants[term.rate]
        for name, power in term.powers:
            product *= counts[name] ** power
        total += product
    return total


def evaluated(net: Network, counts: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """dC/dt from the symbolic equations, as a full matrix over all species."""
    known, index = dict(zip(net.species_index, counts.tolist(), strict=True)), net.species_index
    result = np.zeros_like(covariance)
    for (a, b), factors, noise in equations_of(net).equations():
        speed = value(noise, net, known)
        for (c, d), polynomial in factors.items():
            speed += value(polynomial, net, known) * covariance[index[c], index[d]]
        result[index[a], index[b]] = result[index[b], index[a]] = speed
    return result


@settings(max_examples=40, deadline=None)
@given(net=networks(), seed=st.integers(0, 2**32 - 1))
def test_equations_are_the_matrix_equation(net: Network, seed: int) -> None:
    """At random counts and a random symmetric C with the support; what is left out stays 0."""
    rng, index = np.random.default_rng(seed), net.species_index
    counts, support = rng.uniform(0, 20, len(index)), np.zeros((len(index),) * 2)
    for a, b in equations_of(net).pairs:
        support[index[a], index[b]] = support[index[b], index[a]] = 1
    drawn = rng.normal(size=support.shape)
    covariance = (drawn + drawn.T) * support
    matrices = Matrices.of(net)
    jacobian, diffusion = matrices.jacobian(counts).toarray(), matrices.diffusion(counts).toarray()
    expected = jacobian @ covariance + covariance @ jacobian.T + diffusion
    # Terms of both signs cancel; rounding follows the sum of their absolute values.
    scale = abs(matrices.stoichiometry).toarray() @ matrices.rates(counts)
    scale = 1 + scale.max(initial=0) + (abs(jacobian) @ abs(covariance)).max(initial=0)
    np.testing.assert_allclose(evaluated(net, counts, covariance), expected, rtol=1e-11, atol=1e-11 * scale)
    np.testing.assert_array_equal(expected[support == 0], 0)


@settings(max_examples=40, deadline=None)
@given(net=networks())
def test_support_is_what_matrices_grow(net: Network) -> None:
    """The fixed point found with numbers: every pair that gets a covariance has an equation, and no other one."""
    rng = np.random.default_rng(3)
    # Numbers without relations, so that only what cancels in symbols cancels.
    net = replace(net, parameters=tuple(replace(p, value=rng.uniform(1, 2)) for p in net.parameters))
    matrices, counts = Matrices.of(net), rng.uniform(1, 2, len(net.species))
    jacobian = abs(matrices.jacobian(counts).toarray()) > 1e-9
    grown = abs(matrices.diffusion(counts).toarray()) > 1e-9
    for _ in range(2 * len(counts)):
        grown = grown | (jacobian @ grown) | (grown @ jacobian.T)
    names = list(net.species_index)
    found = [(names[i], names[j]) for i, j in zip(*np.nonzero(np.triu(grown)), strict=True)]
    assert equations_of(net).pairs == tuple(found)


def test_independent_species_have_variances_only() -> None:
    names = [f"S{i}" for i in range(2000)]
    net = Network(
        "many",
        tuple(Species(name) for name in names),
        (Parameter("b", 2.0), Parameter("g", 1.0)),
        tuple(
            reaction
            for name in names
            for reaction in (
                Reaction(f"make_{name}", (), ((name, 1),), "b"),
                Reaction(f"fade_{name}", ((name, 1),), (), "g"),
            )
        ),
    )
    equations = equations_of(net)
    assert equations.pairs == tuple((name, name) for name in names)
    # -2 g var + (b + g x): three terms each.
    assert equations.size == (2000, 3 * 2000)


def test_rectifiers_of_one_layer_do_not_correlate_and_their_reader_correlates_with_all() -> None:
    """Two independent pairs of rails P, M and p, m, and Y that reads P and p: by hand, 3 + 3 + 5 pairs of 15."""
    net = network(
        "PMpmY",
        {"a": 3.0, "g": 1.0, "k": 0.5},
        **{f"make_{name}": ("", name, "a") for name in "PMpm"},
        **{f"fade_{name}": (name, "", "g") for name in "PMpmY"},
        pair=("PM", "", "k"),
        pair_2=("pm", "", "k"),
        read=("P", "PY", "g"),
        read_2=("p", "pY", "g"),
    )
    found = " ".join(a + b for a, b in equations_of(net).pairs)
    assert found == "PP PM PY MM MY pp pm pY mm mY YY"


def test_terms_that_cancel_do_not_correlate() -> None:
    """A makes B and takes it away at the same rate: B gets noise, but nothing of its mean follows A."""
    net = Network(
        "level",
        (Species("A"), Species("B", 9)),
        (Parameter("b", 1.0), Parameter("g", 1.0), Parameter("k", 0.3)),
        (
            Reaction("make", (), (("A", 1),), "b"),
            Reaction("fade", (("A", 1),), (), "g"),
            Reaction("up", (("A", 1), ("B", 1)), (("A", 1), ("B", 2)), "k"),
            Reaction("down", (("A", 1), ("B", 1)), (("A", 1),), "k"),
        ),
    )
    assert equations_of(net).pairs == (("A", "A"), ("B", "B"))


def test_clamped_and_unchanged_species_have_no_noise() -> None:
    net = Network(
        "read",
        (Species("X", 6, clamped=True), Species("A"), Species("rest", 4)),
        (Parameter("w", 0.5), Parameter("g", 1.5)),
        (
            Reaction("r", (("X", 1), ("rest", 1)), (("X", 1), ("rest", 1), ("A", 1)), "w"),
            Reaction("d", (("A", 1),), (), "g"),
        ),
    )
    equations = equations_of(net)
    assert equations.pairs == (("A", "A"),)
    (_, factors, noise) = next(equations.equations())
    assert factors == {("A", "A"): ((-2, "g", ()),)}
    assert noise == ((1, "w", (("X", 1), ("rest", 1))), (1, "g", (("A", 1),)))


def test_a_network_without_reactions_has_no_equations() -> None:
    assert equations_of(Network("still", (Species("A", 3),), (), ())).pairs == ()


def test_size_is_the_number_of_terms_in_the_equations() -> None:
    classifier = tiny()
    equations = equations_of(classifier.network(signed_weights(classifier)))
    listed = list(equations.equations())
    terms = sum(len(noise) + sum(map(len, factors.values())) for _, factors, noise in listed)
    assert equations.size.pairs == len(listed) == 423
    # Counted before like terms of J_ii + J_jj are put together: one decay less for each covariance of two rails.
    merged = sum(a != b for a, b in equations.pairs)
    assert terms < equations.size.terms <= terms + 2 * merged
    # A third of the triangle of 50 species: rails of one filter's neighbours read shared inputs but no shared noise.
    assert len(listed) < 0.35 * 50 * 51 / 2


@pytest.mark.parametrize(("pairs", "terms"), [(422, PLENTY), (PLENTY, 3121)])
def test_too_large_is_refused_with_its_counts(pairs: int, terms: int) -> None:
    classifier = tiny()
    net = classifier.network(signed_weights(classifier))
    with pytest.raises(FormatError, match="423 covariances with 3,122 terms") as refusal:
        MomentEquations.of(net, pairs, terms)
    assert "\n" not in str(refusal.value)
    assert f"{pairs:,}" in str(refusal.value)
    assert MomentEquations.of(net, 423, 3122).size == (423, 3122)


def test_twenty_thousand_variances_are_refused_at_once() -> None:
    names = [f"S{i}" for i in range(20_000)]
    fades = tuple(Reaction(f"fade_{name}", ((name, 1),), (), "g") for name in names)
    net = Network("huge", tuple(Species(name) for name in names), (Parameter("g", 1.0),), fades)
    start = time.process_time()
    with pytest.raises(FormatError, match=r"at least 20,000 covariances"):
        MomentEquations.of(net, 8000, 65_000)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("seed", [0, 1])
def test_a_long_chain_is_counted_quickly_in_any_order_of_species(seed: int) -> None:
    """Each species reads the one before: all correlate, n (n + 1) / 2 pairs."""
    n = 1500
    reactions = tuple(Reaction(f"r{i}", ((f"S{i}", 1),), ((f"S{i}", 1), (f"S{i + 1}", 1)), "g") for i in range(n - 1))
    order = np.random.default_rng(seed).permutation(n)
    first = Reaction("first", (), (("S0", 1),), "b")
    net = Network(
        "chain",
        tuple(Species(f"S{i}") for i in order),
        (Parameter("g", 1.0), Parameter("b", 1.0)),
        (first, *reactions),
    )
    start = time.process_time()
    with pytest.raises(FormatError, match=f"{n * (n + 1) // 2:,} covariances"):
        MomentEquations.of(net, 8000, 65_000)
    # 0.2 s; without an order along the chain some 500 sweeps of 1500 rows.
    assert time.process_time() - start < 3


def test_birth_and_death_in_symbols() -> None:
    (equation,) = equations_of(birth_death(3.0, 0.5)).equations()
    assert equation == (("A", "A"), {("A", "A"): ((-2, "g", ()),)}, ((1, "b", ()), (1, "g", (("A", 1),))))

import numpy as np
import pytest

from crn2sbml.core.deterministic import integrate
from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.errors import SteadyStateError
from crn2sbml.lna import stationary as lna
from crn2sbml.lna.stationary import Stationary, stationary
from tests.reference.master_equation import edge_mass, mean_and_covariance, stationary_law
from tests.reference.steady_ode import steady_counts


def network(species: str, constants: dict[str, float], **reactions: tuple[str, str, str]) -> Network:
    """Species as one word of letters, reactions as (inputs, outputs, constant), inputs and outputs as such words."""

    def terms(word: str) -> tuple[tuple[str, int], ...]:
        return tuple((name, word.count(name)) for name in dict.fromkeys(word))

    return Network(
        "net",
        tuple(Species(name) for name in species),
        tuple(Parameter(name, value) for name, value in constants.items()),
        tuple(Reaction(name, terms(a), terms(b), rate) for name, (a, b, rate) in reactions.items()),
    )


def solved(net: Network) -> Stationary:
    found = steady_counts(net)
    return stationary(Matrices.of(net), np.array([found[s.id] for s in net.species]))


def birth_death(birth: float, death: float) -> Network:
    return network("A", {"b": birth, "g": death}, make=("", "A", "b"), fade=("A", "", "g"))


def brusselator(feed: float) -> Network:
    """X settles where feed < 2 and oscillates above (a = 1): 2X + Y -> 3X, X -> Y at `feed`."""
    net = network(
        "XY", {"a": 100.0, "c": 1e-4, "b": feed, "d": 1.0}, make=("", "X", "a"), grow=("XXY", "XXX", "c"),
        turn=("X", "Y", "b"), fade=("X", "", "d"),
    )  # fmt: skip
    return net.with_counts({"X": 90, "Y": 100 * feed})


def cascade() -> Network:
    """A and B are made and decay; both make Y (a pool of unequal shares), which decays."""
    return network(
        "ABY",
        {"a": 1.0, "b": 0.5, "g": 1.0, "h": 0.8, "u": 0.7, "v": 0.4},
        make_a=("", "A", "a"),
        make_b=("", "B", "b"),
        a_makes=("A", "AY", "u"),
        b_makes=("B", "BY", "v"),
        fade_a=("A", "", "g"),
        fade_b=("B", "", "h"),
        fade_y=("Y", "", "g"),
    )


@pytest.mark.parametrize(("birth", "death"), [(0.3, 1.0), (12.0, 0.25), (1e6, 3.0)])
def test_birth_and_death_is_poisson(birth: float, death: float) -> None:
    result = solved(birth_death(birth, death))
    assert result.mean[0] == pytest.approx(birth / death, rel=1e-10)
    assert result.covariance[0, 0] == pytest.approx(birth / death, rel=1e-10)


@pytest.mark.parametrize("lag", [0.1, 1.0, 7.5])
def test_autocorrelation_of_birth_and_death_is_exponential(lag: float) -> None:
    correlations = solved(birth_death(5.0, 0.4)).autocorrelations(lag, 3, ("A",))[:, 0]
    assert correlations == pytest.approx(np.exp(-0.4 * lag * np.arange(1, 4)), rel=1e-12)


@pytest.mark.parametrize("below", [0.5, 0.1, 1e-3])
def test_decorrelation_time_of_birth_and_death(below: float) -> None:
    exact = np.log(1 / below) / 0.4
    # Steps of an eighth of the relaxation time look for it, so it is found at most that late and never early.
    assert exact <= solved(birth_death(5.0, 0.4)).decorrelation_time(below, ("A",)) <= exact + 1 / 0.4 / 8


def test_affine_cascade_obeys_the_moment_equations() -> None:
    """d<xy>/dt = 0 written out by hand for each pair; exact because every propensity is affine."""
    result = solved(cascade())
    a, b, g, h, u, v = 1.0, 0.5, 1.0, 0.8, 0.7, 0.4
    mean_a, mean_b = a / g, b / h
    mean_y = (u * mean_a + v * mean_b) / g
    cov_ay, cov_by = u * mean_a / (2 * g), v * mean_b / (g + h)
    var_y = mean_y + (u * cov_ay + v * cov_by) / g
    np.testing.assert_allclose(result.mean, [mean_a, mean_b, mean_y], rtol=1e-9)
    expected = [[mean_a, 0, cov_ay], [0, mean_b, cov_by], [cov_ay, cov_by, var_y]]
    np.testing.assert_allclose(result.covariance, expected, rtol=1e-9, atol=1e-9)


def test_affine_cascade_is_exact_in_the_master_equation() -> None:
    steps = [
        ((0, 0, 0), (1, 0, 0), 1.0),
        ((0, 0, 0), (0, 1, 0), 0.5),
        ((1, 0, 0), (1, 0, 1), 0.7),
        ((0, 1, 0), (0, 1, 1), 0.4),
        ((1, 0, 0), (0, 0, 0), 1.0),
        ((0, 1, 0), (0, 0, 0), 0.8),
        ((0, 0, 1), (0, 0, 0), 1.0),
    ]
    law = stationary_law(steps, (15, 13, 26))
    assert edge_mass(law) < 2e-11
    mean, covariance = mean_and_covariance(law)
    result = solved(cascade())
    # The box leaves out 1e-11 of the probability at counts below 26: 26^2 * 1e-11 < 1e-8 at worst, 1e-9 in fact.
    np.testing.assert_allclose(result.mean, mean, atol=1e-9)
    np.testing.assert_allclose(result.covariance, covariance, atol=1e-9)


def nonlinear() -> Network:
    return network(
        "PMY",
        {"a": 40.0, "b": 15.0, "g": 1.0, "k": 0.4, "w": 2.0, "d": 0.01},
        make_p=("", "P", "a"),
        make_m=("", "M", "b"),
        read=("P", "PY", "w"),
        fade_p=("P", "", "g"),
        fade_m=("M", "", "g"),
        fade_y=("Y", "", "g"),
        pair=("PM", "", "k"),
        dimer=("YY", "", "d"),
    )


def test_covariance_solves_the_lyapunov_equation() -> None:
    """J and D are worked out here by hand from the rates, not taken from the package."""
    net = nonlinear()
    result = solved(net)
    p, m, y = result.mean
    jacobian = np.array([[-1 - 0.4 * m, -0.4 * p, 0], [-0.4 * m, -1 - 0.4 * p, 0], [2.0, 0, -1 - 4 * 0.01 * y]])
    jumps = {(1, 0, 0): 40, (0, 1, 0): 15, (0, 0, 1): 2 * p, (-1, -1, 0): 0.4 * p * m, (0, 0, -2): 0.01 * y * y}
    fades = {(-1, 0, 0): p, (0, -1, 0): m, (0, 0, -1): y}
    diffusion = sum(rate * np.outer(jump, jump) for jump, rate in (jumps | fades).items())
    np.testing.assert_allclose(result.jacobian.toarray(), jacobian, rtol=1e-12)
    residual = jacobian @ result.covariance + result.covariance @ jacobian.T + diffusion
    np.testing.assert_allclose(residual, 0, atol=1e-10 * np.abs(diffusion).max())
    np.testing.assert_array_equal(result.covariance, result.covariance.T)
    assert np.linalg.eigvalsh(result.covariance).min() > 0


@pytest.mark.parametrize(("up", "down"), [(30.0, 10.0), (5.0, 0.0), (50.0, 45.0)])
def test_noise_of_an_active_rectifier_follows_gross_inhibition(up: float, down: float) -> None:
    """Omega Var(P / Omega) = P + b / g for sharp annihilation (Omega = 1), with an error that falls like 1 / k."""
    errors = []
    for k in (1e3, 1e4, 1e5):
        net = network(
            "PM",
            {"a": up, "b": down, "g": 1.0, "k": k},
            make_p=("", "P", "a"),
            make_m=("", "M", "b"),
            fade_p=("P", "", "g"),
            fade_m=("M", "", "g"),
            pair=("PM", "", "k"),
        )
        result = solved(net)
        errors.append(abs(result.covariance[0, 0] / (result.mean[0] + down) - 1))
    assert errors[-1] < 1e-4
    if down:
        assert errors[1] / errors[0] == pytest.approx(0.1, rel=0.1)
    else:
        assert max(errors) < 1e-9


def test_clamped_species_are_left_out() -> None:
    net = Network(
        "read",
        (Species("X", 6, clamped=True), Species("A")),
        (Parameter("w", 0.5), Parameter("g", 1.5)),
        (Reaction("r", (("X", 1),), (("X", 1), ("A", 1)), "w"), Reaction("d", (("A", 1),), (), "g")),
    )
    result = solved(net)
    assert result.species == ("A",)
    assert result.covariance[0, 0] == pytest.approx(2.0, rel=1e-10)


def test_a_species_without_noise_has_no_autocorrelation() -> None:
    net = network("AB", {"b": 2.0, "g": 1.0}, make=("", "A", "b"), fade=("A", "", "g"), fade_b=("B", "", "g"))
    result = solved(net)
    assert result.autocorrelations(1.0, 2, ("A", "B"))[:, 1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("count", [4.9, 5.0001, 0.0, np.nan, np.inf])
def test_a_state_that_is_not_steady_is_refused(count: float) -> None:
    with pytest.raises(SteadyStateError) as refusal:
        stationary(Matrices.of(birth_death(5.0, 1.0)), np.array([count]))
    assert "'A'" in str(refusal.value)
    assert "not steady" in str(refusal.value)


def test_an_unstable_state_is_refused() -> None:
    """Schloegl: 2A -> 3A, 3A -> 2A, 0 <-> A with roots 1, 2, 3; the one in the middle is unstable."""
    net = network(
        "A",
        {"b": 6.0, "g": 11.0, "k": 6.0, "l": 1.0},
        make=("", "A", "b"),
        fade=("A", "", "g"),
        grow=("AA", "AAA", "k"),
        shrink=("AAA", "AA", "l"),
    )
    with pytest.raises(SteadyStateError, match=r"unstable.*'A'"):
        stationary(Matrices.of(net), np.array([2.0]))
    for stable in (1.0, 3.0):
        assert stationary(Matrices.of(net), np.array([stable])).covariance[0, 0] > 0


def test_a_conserved_total_is_binomial() -> None:
    """A <-> B with 30 items in all is Binomial(30, f / (f + r)); C, in no such sum, is Poisson."""
    net = network(
        "ABC",
        {"f": 1.0, "r": 2.0, "g": 1.0, "c": 7.0},
        there=("A", "B", "f"),
        back=("B", "A", "r"),
        make=("", "C", "c"),
        fade=("C", "", "g"),
    )
    result = stationary(Matrices.of(net), np.array([20.0, 10.0, 7.0]))
    spread = 30 * (1 / 3) * (2 / 3)
    np.testing.assert_allclose(
        result.covariance, [[spread, -spread, 0], [-spread, spread, 0], [0, 0, 7]], rtol=1e-12, atol=1e-12
    )
    assert result.slowest == pytest.approx(-1.0)
    correlations = result.autocorrelations(0.1, 2, ("A", "B"))
    np.testing.assert_allclose(correlations, np.exp(-0.3 * np.array([[1, 1], [2, 2]])), rtol=1e-12)


def test_a_closed_ring_is_multinomial() -> None:
    """All rates of first order, 60 items: probabilities p from the stationary chain, covariance N (diag p - p p^T)."""
    constants = {"k": 1.0, "l": 2.0, "m": 3.0}
    net = network("ABC", constants, ab=("A", "B", "k"), bc=("B", "C", "l"), ca=("C", "A", "m"))
    p = np.array([1.0, 1 / 2, 1 / 3]) / (1 + 1 / 2 + 1 / 3)
    result = stationary(Matrices.of(net), 60 * p)
    np.testing.assert_allclose(result.covariance, 60 * (np.diag(p) - np.outer(p, p)), rtol=1e-12, atol=1e-12)


def test_a_second_moiety_inside_the_first() -> None:
    """An enzyme: E + ES and S + ES + P are kept, so that two of four species say all; the rest follows exactly."""
    net = network(
        "ESXP",
        {"on": 0.01, "off": 1.0, "cat": 0.5, "back": 0.3},
        bind=("ES", "X", "on"),
        loose=("X", "ES", "off"),
        make=("X", "EP", "cat"),
        undo=("P", "S", "back"),
    ).with_counts({"E": 30, "S": 100})
    state = integrate(Matrices.of(net), np.array([30.0, 100.0, 0, 0]), (0.0, 400.0))[-1]
    result = stationary(Matrices.of(net), state)
    assert result.moieties is not None
    assert result.moieties.count == 2
    for kept in ([1, 0, 1, 0], [0, 1, 1, 1]):
        np.testing.assert_allclose(np.array(kept) @ result.covariance, 0, atol=1e-10)
    residual = result.jacobian @ result.covariance
    residual = residual + residual.T + Matrices.of(net).diffusion(state).toarray()
    np.testing.assert_allclose(residual, 0, atol=1e-9)
    assert np.linalg.eigvalsh(result.covariance)[-2:].min() > 1


def test_a_slow_network_far_from_its_steady_state_is_refused() -> None:
    """Birth at 1e-9/s, death at 1e-9/s an item: 5 items move by 4e-9 items/s only, but the mean is 1."""
    matrices = Matrices.of(birth_death(1e-9, 1e-9))
    with pytest.raises(SteadyStateError, match=r"'A' is 4 items from its steady state.*raise --t-end"):
        stationary(matrices, np.array([5.0]))
    assert stationary(matrices, np.array([1.0])).covariance[0, 0] == pytest.approx(1)


def test_a_degenerate_state_is_undetermined() -> None:
    """A critical branching process: every count is steady, none is stable, and no sum is kept."""
    net = network("A", {"k": 1.0, "h": 1.0}, grow=("A", "AA", "k"), fade=("A", "", "h"))
    with pytest.raises(SteadyStateError, match=r"undetermined, though no sum.*'A'"):
        stationary(Matrices.of(net), np.array([5.0]))


def test_nothing_floating_is_refused() -> None:
    net = Network("still", (Species("X", 1, clamped=True),), (), ())
    with pytest.raises(SteadyStateError, match="no floating species"):
        stationary(Matrices.of(net), np.array([1.0]))


def test_more_species_than_a_matrix_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lna, "LARGEST", 2)
    with pytest.raises(SteadyStateError, match="3 floating species"):
        solved(cascade())


def test_a_state_about_which_all_goes_round_for_ever() -> None:
    """Lotka and Volterra's predators and prey: eigenvalues ± i sqrt(birth * death)."""
    net = network(
        "AB", {"b": 2.0, "k": 0.1, "d": 0.5}, grow=("A", "AA", "b"), eat=("AB", "BB", "k"), die=("B", "", "d")
    )
    with pytest.raises(SteadyStateError, match=r"oscillates undamped: eigenvalue -?\S+ ± 1i 1/s, mostly in '[AB]'"):
        stationary(Matrices.of(net), np.array([5.0, 20.0]))


def test_a_state_that_oscillations_grow_from() -> None:
    """A Brusselator above its threshold: eigenvalues 0.1 ± i sqrt(1 - 0.01) at b = 2.2, a = 1."""
    with pytest.raises(SteadyStateError, match=r"unstable, and oscillates: eigenvalue 0\.1 ± 0\.995i 1/s"):
        stationary(Matrices.of(brusselator(2.2)), np.array([100.0, 220.0]))

"""Against the integrated equations, closed forms, and networks that have no steady state to find."""

import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.errors import SteadyStateError
from crn2sbml.lna.steady_states import steady_states
from tests.circuits.test_readout_noise import NETS, example
from tests.lna.test_stationary import birth_death, cascade, network
from tests.reference.steady_ode import steady_counts


@pytest.mark.parametrize("name", NETS)
def test_a_classifier_for_many_inputs(name: str) -> None:
    classifier, weights, _ = example(name)
    net, rng = classifier.network(weights), np.random.default_rng(0)
    images = [np.zeros(classifier.in_shape), np.ones(classifier.in_shape), rng.uniform(0, 1, classifier.in_shape)]
    matrices = Matrices.of(net)
    counts = np.zeros((len(images), len(matrices.species)))
    counts[:] = [species.initial for species in net.species]
    counts[:, : len(classifier.input_ids)] = classifier.input_counts(images)
    found = steady_states(matrices, counts)
    for image, state in zip(images, found, strict=True):
        expected = steady_counts(classifier.network(weights, image), horizon=200)
        np.testing.assert_allclose(state, [expected[s] for s in matrices.species], rtol=1e-8, atol=1e-8)


def test_items_that_only_change_places() -> None:
    """A ring of three places, in parts like the waiting times; the start alone says how many items it has."""
    steps = {"one": ("A", "B", "a"), "two": ("B", "C", "b"), "three": ("C", "A", "c")}
    net = network("ABC", {"a": 1.0, "b": 2.0, "c": 4.0}, **steps)
    found = steady_states(Matrices.of(net), np.array([[7.0, 0, 0], [0, 0, 14.0], [0, 0, 0]]))
    np.testing.assert_allclose(found, [[4, 2, 1], [8, 4, 2], [0, 0, 0]], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("k", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(("up", "down"), [(0.0, 0.0), (1e5, 0.0), (0.0, 1e5), (3.0, 3.0), (1e3, 1e3 + 1e-3)])
def test_a_rectifier_from_its_closed_form(up: float, down: float, k: float) -> None:
    net = network(
        "PM", {"a": up, "b": down, "g": 1.0, "k": k}, make=("", "P", "a"), unmake=("", "M", "b"),
        fade=("P", "", "g"), wane=("M", "", "g"), meet=("PM", "", "k"),
    )  # fmt: skip
    d = k * (up - down) - 1
    root = (d * d + 4 * k * up) ** 0.5
    expected = (d + root) / (2 * k) if d > 0 else 2 * up / (root - d)
    found = steady_states(Matrices.of(net), np.zeros((1, 2)))[0]
    assert found[0] == pytest.approx(expected, rel=1e-6, abs=1e-9 * (1 + up))
    assert found[0] - found[1] == pytest.approx(up - down, rel=1e-9, abs=1e-9)


def test_rails_that_decay_at_different_rates() -> None:
    """Against the positive root of the quadratic that is left when M is eliminated."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        up, down, g, h, k = np.exp(rng.normal(0, 3, 5))
        net = network(
            "PM", {"a": up, "b": down, "g": g, "h": h, "k": k}, make=("", "P", "a"), unmake=("", "M", "b"),
            fade=("P", "", "g"), wane=("M", "", "h"), meet=("PM", "", "k"),
        )  # fmt: skip
        # M = (b - a + g P) / h from the difference of both equations, put into that of P.
        roots = np.roots([k * g / h, g + k * (down - up) / h, -up])
        expected = max(roots.real)
        found = steady_states(Matrices.of(net), np.zeros((1, 2)))[0]
        assert found[0] == pytest.approx(expected, rel=1e-6)
        assert found[1] >= 0


def test_linear_networks() -> None:
    assert steady_states(Matrices.of(birth_death(6.0, 2.0)), np.zeros((1, 1))) == pytest.approx(3)
    net = cascade()
    expected = steady_counts(net)
    found = steady_states(Matrices.of(net), np.zeros((2, len(net.species))))
    np.testing.assert_allclose(found, [[expected[s.id] for s in net.species]] * 2, rtol=1e-9)


@pytest.mark.parametrize(
    "steps",
    [
        {"make": ("", "A", "a")},  # grows for ever
        {"turn": ("AA", "B", "a"), "back": ("B", "AA", "b")},  # A + 2 B stays, which is not looked for
        {"make": ("", "A", "a"), "split": ("A", "AA", "b")},  # only below 0
    ],
)
def test_no_steady_state(steps: dict[str, tuple[str, str, str]]) -> None:
    with pytest.raises(SteadyStateError, match=r"steady states: none found for '[AB]'"):
        steady_states(Matrices.of(network("AB", {"a": 2.0, "b": 1.0}, **steps)), np.zeros((1, 2)))


def test_what_no_reaction_changes_stays() -> None:
    """X makes Y, and its count is kept; Z makes X and Y and X meet: Y is felt through X though it cancels at Y = 1."""
    net = network("XY", {"k": 2.0, "g": 1.0}, make=("X", "XY", "k"), fade=("Y", "", "g"))
    assert steady_states(Matrices.of(net), np.array([[50.0, 0.0]])) == pytest.approx(np.array([[50.0, 100.0]]))
    net = network(
        "XY", {"k": 1.0, "m": 1.0, "a": 3.0}, make=("X", "XY", "k"), meet=("XY", "Y", "m"), feed=("", "Y", "a"),
        more=("", "X", "a"), fade=("Y", "", "k"),
    )  # fmt: skip
    expected = steady_counts(net, horizon=200)
    found = steady_states(Matrices.of(net), np.array([[5.0, 0.0]]))[0]
    np.testing.assert_allclose(found, [expected["X"], expected["Y"]], rtol=1e-8)

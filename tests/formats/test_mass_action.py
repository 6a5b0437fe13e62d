"""Which of two readings a law has; held against libRoadRunner's own rates of change of the same file."""

import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.formats.sbml_text import Step, model


def changes(text: str, counts: dict[str, float]) -> list[float]:
    """Of every species, items per second, by the file's own laws."""
    import roadrunner

    simulation = roadrunner.RoadRunner(text)
    for name, count in counts.items():
        simulation.setValue(name, count)
    order = simulation.model.getFloatingSpeciesIds()
    found = dict(zip(order, simulation.getRatesOfChange().tolist(), strict=True))
    return [found[name] for name in counts]


GROWTH = {
    "limited": Step("A", "2 A", "k*A*(1 - A)"),
    "limited, turned round": Step("A", "", "k*A*(A - 1)"),
    "limited, from nothing": Step("", "A", "k*A*(1 - A)", modifiers=("A",)),
    "limited by two constants": Step("A", "2 A", "k1*A - k2*A^2"),
    "limited by a carrying capacity": Step("A", "2 A", "k*A*(1 - A/k1)"),
    "limited by a capacity of one": Step("A", "2 A", "k*A*(1 - A/unity)"),
    "with a threshold": Step("A", "2 A", "k*A*(A - 1)*(2 - A)"),
    "by a catalyst": Step("A + B", "2 A + B", "k*A*B*(1 - A)"),
    "of pairs, limited": Step("2 A", "3 A", "k*A*(1 - A)"),
    "a switch, reversible": Step("2 A", "3 A", "k*A^2 - k2*A^3"),
}


@pytest.mark.parametrize("name", GROWTH)
def test_growth_laws_are_read_as_they_are_written(name: str) -> None:
    """Their 1 - A is a limit to growth: an ODE in which no two molecules are counted one by one."""
    text = model({"grow": GROWTH[name]}, parameters={"k": 2.0, "k1": 3.0, "k2": 0.5, "unity": 1.0})
    document = read_sbml(text)
    assert document.reading == "deterministic"
    for counts in ({"A": 0.1, "B": 10.0}, {"A": 1.0, "B": 3.0}, {"A": 7.0, "B": 0.5}):
        expected = changes(text, counts)
        found = Matrices.of(document.network).derivative(list(counts.values()))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)  # sums of a few terms


def test_growth_stands_beside_pairs() -> None:
    text = model({"grow": GROWTH["limited"], "pair": Step("2 B", "", "k*B*B")})
    document = read_sbml(text)
    assert document.reading == "deterministic"
    counts = {"A": 0.25, "B": 3.0}
    np.testing.assert_allclose(Matrices.of(document.network).derivative([0.25, 3]), changes(text, counts), rtol=1e-12)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step("2 A", "B", "k*A*(A - 1)"), [((("A", 2),), (("B", 1),))]),
        (Step("2 A", "", "k*A*(A - 1)"), [((("A", 2),), ())]),
        (Step("2 A", "3 A", "k*A*(A - 1)"), [((("A", 2),), (("A", 3),))]),
        (Step("2 A + B", "B", "k*A*(A - 1)*B"), [((("A", 2), ("B", 1)), (("B", 1),))]),
        (
            Step("2 A", "B", "k*A*(A - 1) - k1*B", attributes='reversible="true"'),
            [((("A", 2),), (("B", 1),)), ((("B", 1),), (("A", 2),))],
        ),
        (
            Step("B", "2 A", "k1*B - k*A*(A - 1)", attributes='reversible="true"'),
            [((("B", 1),), (("A", 2),)), ((("A", 2),), (("B", 1),))],
        ),
    ],
    ids=lambda value: f"{value.left} -> {value.right}" if isinstance(value, Step) else "",
)
def test_laws_of_counts_stay_laws_of_counts(step: Step, expected: list[tuple[object, object]]) -> None:
    """The propensities of libRoadRunner's SSA are the laws themselves: k x (x - 1) for pairs."""
    text = model({"meet": step})
    document = read_sbml(text)
    assert document.reading == "stochastic"
    assert [(r.inputs, r.outputs) for r in document.network.reactions] == expected
    matrices = Matrices.of(document.network)
    found = matrices.stoichiometry @ matrices.propensities([5.0, 3.0])
    np.testing.assert_allclose(found, changes(text, {"A": 5.0, "B": 3.0}), rtol=1e-12)


@pytest.mark.parametrize("level", ["L3V2", "L2V4"])
def test_lumped_laws_of_counts_come_back(level: str) -> None:
    """2 A -> A has the law of limited growth, yet names a number of items; with A -> 0 it may become a plain A^2."""
    pair, single = Reaction("r", (("A", 2),), (("A", 1),), "k"), Reaction("s", (("A", 1),), (), "q")
    for constant in (2.0, 0.5):
        parameters = (Parameter("k", 2.0), Parameter("q", constant))
        for steps in ((pair,), (pair, single)):
            net = Network("m", (Species("A", 5),), parameters, steps)
            document = Document(net, shape="lumped", reading="stochastic")
            back = read_sbml(write_sbml(document, level))
            assert (back.shape, back.reading) == ("lumped", "stochastic")
            for count in (1.0, 2.0, 9.0):
                expected = Matrices.of(net).propensities([count]).sum()
                assert Matrices.of(back.network).propensities([count]).sum() == pytest.approx(expected, rel=1e-12)


def test_equal_numbers_of_two_laws_are_two_constants() -> None:
    """Nobody said that they are one; a product of the same parameters is."""
    net = read_antimony(
        "A = 5; B = 3; k = 2\na: A -> ; 1*A\nb: B -> ; 1*B\nc: A -> B; 2*k*A\nd: B -> A; 2*k*B\n"
    ).network
    rates = {reaction.id: reaction.rate for reaction in net.reactions}
    assert rates["a"] != rates["b"]
    assert rates["c"] == rates["d"]
    assert net.rate_constants[rates["a"]] == net.rate_constants[rates["b"]] == 1

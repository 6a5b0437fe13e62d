import pytest

pytest.importorskip("bioscrape", reason="bioscrape is not installed")

from crn2sbml.core.network import Network
from crn2sbml.engines.bioscrape import BioscrapeEngine, BioscrapeSimulation
from crn2sbml.errors import EngineError
from tests.engines.models import named, pair_law, sbml_of


def loaded(net: Network) -> BioscrapeSimulation:
    return BioscrapeEngine().load(sbml_of(net))


def test_a_number_with_a_unit_is_refused_in_its_own_words() -> None:
    """Its importer reads laws as text, where libSBML writes the unit after the number."""
    with pytest.raises(EngineError, match=r"bioscrape refused the model: .*A - 1 substance") as refusal:
        BioscrapeEngine().load(pair_law("k * A * (A - 1 substance)"))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["t", "volume", "time", "E", "I", "S", "cell"])
def test_names_that_could_mean_something_else_to_it(name: str) -> None:
    assert loaded(named(name)).ode([0.0, 2.0], {}).values[0, -1] == pytest.approx([3, 12], rel=1e-9)


@pytest.mark.parametrize("name", ["pi", "lambda", "exp", "gamma"])
def test_names_that_mean_something_else_to_it_are_refused(name: str) -> None:
    with pytest.raises(EngineError, match="bioscrape") as refusal:
        loaded(named(name))
    assert "\n" not in str(refusal.value)

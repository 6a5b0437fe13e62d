"""The smallest circuit: its size, and what it learns in libRoadRunner."""

import numpy as np
import pytest

from crn2sbml.circuits.minimal_learner import MinimalLearner
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import NetworkError, ShapeError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.motifs.clock import Clock

AROUND = ("_cleared", "_cancels_", "x1_becomes", "x2_becomes", "x3_becomes", "read_becomes", "h_becomes", "clock")
"""What is in the names of reactions that are not of the core."""


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_the_core_has_13_reactions_and_15_species_for_two_inputs(inputs: int) -> None:
    network = MinimalLearner(inputs).network(np.zeros(inputs))
    core = [reaction for reaction in network.reactions if not any(part in reaction.id for part in AROUND)]
    names = {
        name for reaction in core for name, _ in (*reaction.inputs, *reaction.outputs) if not name.startswith("clock")
    }
    without_forms = {name.removesuffix("_read").removesuffix("_learn") for name in names}
    assert (len(core), len(without_forms)) == (5 * inputs + 3, 5 * inputs + 5)
    assert max(reaction.order for reaction in network.reactions) == 2


def test_it_learns_up_to_what_its_phases_share() -> None:
    """In two passes of 60 examples. Where phases overlap, y is an error before all of o is: the less, the less leak."""
    rng, wanted = np.random.default_rng(3), np.array([1.0, 2.0])
    x = rng.uniform(0, 2, (60, 2))
    off = []
    for influx in (1e-4, 1e-6):
        learner = MinimalLearner(clock=Clock(3, influx=influx))
        feeding = learner.feeding(x, x @ wanted + 1)
        document = Document(learner.network(np.zeros(2)), reading="deterministic", feeding=feeding)
        run = get_engine("roadrunner").load(write_sbml(document)).ode([0.0, 120 * learner.turn.period], {})
        found = learner.weights_in(dict(zip(run.species.values.tolist(), run.values[0, -1].tolist(), strict=True)))
        off.append(np.abs(found - wanted).max())
    assert off[0] < 0.05
    assert off[1] < 0.6 * off[0]


def test_what_it_cannot_learn_from() -> None:
    learner = MinimalLearner()
    with pytest.raises(NetworkError, match=r"example 1 has -\d+\.\d* of 'y'"):
        learner.feeding(np.ones((1, 2)), np.array([-1.0]))
    with pytest.raises(ShapeError, match="needs 2, none below 0"):
        learner.network(np.array([1.0, -1.0]))

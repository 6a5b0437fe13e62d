import math
import os
import subprocess
import sys
from pathlib import Path

import libsbml
import numpy as np
import pytest

pytest.importorskip("pysces", reason="PySCeS is not installed")

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.disk import read_text
from crn2sbml.engines.pysces import PyscesEngine, PyscesSimulation
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.errors import CrnError, EngineError, SteadyStateError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.engines.models import dimers, driven, explosion, sbml_of
from tests.engines.test_engine import tiny_network
from tests.lna.test_stationary import cascade, network, nonlinear


def loaded(net: Network) -> PyscesSimulation:
    return PyscesEngine().load(sbml_of(net))


def named(name: str) -> Network:
    """The driven network without decay, its input called `name`: A(t) = 6 t."""
    return Network(
        "named",
        (Species(name, 3, clamped=True), Species("A")),
        (Parameter("w", 2.0),),
        (Reaction("make", ((name, 1),), ((name, 1), ("A", 1)), "w"),),
    )


@pytest.mark.parametrize("start", [0, 40])
def test_ode_against_the_exponential(start: int) -> None:
    times = [0.0, 0.5, 2.0, 20.0]
    result = loaded(driven(start)).ode(times, {"X": 5})
    fall = np.exp(-np.array(times) / 2)
    # The solver's local tolerance is 1e-10; 1e-7 leaves room for what adds up on the way.
    np.testing.assert_allclose(result.sel(species="A").values[0], 20 * (1 - fall) + start * fall, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(result.sel(species="X").values[0], 5)


def test_ode_from_a_later_time_on() -> None:
    result = loaded(driven()).ode([1.0, 3.0], {})
    np.testing.assert_allclose(result.sel(species="A").values[0], 12 * (1 - np.exp([-0.5, -1.5])), rtol=1e-7)


def test_pairs_are_lost_at_twice_k_x_squared() -> None:
    state = loaded(dimers()).steady_state({}, 60.0)
    # 40 = 0.5 x + 2 * 0.02 x^2; the steady state is reached to 1e-7 of the turnover.
    assert state.values.item() == pytest.approx((-0.5 + math.sqrt(0.25 + 4 * 0.04 * 40)) / 0.08, rel=1e-7)


@pytest.mark.parametrize("net", [cascade(), nonlinear(), dimers(), tiny_network()], ids=lambda net: net.id)
def test_it_agrees_with_roadrunner(net: Network) -> None:
    times = [0.0, 0.3, 1.0, 5.0, 60.0]
    ours = RoadRunnerEngine().load(sbml_of(net)).ode(times, {})
    np.testing.assert_allclose(loaded(net).ode(times, {}).values, ours.values, rtol=1e-6, atol=1e-8)


@pytest.mark.slow
def test_the_digits_classifier_reaches_roadrunner_s_steady_state() -> None:
    text = read_text(Path("models/digits/model.xml"))
    inputs = dict.fromkeys(read_sbml(text).network.clamped, 40.0)
    expected = RoadRunnerEngine().load(text).steady_state(inputs, 60.0)
    found = PyscesEngine().load(text).steady_state(inputs, 60.0)
    # 5e-11 was measured; both solvers are held to 1e-10 a step.
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-8, atol=1e-8)


def test_the_laws_of_a_lumped_file() -> None:
    """A makes B as a catalyst that the lumped shape names as a modifier only."""
    chain = network("AB", {"b": 20.0, "k": 1.0, "g": 0.5}, r=("", "A", "b"), s=("A", "AB", "k"), u=("B", "", "g"))
    simulation = PyscesEngine().load(write_sbml(Document(chain, shape="lumped")))
    # A = 20 t and dB/dt = A - B/2: B = 40 t - 80 (1 - exp(-t/2)).
    expected = 40 * 3 - 80 * (1 - math.exp(-1.5))
    assert simulation.ode([0.0, 3.0], {}).values[0, -1] == pytest.approx([60, expected], rel=1e-7)


def test_a_conserved_sum_follows_the_counts() -> None:
    """It integrates fewer species where a sum is conserved; the sum must be that of each run."""
    net = network("AB", {"k": 1.0, "h": 2.0}, go=("A", "B", "k"), back=("B", "A", "h")).with_counts({"A": 9})
    simulation = loaded(net)
    for extra in (0, 6):
        state = simulation.steady_state({"B": extra}, 20.0).values[0, -1]
        assert state == pytest.approx([(9 + extra) * 2 / 3, (9 + extra) / 3], rel=1e-7)


def test_a_species_in_no_reaction_stays_as_it_is() -> None:
    net = network("ABC", {"k": 1.0}, go=("A", "B", "k")).with_counts({"A": 10, "C": 5})
    assert loaded(net).ode([0.0, 1.0], {"C": 7}).sel(species="C").values.tolist() == [[7, 7]]


def test_a_clamped_species_that_a_reaction_takes_stays_as_it_is() -> None:
    net = Network(
        "fed",
        (Species("X", 3, clamped=True), Species("A")),
        (Parameter("w", 2.0),),
        (Reaction("turn", (("X", 1),), (("A", 1),), "w"),),
    )
    assert loaded(net).ode([0.0, 2.0], {}).values[0, -1] == pytest.approx([3, 12], rel=1e-9)


def test_clamped_inputs_by_name_equal_a_fresh_load() -> None:
    simulation, times = loaded(driven()), [0.0, 1.0, 4.0]
    for inputs in ({"X": 50, "A": 1000}, {"A": 7}, {}):
        fresh = loaded(driven().with_counts(inputs)).ode(times, {})
        np.testing.assert_array_equal(simulation.ode(times, inputs), fresh)


def test_a_law_that_its_importer_drops_is_noticed() -> None:
    """Its importer reads laws as text, where libSBML writes the unit after a number; it then takes 0 for the law."""
    document = libsbml.readSBMLFromString(sbml_of(dimers(), "stochastic"))
    law = document.getModel().getReaction("pair").getKineticLaw()
    law.setMath(libsbml.parseL3Formula("k * A * (A - 1)"))
    PyscesEngine().load(libsbml.writeSBMLToString(document))
    law.setMath(libsbml.parseL3Formula("k * A * (A - 1 substance)"))
    with pytest.raises(EngineError, match=r"pysces misreads the model: .*mean change of 'A'") as refusal:
        PyscesEngine().load(libsbml.writeSBMLToString(document))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["t", "volume", "time", "E", "exp", "cell"])
def test_names_that_could_mean_something_else_to_it(name: str) -> None:
    assert loaded(named(name)).ode([0.0, 2.0], {}).values[0, -1] == pytest.approx([3, 12], rel=1e-9)


@pytest.mark.parametrize("name", ["sim_time", "reactions", "pi", "lambda", "if", "Simulate", "_TIME_", "w_init"])
def test_names_that_it_uses_itself_are_refused(name: str) -> None:
    times = [0.0, 2.0]
    if name == "w_init":
        assert loaded(named(name)).ode(times, {}).values[0, -1] == pytest.approx([3, 12], rel=1e-9)
    else:
        with pytest.raises(EngineError, match="pysces") as refusal:
            loaded(named(name)).ode(times, {})
        assert "\n" not in str(refusal.value)
    # What it was given before does not make it refuse the next model.
    assert loaded(named("X")).ode(times, {}).values[0, -1] == pytest.approx([3, 12], rel=1e-9)


def test_results_say_where_they_come_from() -> None:
    attributes = loaded(driven()).ode([0, 1], {}).attrs
    assert (attributes["engine"], attributes["method"]) == ("pysces", "lsoda")
    assert attributes["version"].split(".")[0].isdigit()
    assert len(attributes["model_sha256"]) == 64


def test_it_names_what_it_has() -> None:
    simulation = loaded(driven())
    assert set(PyscesEngine().methods) == {m for m in ("ode", "lna", "ssa") if hasattr(simulation, m)}


def test_what_cannot_be_run_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    simulation = loaded(driven())
    with pytest.raises(SteadyStateError, match=r"pysces at t = 5 s.*'A'"):
        simulation.steady_state({}, 5.0)
    with pytest.raises(CrnError, match="'A'"):
        simulation.ode([0, 1], {"A": -1.0})
    with pytest.raises(EngineError, match="0 reactions 0 species"):
        loaded(network("AB", {}).with_counts({"A": 3, "B": 4}))
    simulation = loaded(explosion())
    with pytest.raises(EngineError, match="pysces: LSODA gave up"):
        simulation.ode([0.0, 2.0], {})
    # 1 / (1 - t) half way to the pole, on the same loaded model; the pole makes errors grow fourfold.
    assert simulation.ode([0.0, 0.5], {}).values[0, -1, 0] == pytest.approx(2, rel=1e-6)
    assert capfd.readouterr() == ("", "")


def test_it_leaves_the_home_folder_and_the_output_alone(tmp_path: Path) -> None:
    code = (
        "import os; from crn2sbml.engines.pysces import PyscesEngine; from tests.engines.models import driven, sbml_of;"
        "PyscesEngine().load(sbml_of(driven())).ode([0, 1], {}); import matplotlib;"
        "print(os.environ['HOME'], os.getcwd(), 'tk' in matplotlib.get_backend().lower())"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == [str(tmp_path), str(Path.cwd()), "False"]
    assert not (tmp_path / "Pysces").exists()

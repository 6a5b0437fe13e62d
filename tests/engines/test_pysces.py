import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pysces", reason="PySCeS is not installed")

from crn2sbml.core.network import Network
from crn2sbml.engines.pysces import PyscesEngine, PyscesSimulation
from crn2sbml.errors import EngineError
from tests.engines.models import named, pair_law, sbml_of


def loaded(net: Network) -> PyscesSimulation:
    return PyscesEngine().load(sbml_of(net))


def test_a_law_that_its_importer_drops_is_noticed() -> None:
    """Its importer reads laws as text, where libSBML writes the unit after a number; it then takes 0 for the law."""
    PyscesEngine().load(pair_law("k * A * (A - 1)"))
    with pytest.raises(EngineError, match=r"pysces misreads the model: .*mean change of 'A'") as refusal:
        PyscesEngine().load(pair_law("k * A * (A - 1 substance)"))
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

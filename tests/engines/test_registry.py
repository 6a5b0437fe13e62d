import subprocess
import sys

import pytest

from crn2sbml.engines.registry import engine_names, get_engine
from crn2sbml.errors import EngineError
from tests.engines.models import driven, sbml_of


def test_every_engine_has_the_name_it_is_asked_for_by() -> None:
    assert engine_names() == ["copasi", "roadrunner"]
    assert [get_engine(name).name for name in engine_names()] == engine_names()


@pytest.mark.parametrize("name", engine_names())
def test_an_engine_has_just_the_methods_that_it_names(name: str) -> None:
    engine = get_engine(name)
    simulation = engine.load(sbml_of(driven()))
    assert engine.methods == {method for method in ("ode", "lna", "ssa") if hasattr(simulation, method)}


@pytest.mark.parametrize(
    ("name", "close"), [("copsi", "'copasi'"), ("RoadRunner", "'roadrunner'"), ("road-runner", "'roadrunner'")]
)
def test_an_unknown_name_brings_the_closest(name: str, close: str) -> None:
    with pytest.raises(EngineError) as refusal:
        get_engine(name)
    said = str(refusal.value)
    assert f"no engine {name!r}; did you mean {close}?" in said
    assert "copasi, roadrunner" in said


@pytest.mark.parametrize("name", ["", "amici", "copasi "])
def test_no_other_name_is_taken(name: str) -> None:
    with pytest.raises(EngineError, match="no engine"):
        get_engine(name)


@pytest.mark.parametrize(("name", "package"), [("copasi", "COPASI"), ("roadrunner", "roadrunner")])
def test_a_simulator_that_is_not_installed(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"crn2sbml.engines.{name}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EngineError, match=f"'{name}' is not installed") as refusal:
        get_engine(name)
    assert "\n" not in str(refusal.value)


def test_simulators_are_loaded_when_asked_for() -> None:
    code = (
        "import sys; from crn2sbml.engines.registry import engine_names, get_engine; engine_names();"
        "early = {'COPASI', 'roadrunner'} & set(sys.modules); get_engine('copasi');"
        "late = {'COPASI', 'roadrunner'} & set(sys.modules); print(sorted(early), sorted(late))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['COPASI']"

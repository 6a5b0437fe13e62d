import subprocess
import sys
from collections.abc import Iterator
from typing import get_args, get_type_hints

import pytest

from crn2sbml.engines.engine import Limit, check_algorithm
from crn2sbml.engines.registry import check_installed, engine_names, get_engine, is_installed, required_engines
from crn2sbml.errors import EngineError
from tests.engines.contract import engines, loaded, methods_of
from tests.engines.models import driven

SIMULATORS = {
    "amici": "amici",
    "bioscrape": "bioscrape",
    "copasi": "COPASI",
    "gillespy2": "gillespy2",
    "native": "numba",
    "pysces": "pysces",
    "roadrunner": "roadrunner",
    "sbmltoodejax": "sbmltoodejax",
    "tellurium": "tellurium",
}
"""Engines, and the module that each simulator installs."""


def test_names() -> None:
    assert engine_names() == list(SIMULATORS)


def test_the_engines_that_come_with_the_package_are_there() -> None:
    assert required_engines() == ["copasi", "native", "roadrunner", "tellurium"]
    assert all(is_installed(name) for name in required_engines())


@engines()
def test_an_engine_has_the_name_that_it_is_asked_for_by(engine: str) -> None:
    assert get_engine(engine).name == engine


@engines()
def test_an_engine_has_just_the_methods_that_it_names(engine: str) -> None:
    simulation, methods = loaded(engine, driven()), methods_of(engine)
    calls = {"ode": ([0, 1], {}), "lna": ({}, 80.0), "ssa": ([0, 1], {}, 1)}
    assert set(methods) <= set(calls)
    for method, arguments in calls.items():
        if method in methods:
            assert getattr(simulation, method)(*arguments).attrs["engine"] == engine
        else:
            with pytest.raises(EngineError, match=f"engine '{engine}' has no method '{method}'"):
                getattr(simulation, method)(*arguments)
    assert methods.keys() & {"ode", "ssa"}
    for method, algorithms in methods.items():
        assert len(algorithms) == len(set(algorithms)) > 0
        assert check_algorithm(get_engine(engine), method, "") == algorithms[0]
        assert [check_algorithm(get_engine(engine), method, name) for name in algorithms] == list(algorithms)


@engines()
def test_what_an_engine_lacks_is_refused_by_name(engine: str) -> None:
    chosen, methods = get_engine(engine), methods_of(engine)
    for method in {"ode", "lna", "ssa"} - set(methods):
        with pytest.raises(EngineError, match=f"engine '{engine}' has no method '{method}'; it has") as refusal:
            check_algorithm(chosen, method, "")
        assert ", ".join(sorted(methods)) in str(refusal.value)
    with pytest.raises(EngineError, match=f"engine '{engine}': no algorithm 'guess'") as refusal:
        check_algorithm(chosen, "ode", "guess")
    assert methods["ode"][0] in str(refusal.value)


@engines()
def test_limits_are_numbers_with_a_reason(engine: str) -> None:
    kinds = get_args(get_type_hints(Limit)["what"])
    for limit in get_engine(engine).limits:
        assert limit.what in kinds
        assert limit.largest > 0
        assert len(limit.says.split()) > 2
        assert limit.says == " ".join(limit.says.split())
    named = [limit.what for limit in get_engine(engine).limits]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("name", "close"), [("copsi", "'copasi'"), ("RoadRunner", "'roadrunner'"), ("road-runner", "'roadrunner'")]
)
def test_an_unknown_name_brings_the_closest(name: str, close: str) -> None:
    with pytest.raises(EngineError) as refusal:
        get_engine(name)
    said = str(refusal.value)
    assert f"no engine {name!r}; did you mean {close}?" in said
    assert ", ".join(engine_names()) in said


@pytest.mark.parametrize("name", ["", "stochkit", "copasi ", ":Engine"])
def test_no_other_name_is_taken(name: str) -> None:
    for ask in (get_engine, is_installed, check_installed):
        with pytest.raises(EngineError, match="no engine"):
            ask(name)


@pytest.mark.parametrize("name", SIMULATORS)
def test_a_simulator_that_is_not_installed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"crn2sbml.engines.{name}", raising=False)
    monkeypatch.setitem(sys.modules, SIMULATORS[name], None)
    assert not is_installed(name)
    for ask in (get_engine, check_installed):
        with pytest.raises(EngineError, match=rf"engine '{name}' is not installed; .*simulators") as refusal:
            ask(name)
        assert "\n" not in str(refusal.value)


@pytest.fixture
def copasi_anew() -> Iterator[None]:
    """The engine's module is imported afresh inside the test, and what was there comes back."""
    kept = sys.modules.pop("crn2sbml.engines.copasi", None)
    yield
    if kept is not None:
        sys.modules["crn2sbml.engines.copasi"] = kept


@pytest.mark.usefixtures("copasi_anew")
def test_a_simulator_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, but something that it needs is not."""
    monkeypatch.setitem(sys.modules, "crn2sbml.core.matrices", None)
    with pytest.raises(EngineError, match="engine 'copasi' cannot be imported: ") as refusal:
        get_engine("copasi")
    assert "\n" not in str(refusal.value)


def test_an_engine_of_somebody_else_s_goes_by_where_it_is() -> None:
    assert get_engine("crn2sbml.engines.roadrunner:RoadRunnerEngine").name == "roadrunner"
    for name, words in (
        ("no_such_package.engine:Engine", "not installed; no module 'no_such_package'"),
        ("crn2sbml.engines.none:Engine", "cannot be imported"),
        ("crn2sbml.engines.roadrunner:Engineer", "has no 'Engineer'"),
    ):
        with pytest.raises(EngineError, match=words) as refusal:
            get_engine(name)
        assert "\n" not in str(refusal.value)


def test_simulators_are_loaded_when_asked_for() -> None:
    code = (
        "import sys; from crn2sbml.engines.registry import *\n"
        f"simulators = {set(SIMULATORS.values())}\n"
        "names = engine_names(); required_engines(); [is_installed(name) for name in names]\n"
        "early = simulators & set(sys.modules); get_engine('copasi')\n"
        "late = simulators & set(sys.modules); print(sorted(early), sorted(late))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['COPASI']"

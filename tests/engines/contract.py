"""Which engines, methods and algorithms a test of the contract runs for; importing it imports their simulators."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from crn2sbml.core.network import Network
from crn2sbml.engines.registry import engine_names, get_engine, is_installed
from crn2sbml.formats.document import Reading
from tests.engines.models import APPROXIMATE, COMPILES, COMPILES_SLOWLY, sbml_of


def engines(method: str = "ode", *, other_model: bool = False, large: bool = False) -> pytest.MarkDecorator:
    """One test for each engine that has the method.

    `other_model`: the test loads another model than `driven`; `large`: one of hundreds of reactions.
    """
    slow = COMPILES if other_model else {}
    slow = COMPILES | COMPILES_SLOWLY if large else slow
    return pytest.mark.parametrize("engine", [_param(name, name in slow) for name in _that_have(method)])


def calls() -> pytest.MarkDecorator:
    """One test (of `driven`) for each engine and each deterministic way to call it that it has."""
    ways = [(name, way) for way, method in _METHOD_OF_CALL.items() for name in _that_have(method)]
    return pytest.mark.parametrize(("engine", "way"), [_param(name, False, way) for name, way in ways])


def algorithms(*, exact: bool = False) -> pytest.MarkDecorator:
    """One test for each engine and each of its stochastic algorithms; an absent engine has its default one."""
    pairs = [(name, algorithm) for name in _that_have("ssa") for algorithm in methods_of(name).get("ssa", ("",))]
    pairs = [(name, algorithm) for name, algorithm in pairs if not exact or algorithm not in APPROXIMATE]
    return pytest.mark.parametrize(("engine", "algorithm"), [_param(name, False, a) for name, a in pairs])


@cache
def methods_of(engine: str) -> Mapping[str, tuple[str, ...]]:
    """What the engine names; nothing for one that is absent."""
    return get_engine(engine).methods if is_installed(engine) else {}


def call(simulation: Any, way: str, inputs: Mapping[str, float], t_end: float = 80.0) -> Any:
    """The result of one way to call a simulation: "ode", "steady_state" or "lna"."""
    return simulation.ode([0, 1], inputs) if way == "ode" else getattr(simulation, way)(inputs, t_end)


def loaded(engine: str, net: Network, reading: Reading = "deterministic") -> Any:
    """The network in an engine: loaded once, since no test may leave a trace."""
    return _kept(engine, sbml_of(net, reading))


def fresh(engine: str, net: Network, reading: Reading = "deterministic") -> Any:
    """The network in an engine, loaded anew (what AMICI compiled before is kept by its engine)."""
    return get_engine(engine).load(sbml_of(net, reading))


_METHOD_OF_CALL = {"ode": "ode", "steady_state": "ode", "lna": "lna"}


@cache
def _kept(engine: str, text: str) -> Any:
    return get_engine(engine).load(text)


def _that_have(method: str) -> list[str]:
    return [name for name in engine_names() if method in methods_of(name) or not is_installed(name)]


def _param(engine: str, slow: bool, *values: str) -> Any:
    marks = [pytest.mark.simulators(engine)]
    if slow:
        marks.append(pytest.mark.slow)
    return pytest.param(engine, *values, marks=marks, id="-".join([engine, *values]))

"""Engines by name, each imported only when asked for."""

from importlib import import_module

from crn2sbml.engines.engine import Engine
from crn2sbml.errors import EngineError, did_you_mean

_ENGINES = {
    "copasi": "crn2sbml.engines.copasi:CopasiEngine",
    "roadrunner": "crn2sbml.engines.roadrunner:RoadRunnerEngine",
}


def engine_names() -> list[str]:
    """Names of all engines, sorted."""
    return sorted(_ENGINES)


def get_engine(name: str) -> Engine:
    """The engine of that name; raises EngineError for an unknown name or a simulator that is not installed."""
    if name not in _ENGINES:
        raise EngineError(did_you_mean(name, _ENGINES, "engine"))
    module, attribute = _ENGINES[name].split(":")
    try:
        engine: Engine = getattr(import_module(module), attribute)()
    except ImportError as error:
        raise EngineError(f"engine {name!r} is not installed: {error}") from error
    return engine

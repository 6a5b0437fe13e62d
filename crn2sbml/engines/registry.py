"""Engines by name, each imported only when asked for.

An engine of somebody else's goes by where it is: `package.module:Attribute`.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from crn2sbml.engines.engine import Engine
from crn2sbml.errors import EngineError, did_you_mean


class _Entry(NamedTuple):
    """Where an engine lives, the module that its simulator installs, and whether the package requires it."""

    module: str
    attribute: str
    simulator: str
    required: bool = False


_ENGINES = {
    "amici": _Entry("amici", "AmiciEngine", "amici"),
    "bioscrape": _Entry("bioscrape", "BioscrapeEngine", "bioscrape"),
    "copasi": _Entry("copasi", "CopasiEngine", "COPASI", required=True),
    "gillespy2": _Entry("gillespy2", "GillesPy2Engine", "gillespy2"),
    "native": _Entry("native", "NativeEngine", "numba", required=True),
    "pysces": _Entry("pysces", "PyscesEngine", "pysces"),
    "roadrunner": _Entry("roadrunner", "RoadRunnerEngine", "roadrunner", required=True),
    "sbmltoodejax": _Entry("sbmltoodejax", "SbmlToOdeJaxEngine", "sbmltoodejax"),
    "tellurium": _Entry("tellurium", "TelluriumEngine", "tellurium", required=True),
}


def engine_names() -> list[str]:
    """Names of all engines, sorted, whether their simulators are installed or not."""
    return sorted(_ENGINES)


def required_engines() -> list[str]:
    """Names of the engines that come with the package."""
    return sorted(name for name, entry in _ENGINES.items() if entry.required)


def is_installed(name: str) -> bool:
    """Whether the engine's simulator is there; nothing is imported. Raises EngineError for an unknown name."""
    return find_spec(_entry(name).simulator) is not None


def check_installed(name: str) -> None:
    """Raises EngineError for an unknown name or a simulator that is not installed; nothing is imported."""
    if not is_installed(name):
        simulator = _entry(name).simulator
        remedy = f"no module {simulator!r}" if ":" in name else "it comes with the extra 'simulators' (see the README)"
        raise EngineError(f"engine {name!r} is not installed; {remedy}")


def get_engine(name: str) -> Engine:
    """The engine of that name; raises EngineError for an unknown name or a simulator that is not installed."""
    entry = _entry(name)
    check_installed(name)
    try:
        module = import_module(entry.module)
    except ImportError as error:
        raise EngineError(f"engine {name!r} cannot be imported: {error}") from error
    if not hasattr(module, entry.attribute):
        raise EngineError(f"engine {name!r}: module {entry.module!r} has no {entry.attribute!r}")
    engine: Engine = getattr(module, entry.attribute)()
    return engine


def _entry(name: str) -> _Entry:
    module, colon, attribute = name.partition(":")
    package = module.partition(".")[0]
    if colon and package:
        return _Entry(module, attribute, package)
    if name not in _ENGINES:
        raise EngineError(did_you_mean(name, _ENGINES, "engine"))
    return _ENGINES[name]._replace(module=f"crn2sbml.engines.{_ENGINES[name].module}")

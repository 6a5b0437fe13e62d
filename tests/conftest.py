"""What every part of the suite shares: the data folder, the SBML Test Suite in it, simulators that may be absent."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crn2sbml.engines.registry import engine_names, is_installed

_LEFT_OUT = "crn2sbml/left_out"
NO_DATA = "CRN2SBML_DATA is not set to a folder that holds sbml-test-suite/ and mnist/"


def _data_root() -> Path | None:
    root = os.environ.get("CRN2SBML_DATA")
    return Path(root) if root and Path(root).is_dir() else None


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of outside data that CRN2SBML_DATA names."""
    root = _data_root()
    if root is None:
        pytest.skip(NO_DATA)
    return root


@pytest.fixture(scope="session")
def suite_root(data_root: Path) -> Path:
    """The SBML Test Suite: semantic/NNNNN and stochastic/NNNNN."""
    root = data_root / "sbml-test-suite"
    if not root.is_dir():
        pytest.skip(f"{root} does not exist")
    return root


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--left-out", action="store_true", help="only what the run before this one skipped")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`--left-out`: what was skipped, test or whole file, and what needs a simulator that was absent then."""
    if config.getoption("left_out") and config.cache is not None:
        skipped, absent = map(set, config.cache.get(_LEFT_OUT, [[], []]))
        chosen = [
            item
            for item in items
            if skipped & {item.nodeid, item.nodeid.split("::")[0]}
            or absent & {name for mark in item.iter_markers("simulators") for name in mark.args}
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that gathers all reports keeps what was skipped, and which simulators were absent."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.config.cache is not None and not hasattr(session.config, "workerinput"):
        skipped = [report.nodeid for report in reporter.stats.get("skipped", [])]
        absent = [name for name in engine_names() if not is_installed(name)]
        session.config.cache.set(_LEFT_OUT, [skipped, absent])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "simulators(*engines): left out where one of these is not installed")
    # What JAX compiles in one process serves the others of this run, workers and commands alike.
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        kept = tempfile.TemporaryDirectory(prefix="crn2sbml-tests-")
        config.add_cleanup(kept.cleanup)
        os.environ |= {"JAX_COMPILATION_CACHE_DIR": kept.name, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.2"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skipping from one place gives the summary one line for each absent simulator."""
    for name in (name for mark in item.iter_markers("simulators") for name in mark.args):
        if not is_installed(name):
            pytest.skip(f"{name} is not installed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`semantic_case` runs a test once for each folder of the semantic part of the SBML Test Suite."""
    if "semantic_case" in metafunc.fixturenames:
        root = _data_root()
        cases = sorted((root / "sbml-test-suite" / "semantic").glob("[0-9]*")) if root else []
        nothing = pytest.param(None, id="none", marks=pytest.mark.skip(reason=NO_DATA))
        metafunc.parametrize("semantic_case", [pytest.param(c, id=c.name) for c in cases] or [nothing])


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, also where a shell has started the tests in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def jax_x64() -> Iterator[None]:
    """Double precision in JAX for one test, and what was set before it afterwards."""
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)

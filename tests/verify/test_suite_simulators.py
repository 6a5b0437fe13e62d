"""Simulators that break, end or hang in a case of the suite: the case has failed, and the others go on."""

import threading
import time
from pathlib import Path

import pytest

from crn2sbml.errors import CrashError, EngineError
from crn2sbml.verify.suite import find_cases, run_case, run_suite, suite_holds
from crn2sbml.verify.suite_simulators import Simulators
from tests.engines.fakes import WHERE
from tests.verify.test_suite import turned, turning, write_case

MISBEHAVING = "tests.engines.misbehaviour:Misbehaving"


def two_cases(root: Path) -> Path:
    for name in ("00901", "00902"):
        write_case(root, turning(), turned(), name=name)
    return root


@pytest.mark.parametrize(
    ("engine", "reason", "seconds"),
    [
        ("Raising", "running ode: IndexError: pop from empty list", 60.0),
        ("Dying", "its process ended while running ode (SIGSEGV)", 60.0),
        ("Refusing", "no models & no cheese", 60.0),
        ("Hanging", "running ode took more than 6 s; stopped", 6.0),
        ("HangingLoad", "loading took more than 6 s; stopped", 6.0),
    ],
)
def test_what_goes_wrong_in_a_simulator_is_a_failed_case(
    tmp_path: Path, engine: str, reason: str, seconds: float
) -> None:
    cases = find_cases(two_cases(tmp_path))[: 2 if seconds > 6 else 1]
    results = list(run_suite(cases, [WHERE + engine, WHERE + "Good"], time_limit=seconds))
    assert [r.status for r in results] == ["failed", "passed"] * len(cases)
    for result in results[::2]:
        assert reason in result.reason
        assert "\n" not in result.reason
    assert not suite_holds(results)


def test_an_engine_without_the_method(tmp_path: Path) -> None:
    (result, _) = run_suite(find_cases(two_cases(tmp_path)), [WHERE + "WrongNoise"])
    assert (result.status, result.reason) == ("not applicable", f"{WHERE}WrongNoise has no method 'ode'")


def test_an_engine_that_does_not_start_is_refused_at_once(tmp_path: Path) -> None:
    cases = find_cases(two_cases(tmp_path))
    for engine in ("Untouchable", "Nobody"):
        with pytest.raises(EngineError, match=r"no licence|has no 'Nobody'"):
            next(run_suite(cases, [WHERE + engine]))
    with pytest.raises(EngineError, match="no engine 'copsi'"):
        run_case(cases[0], "copsi")


def test_a_process_is_lent_again_but_never_twice() -> None:
    with Simulators(20.0) as simulators:
        with simulators.lend(MISBEHAVING) as one, simulators.lend(MISBEHAVING) as other:
            assert one is not other
        with simulators.lend(MISBEHAVING) as again, simulators.lend(MISBEHAVING) as third:
            assert {id(again), id(third)} == {id(one), id(other)}


def test_stopping_ends_what_runs() -> None:
    with Simulators(1000.0) as simulators, simulators.lend(MISBEHAVING) as simulation:
        simulation.load()
        threading.Timer(0.3, simulators.stop).start()
        begin = time.monotonic()
        with pytest.raises(CrashError, match="was stopped"):
            simulation.ode([0.0, 1.0], {"sleep": 0})
        assert time.monotonic() - begin < 5


def test_a_caller_who_wants_no_more_results(tmp_path: Path) -> None:
    """The second engine would take its 1000 seconds."""
    results = run_suite(find_cases(two_cases(tmp_path)), [WHERE + "Good", WHERE + "Hanging"], jobs=2, time_limit=900.0)
    assert next(results).status == "passed"
    begin = time.monotonic()
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begin < 10

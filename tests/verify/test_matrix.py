import dataclasses
import math
import os
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines.engine import Limit
from crn2sbml.engines.isolated import Ability
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import CrnError, EngineError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.verify.matrix import Cell, Conditions, Matrix, simulator_matrix
from crn2sbml.verify.outcomes import Task, outcomes, sizes
from tests.engines.fakes import WHERE
from tests.engines.models import driven, explosion
from tests.lna.test_stationary import network

FAKES = (
    *("Good", "WrongConstant", "WrongVariance", "OnlyOde", "Backwards"),
    *("Small", "Crashing", "Hanging", "Odd", "Refusing", "Untouchable"),
)
ABSENT = "no_such_package.engine:Engine"


def pairs() -> Network:
    """Made in ones, lost in pairs, whose product decays: the two readings differ, and the LNA is not exact."""
    return network(
        "AB", {"b": 40.0, "k": 0.02, "g": 0.5}, make=("", "A", "b"), pair=("AA", "B", "k"), fade=("B", "", "g")
    )


def document(net: Network) -> Document:
    return Document(net, reading="deterministic" if net.has_repeated_reactants else "any")


@pytest.fixture(scope="module")
def whole() -> Matrix:
    """Good and bad simulators side by side; the time limit leaves a slow machine the time to start them."""
    names = [*(WHERE + name for name in FAKES), ABSENT]
    conditions = Conditions(40.0, runs=300, events=2e4, time_limit=8.0, jobs=4)
    return simulator_matrix(document(pairs()), names, conditions, ["B"])


def row(matrix: Matrix, name: str) -> list[Cell]:
    return [cell for cell in matrix.cells if cell.engine == WHERE + name]


def verdicts(matrix: Matrix, name: str = "Good") -> dict[str, str]:
    return {cell.method: cell.verdict for cell in row(matrix, name)}


NO_LNA = {"ode": "agrees", "lna": "refused", "ssa": "agrees"}
ALL_AGREE = {"ode": "agrees", "lna": "agrees", "ssa": "agrees"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Good", ALL_AGREE),
        ("Backwards", ALL_AGREE),
        ("OnlyOde", {"ode": "agrees"}),
        ("WrongConstant", {"ode": "disagrees", "lna": "agrees", "ssa": "agrees"}),  # 1 % of the speed is no noise
        ("WrongVariance", {"ode": "agrees", "lna": "disagrees", "ssa": "disagrees"}),
        ("Crashing", {"ode": "agrees", "lna": "failed", "ssa": "agrees"}),
        ("Hanging", {"ode": "failed", "lna": "agrees", "ssa": "agrees"}),
        ("Odd", dict.fromkeys(ALL_AGREE, "failed")),
        ("Small", dict.fromkeys(ALL_AGREE, "refused")),
        ("Refusing", dict.fromkeys(ALL_AGREE, "refused")),
        ("Untouchable", {"": "failed"}),
    ],
)
def test_each_simulator_gets_its_own_verdict(whole: Matrix, name: str, expected: dict[str, str]) -> None:
    assert verdicts(whole, name) == expected


@pytest.mark.parametrize(
    ("name", "method", "words"),
    [
        ("Crashing", "lna", "its process ended while running lna (SIGSEGV)"),
        ("Hanging", "ode", "running ode took more than 8 s; stopped"),
        ("Odd", "ode", "a result of {'dim_0': 3} is not (1, 7) replicates and times"),
        ("Odd", "lna", "no mean and covariance of all 2 floating species"),
        ("Odd", "ssa", "ssa gave a list"),
        ("Small", "ode", "2 species, it takes 1: one is enough"),
        ("Refusing", "ssa", "no models & no cheese"),
        ("Untouchable", "", "RuntimeError: no licence"),
    ],
)
def test_what_went_wrong_is_said(whole: Matrix, name: str, method: str, words: str) -> None:
    (cell,) = (cell for cell in row(whole, name) if cell.method == method)
    assert words in cell.message
    assert "\n" not in cell.message
    assert cell.agreements == ()


def test_the_whole(whole: Matrix) -> None:
    assert not whole.holds
    assert [cell.verdict for cell in whole.cells if cell.engine == ABSENT] == ["absent"]
    assert list(dict.fromkeys(cell.engine for cell in whole.cells)) == [*(WHERE + name for name in FAKES), ABSENT]
    (between,) = whole.between
    assert not between.holds, "one of the simulators is one per cent too fast"
    assert whole.notes["SSA"].startswith("300 runs of ")
    assert "the rounded steady state, 2 species, seed 1, against each other" in whole.notes["SSA"]


def test_a_result_says_how_it_was_made(whole: Matrix) -> None:
    ode, lna, ssa = row(whole, "Good")
    assert (ode.algorithm, ode.version, ssa.algorithm) == ("dop853", "0.1", "direct")
    assert [a.name for a in lna.agreements] == ["LNA mean", "LNA"]
    assert "of 2 means in 300 runs" in ssa.agreements[0].meaning
    assert all(0 < cell.seconds < 30 for cell in (ode, lna, ssa))
    (wrong,) = row(whole, "WrongConstant")[0].agreements
    assert 1e-3 < wrong.difference < 0.05, "of the order of the wrong speed, one per cent"


class InProcess:
    """An engine without a process of its own: edge cases need no crash, and start much faster."""

    def __init__(self, engine: str, sbml: str, time_limit: float, **options: Any) -> None:
        self.name, self._sbml = engine, sbml

    def __enter__(self) -> "InProcess":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def describe(self) -> Ability:
        engine = get_engine(self.name)
        return Ability(engine.methods, engine.limits)

    def load(self) -> None:
        self._simulation = get_engine(self.name).load(self._sbml)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._simulation, name)


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crn2sbml.verify.outcomes.IsolatedSimulation", InProcess)


def tiny_matrix(net: Network, names: Sequence[str] = ("Good", "Second"), t_end: float = 40.0, **options: Any) -> Matrix:
    options = {"runs": 100, "events": 4e3} | options
    report = options.pop("report", lambda engine: None)
    conditions = Conditions(t_end, **options)
    return simulator_matrix(document(net), [WHERE + name for name in names], conditions, report=report)


def closed(count: float) -> Network:
    """A + B <-> C: two conserved sums."""
    return network("ABC", {"k": 0.05, "g": 0.7}, go=("AB", "C", "k"), back=("C", "AB", "g")).with_counts(
        {"A": count, "B": 30}
    )


def chain(**counts: float) -> Network:
    return network("AB", {"k": 0.5, "g": 0.7}, go=("A", "B", "k"), end=("B", "", "g")).with_counts(counts)


@pytest.mark.usefixtures("fast")
def test_affine_networks_are_held_against_their_exact_law() -> None:
    """So that a single simulator can be checked, and a majority of wrong ones is found out."""
    matrix = tiny_matrix(driven(5), ("Good", "WrongNoise"), runs=400, events=8e3)
    assert verdicts(matrix) == ALL_AGREE
    assert verdicts(matrix, "WrongNoise") == {"ssa": "disagrees"}
    assert matrix.notes["SSA"].endswith("against the exact moments")
    assert verdicts(tiny_matrix(driven(5), ("WrongNoise",), runs=400, events=8e3), "WrongNoise") == {"ssa": "disagrees"}


@pytest.mark.usefixtures("fast")
def test_wrong_speeds_show_however_long_the_steady_state_lasts() -> None:
    """A relaxes within 2 s of 200 s, to the same count at any speed."""
    matrix = tiny_matrix(driven(), ("Good", "WrongConstant"), t_end=200.0, methods=["ode"])
    assert [cell.verdict for cell in matrix.cells] == ["agrees", "disagrees"]


@pytest.mark.usefixtures("fast")
def test_a_simulator_alone_is_unchecked_where_no_exact_law_is_known() -> None:
    matrix = tiny_matrix(pairs(), ("Good",))
    assert verdicts(matrix) == ALL_AGREE | {"ssa": "unchecked"}
    assert row(matrix, "Good")[2].message == "no other simulator's runs"
    assert matrix.holds, "its ODE and its LNA agree"
    assert not tiny_matrix(pairs(), ("Good",), methods=["ssa"]).holds, "nothing at all was compared"


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (closed(20), ALL_AGREE),
        (chain(A=20, B=3), ALL_AGREE),  # dies out: stochastic runs begin where something happens
        (chain(), ALL_AGREE),  # nothing there
        (chain(A=1.5e-5), {"ode": "agrees", "lna": "agrees", "ssa": "refused"}),
        (chain(A=2.5), {"ode": "agrees", "lna": "agrees", "ssa": "refused"}),
        (network("A", {"b": 2.0, "g": 0.5}, make=("", "A", "b"), fade=("A", "", "g")), ALL_AGREE),  # from nothing
        (Network("still", (Species("A", 3),), (), ()), NO_LNA),
        (Network("fixed", (Species("X", 3, clamped=True),), (), ()), NO_LNA | {"ssa": "unchecked"}),
        (network("A", {"k": 0.05}, grow=("A", "AA", "k")).with_counts({"A": 5}), NO_LNA),
    ],
    ids=["conserved", "dying", "empty", "tiny", "fractions", "from nothing", "no reactions", "no floating", "growth"],
)
def test_networks_of_every_kind(net: Network, expected: dict[str, str]) -> None:
    matrix = tiny_matrix(net)
    assert verdicts(matrix) == verdicts(matrix, "Second") == expected
    assert matrix.holds
    for cell in matrix.cells:
        assert (cell.verdict == "agrees") == bool(cell.agreements)
        assert (cell.message != "") == (cell.verdict != "agrees")


@pytest.mark.usefixtures("fast")
def test_fractions_do_not_stop_stochastic_runs_at_a_steady_state() -> None:
    assert verdicts(tiny_matrix(driven(2.5))) == ALL_AGREE
    half = dataclasses.replace(driven(), species=(Species("X", 2.5, clamped=True), Species("A")))
    matrix = tiny_matrix(half)
    assert verdicts(matrix) == {"ode": "agrees", "lna": "agrees", "ssa": "refused"}
    assert "'X': 2.5 is not a whole number" in row(matrix, "Good")[2].message


@pytest.mark.usefixtures("fast")
def test_where_there_is_no_steady_state_the_reason_is_noted() -> None:
    still = Network("still", (Species("A", 3),), (), ())
    assert "no reaction changes a count" in tiny_matrix(still).notes["LNA"]
    assert tiny_matrix(driven(), t_end=1.0).notes["LNA"].startswith("not steady: |dx/dt| of 'A' is 3.6")


@pytest.mark.usefixtures("fast")
def test_an_lna_without_a_steady_state_is_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """COPASI finds its own steady state, whatever the end time."""
    monkeypatch.setattr("tests.engines.fakes.check_steady", lambda *anything: None)
    lna = row(tiny_matrix(driven(), t_end=1.0), "Good")[1]
    assert lna.verdict in ("refused", "unchecked")
    assert "not steady" in lna.message


def test_counts_without_bound_are_refused_in_one_line() -> None:
    with pytest.raises(EngineError, match="reference ODE: no way on from t = 1 s") as refusal:
        tiny_matrix(explosion())
    assert "\n" not in str(refusal.value)


@pytest.mark.usefixtures("fast")
def test_only_what_is_asked_for_is_run() -> None:
    matrix = tiny_matrix(pairs(), ("Good", "Good", "OnlyOde", "WrongNoise"), methods=["ode"])
    assert [(cell.engine.removeprefix(WHERE), cell.method, cell.verdict) for cell in matrix.cells] == [
        ("Good", "ode", "agrees"),
        ("OnlyOde", "ode", "agrees"),
        ("WrongNoise", "", "refused"),
    ]
    assert matrix.cells[2].message == "has no method 'ode'; it has ssa"
    assert list(matrix.notes) == ["ODE"]
    assert len(matrix.between) == 1
    assert matrix.holds


@pytest.mark.usefixtures("fast")
def test_the_same_seed_gives_the_same_samples_and_each_simulator_its_own() -> None:
    def scores(seed: int) -> list[float]:
        matrix = tiny_matrix(driven(), ("Good", "Second"), seed=seed, methods=["ssa"])
        return [cell.agreements[0].difference for cell in matrix.cells]

    assert scores(1) == scores(1)
    assert scores(1) != scores(2)
    assert scores(1)[0] != scores(1)[1]


@pytest.mark.usefixtures("fast")
def test_patience_ends_stochastic_runs_but_not_before_the_first() -> None:
    matrix = tiny_matrix(driven(), methods=["ssa"], patience=1e-9, runs=200)
    assert "in 50 runs" in row(matrix, "Good")[0].agreements[0].meaning


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"runs": 49}, "--runs 49: must be 50 or more"),
        ({"seed": -1}, "--seed -1"),
        ({"jobs": 0}, "--jobs 0"),
        ({"events": math.nan}, "--events nan"),
        ({"time_limit": math.inf}, "--time-limit inf"),
        ({"t_end": 0.0}, "--t-end 0"),
    ],
)
def test_bad_options(options: dict[str, Any], words: str) -> None:
    with pytest.raises(CrnError, match=words):
        tiny_matrix(driven(), **options)
    with pytest.raises(EngineError, match="did you mean 'copasi'"):
        simulator_matrix(document(driven()), ["copsi"], Conditions(10.0))


def test_sizes_that_limits_are_about() -> None:
    elementary = document(pairs().with_counts({"A": 70}))
    assert sizes(elementary) == {"species": 2, "reactions": 3, "order": 2, "items": 70}
    twice = (*driven().reactions, Reaction("more", (), (("A", 1),), "b"))
    net = dataclasses.replace(driven(), parameters=(*driven().parameters, Parameter("b", 1.0)), reactions=twice)
    assert sizes(Document(net, shape="lumped"))["reactions"] == 2
    assert sizes(Document(Network("empty", (), (), ())))["order"] == 0


@pytest.mark.parametrize("what", ["species", "reactions", "order", "items"])
@pytest.mark.usefixtures("fast")
def test_limits(monkeypatch: pytest.MonkeyPatch, what: Any) -> None:
    net = pairs().with_counts({"A": 70})
    size = sizes(document(net))[what]
    for largest, expected in ((size, "agrees"), (size - 1, "refused")):
        monkeypatch.setattr("tests.engines.fakes.Small.limits", (Limit(what, largest, "I said so"),))
        (cell,) = tiny_matrix(net, ("Small",), methods=["ode"]).cells
        assert cell.verdict == expected
    assert cell.message == f"{size:g} {what}, it takes {size - 1:g}: I said so"


def test_a_model_that_cannot_be_loaded_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []

    class Counting(InProcess):
        def load(self) -> None:
            loads.append(self.name)
            raise EngineError("no")

    monkeypatch.setattr("crn2sbml.verify.outcomes.IsolatedSimulation", Counting)
    assert {c.verdict for c in tiny_matrix(driven(), ("Good",)).cells} == {"refused"}
    assert len(loads) == 1


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_every_simulator() -> None:
    threading.Timer(2.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        tiny_matrix(driven(), ("HangingLoad", "Hanging", "Good"), jobs=2, time_limit=60.0)
    assert time.monotonic() - begin < 10
    assert threading.active_count() < 4


def test_an_error_of_our_own_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*anything: object, **more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("crn2sbml.verify.outcomes.IsolatedSimulation", fail)
    with pytest.raises(ZeroDivisionError):
        tiny_matrix(driven())


@pytest.mark.usefixtures("fast")
def test_outcomes_hold_what_was_asked_for() -> None:
    net = pairs()
    texts = [write_sbml(Document(net, reading=reading)) for reading in ("deterministic", "stochastic")]  # type: ignore[arg-type]
    task = Task(
        *texts, size=sizes(document(net)), species=("A", "B"), times=(0.0, 1.0, 40.0), start={"A": 30.0, "B": 2.0},
        kept=("B",), seconds=0.5, runs=70, seed=3, time_limit=9.0, patience=9.0,
    )  # fmt: skip
    ode, lna, ssa = outcomes(WHERE + "Backwards", task)
    assert (ode.result.dims, ode.result.shape) == (("time", "species"), (3, 2))
    assert ode.result.species.values.tolist() == ["A", "B"]
    assert lna.result["covariance"].shape == (2, 2)
    assert (ssa.result.dims, ssa.result.shape) == (("replicate", "species"), (70, 1))

"""What every engine refuses, in one line that names it, and without a trace."""

import math

import pytest

from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import CrnError, EngineError, FormatError, SteadyStateError
from tests.engines.contract import call, calls, engines, fresh, loaded
from tests.engines.models import (
    DETERMINISTIC_ONLY,
    NEEDS_REACTIONS,
    NO_BOUNDARY_CONDITIONS,
    dimers,
    driven,
    explosion,
    fed,
)
from tests.lna.test_stationary import network


@calls()
@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"XX": 1.0}, ["no species 'XX'", "did you mean 'X'"]),
        ({"X": 1.0, "A": -1.0}, ["'A'", "-1"]),
        ({"X": math.nan}, ["'X'", "nan"]),
        ({"A": math.inf}, ["'A'", "inf"]),
    ],
)
def test_counts_that_are_refused(engine: str, way: str, inputs: dict[str, float], words: list[str]) -> None:
    simulation = loaded(engine, driven())
    with pytest.raises(CrnError) as refusal:
        call(simulation, way, inputs)
    for word in words:
        assert word in str(refusal.value)
    assert simulation.ode([0, 1], {}).sel(species="X").values.tolist() == [[3, 3]]  # nothing of it stays


@engines()
@pytest.mark.parametrize("times", [[], [1.0], [0.0, 0.0], [2.0, 1.0], [-1.0, 1.0], [0.0, math.nan], [0.0, math.inf]])
def test_times_that_are_refused(engine: str, times: list[float]) -> None:
    with pytest.raises(EngineError, match=f"{engine}: times") as refusal:
        loaded(engine, driven()).ode(times, {})
    assert "\n" not in str(refusal.value)


@engines()
@pytest.mark.parametrize("t_end", [-1.0, math.nan, math.inf])
def test_end_times_that_are_refused(engine: str, t_end: float) -> None:
    with pytest.raises(EngineError, match=engine) as refusal:
        loaded(engine, driven()).steady_state({}, t_end)
    assert "\n" not in str(refusal.value)


@engines()
def test_a_state_that_still_moves_is_named(engine: str) -> None:
    with pytest.raises(SteadyStateError) as refusal:
        loaded(engine, driven()).steady_state({}, 5.0)
    # dA/dt = 6 exp(-t/2) at t = 5.
    for word in (engine, "t = 5 s", "'A'", f"{6 * math.exp(-2.5):.2e} items/s", "--t-end"):
        assert word in str(refusal.value)


@engines("lna", other_model=True)
def test_growth_without_end_has_no_lna(engine: str) -> None:
    with pytest.raises(EngineError) as refusal:
        loaded(engine, network("A", {"b": 1.0}, make=("", "A", "b"))).lna({}, 10.0)
    assert "\n" not in str(refusal.value)


@calls()
def test_the_stochastic_reading_has_no_deterministic_answer(engine: str, way: str) -> None:
    """Its laws are k x (x - 1): their ODE is neither the network's ODE nor its mean."""
    if engine in DETERMINISTIC_ONLY:
        with pytest.raises(EngineError, match=r"stochastic reading.*--reading deterministic"):
            loaded(engine, dimers(), "stochastic")
    else:
        simulation = loaded(engine, dimers(), "stochastic")
        with pytest.raises(EngineError, match=r"stochastic reading.*--reading deterministic"):
            call(simulation, way, {}, 60.0)


@engines(other_model=True)
def test_a_solver_that_cannot_go_on_says_so(engine: str, capfd: pytest.CaptureFixture[str]) -> None:
    """And says it once: the solvers' own warnings must not get between a command's JSON or lines."""
    simulation = fresh(engine, explosion())
    with pytest.raises(EngineError) as refusal:
        simulation.ode([0.0, 2.0], {})
    assert engine in str(refusal.value)
    assert "\n" not in str(refusal.value)
    # 1 / (1 - t) half way to the pole, on the same loaded model; the pole makes errors grow fourfold.
    assert simulation.ode([0.0, 0.5], {}).values[0, -1, 0] == pytest.approx(2, rel=1e-6)
    assert capfd.readouterr() == ("", "")


@engines(other_model=True)
def test_a_clamped_species_is_never_used_up(engine: str) -> None:
    if engine in NO_BOUNDARY_CONDITIONS:
        with pytest.raises(EngineError, match=f"{engine} misreads the model.*mean change of 'X'"):
            loaded(engine, fed())
    else:
        assert loaded(engine, fed()).ode([0.0, 2.0], {}).values[0, -1] == pytest.approx([3, 12], rel=1e-9)


@engines()
@pytest.mark.parametrize("text", ["", "hello", "<sbml/>", "<html></html>"])
def test_text_that_is_no_model(engine: str, text: str) -> None:
    with pytest.raises(FormatError) as refusal:
        get_engine(engine).load(text)
    assert "\n" not in str(refusal.value)


@engines(other_model=True)
def test_a_network_without_reactions_stays_as_it_is(engine: str) -> None:
    still = network("AB", {}).with_counts({"A": 3, "B": 4})
    if engine in NEEDS_REACTIONS:
        with pytest.raises(EngineError, match=engine) as refusal:
            loaded(engine, still)
        assert "\n" not in str(refusal.value)
    else:
        assert loaded(engine, still).ode([0.0, 1.0], {"B": 5}).values.tolist() == [[[3, 5], [3, 5]]]

import mmap
from dataclasses import replace

import numpy as np
import pytest
import roadrunner

from crn2sbml.core.network import Network, Parameter
from crn2sbml.engines.roadrunner import RoadRunnerEngine, RoadRunnerSimulation, mapped_bytes
from crn2sbml.errors import EngineError
from tests.engines.models import driven, sbml_of
from tests.lna.test_stationary import network


def loaded(net: Network) -> RoadRunnerSimulation:
    return RoadRunnerEngine().load(sbml_of(net))


def test_a_conserved_sum_is_binomial() -> None:
    net = network("AB", {"k": 1.0, "h": 2.0}, go=("A", "B", "k"), back=("B", "A", "h")).with_counts({"A": 10})
    covariance = loaded(net).lna({}, 40.0)["covariance"].values
    np.testing.assert_allclose(covariance, 10 * (1 / 3) * (2 / 3) * np.array([[1, -1], [-1, 1]]), rtol=1e-7)


def test_a_model_that_the_engine_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(sbml: str) -> None:
        raise RuntimeError("cannot make this:\n  line 1\n  line 2")

    monkeypatch.setattr(roadrunner, "RoadRunner", refuse)
    with pytest.raises(EngineError, match="refused the model: cannot make this: line 1 line 2") as refusal:
        loaded(driven())
    assert "\n" not in str(refusal.value)


def test_a_stochastic_run_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("Gillespie cannot\n  go on")

    simulation = loaded(driven())
    for owner, name in ((RoadRunnerEngine, "sample"), (RoadRunnerSimulation, "_reset")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            with pytest.raises(EngineError, match=r"^roadrunner: .*failed: Gillespie cannot go on$"):
                simulation.ssa([0, 1], {}, 1)
    assert simulation.ssa([0, 1], {}, 1).shape == (1, 2, 2)


def test_adams_may_take_more_steps_than_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decays at 5,000/s, so that Adams needs some 5,000 steps a second: the default is 20,000 in all."""
    monkeypatch.setattr("crn2sbml.engines.roadrunner.DENSE_UP_TO", 0)
    fast = replace(driven(), parameters=(Parameter("w", 2.0), Parameter("g", 5000.0)))
    result = loaded(fast).ode([0.0, 10.0], {})
    assert result.attrs["method"] == "cvode-adams"
    assert result.sel(species="A").values[0, -1] == pytest.approx(6 / 5000, rel=1e-6)


def test_the_other_solver_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """BDF is refused one internal step more than none; the answer must then come from Adams, and say so."""
    simulation, times = loaded(driven()), [0.0, 1.0]
    expected, simulate = simulation.ode(times, {}), RoadRunnerSimulation._simulate

    def fail_when_stiff(self: RoadRunnerSimulation, times: list[float]) -> np.ndarray:
        if self._runner.integrator.stiff:
            raise RuntimeError("CV_TOO_MUCH_WORK")
        return simulate(self, times)

    monkeypatch.setattr(RoadRunnerSimulation, "_simulate", fail_when_stiff)
    result = simulation.ode(times, {})
    assert (expected.attrs["method"], result.attrs["method"]) == ("cvode-bdf", "cvode-adams")
    np.testing.assert_allclose(result.values, expected.values, rtol=1e-7)


def test_both_back_ends_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process that maps much memory LLJIT's code is not safe, so the slower MCJIT takes over."""
    config, results = roadrunner.Config, {}
    for mapped, backend in ((0, config.LLJIT), (1 << 40, config.MCJIT)):
        monkeypatch.setattr("crn2sbml.engines.roadrunner.mapped_bytes", lambda mapped=mapped: mapped)
        results[backend] = loaded(driven()).ode([0, 1, 5], {"X": 8}).values
        assert config.getValue(config.LLVM_BACKEND) == backend
    np.testing.assert_allclose(results[config.LLJIT], results[config.MCJIT], rtol=1e-12)


def test_mapped_memory_is_seen() -> None:
    before = mapped_bytes()
    with mmap.mmap(-1, 1 << 28):
        assert mapped_bytes() - before >= 1 << 28

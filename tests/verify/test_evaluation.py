"""Decisions over a data set: against the closed form, a law that is known, and themselves interrupted."""

import math
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy.stats import norm

from crn2sbml.core.matrices import Matrices
from crn2sbml.errors import EngineError, FormatError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.usage import Usage
from crn2sbml.lna.steady_states import steady_states
from crn2sbml.verify import evaluation as module
from crn2sbml.verify.evaluation import Conditions, Evaluation, evaluate, molecules
from tests.lna.test_stationary import network
from tests.verify.tiny_trip import IMAGES, closed_form, tiny_sbml, tiny_usage

# X makes A, Z makes B, both decay: independent Poisson counts whose means are the inputs'.
_OPEN = network(
    "XZAB", {"k": 1.0, "g": 1.0}, a=("X", "XA", "k"), b=("Z", "ZB", "k"), c=("A", "", "g"), d=("B", "", "g")
)
RACE = replace(_OPEN, species=tuple(replace(s, clamped=s.id in "XZ") for s in _OPEN.species))
RACE_USAGE = Usage(("X", "Z"), ("A", "B"), 100.0, 1.0, 40.0)


def race_sbml() -> str:
    return write_sbml(Document(RACE))


@pytest.mark.parametrize("engine", ["native", "roadrunner"])
def test_steady_decisions_are_the_closed_forms(engine: str) -> None:
    decided = evaluate(tiny_sbml(), tiny_usage(), IMAGES, Conditions("ode", engine=engine))
    np.testing.assert_array_equal(decided, np.eye(len(tiny_usage().outputs))[closed_form().argmax(axis=1)])


@pytest.mark.parametrize(("method", "replicates", "images"), [("ssa", 400, 1), ("lna", 1, 40)])
def test_chances_of_two_poisson_counts(method: str, replicates: int, images: int) -> None:
    """A of mean 100 against B of mean 90: their difference has the variance of their sum."""
    conditions = Conditions(method, replicates=replicates)
    data = np.tile([1.0, 0.9], (images, 1))
    found = evaluate(race_sbml(), RACE_USAGE, data, conditions).mean(axis=0)
    draws = 400 if method == "ssa" else 200 * images
    # A tie goes to the first: half an item on its side.
    chance = norm.cdf((10 + 0.5 * (method == "ssa")) / math.sqrt(190))
    assert abs(found[0] - chance) < 4 * math.sqrt(chance * (1 - chance) / draws)


def test_averages_decide_better() -> None:
    """Over T = 5 lifetimes the variance falls by 2 (T - 1 + exp(-T)) / T^2."""
    found = evaluate(race_sbml(), RACE_USAGE, np.tile([1.0, 0.9], (40, 1)), Conditions("lna", average=5.0))
    chance = norm.cdf(10 / math.sqrt(190 * 2 * (4 + math.exp(-5)) / 25))
    assert abs(found.mean(axis=0)[0] - chance) < 4 * math.sqrt(chance * (1 - chance) / 8000)


def test_neither_processes_nor_interruptions_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, conditions, told = np.tile([1.0, 0.9], (12, 1)), Conditions("ssa", replicates=3), []
    whole = evaluate(race_sbml(), RACE_USAGE, data, conditions, jobs=2)

    def stop(done: int) -> None:
        if done >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(race_sbml(), RACE_USAGE, data, conditions, keep=tmp_path, report=stop)
    (kept,) = tmp_path.iterdir()
    calls = []
    monkeypatch.setattr(module, "decide", lambda *a, real=module.decide: calls.append(a[3]) or real(*a))
    np.testing.assert_array_equal(
        evaluate(race_sbml(), RACE_USAGE, data, conditions, keep=tmp_path, report=told.append), whole
    )
    assert told[0] >= 5
    assert min(np.concatenate(calls)) >= 5
    calls.clear()
    np.testing.assert_array_equal(evaluate(race_sbml(), RACE_USAGE, data, conditions, keep=tmp_path), whole)
    assert not calls
    kept.write_bytes(kept.read_bytes()[:-20])
    with pytest.raises(FormatError, match=r"damaged.*delete it to begin anew"):
        evaluate(race_sbml(), RACE_USAGE, data, conditions, keep=tmp_path)


def test_other_conditions_are_kept_apart(tmp_path: Path) -> None:
    for seed in (1, 2):
        evaluate(race_sbml(), RACE_USAGE, np.ones((2, 2)), Conditions("ssa", seed=seed), keep=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_dask_cluster_gives_the_same() -> None:
    distributed = pytest.importorskip("distributed")
    data, conditions = np.tile([1.0, 0.9], (10, 1)), Conditions("ssa", replicates=2)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        there = evaluate(race_sbml(), RACE_USAGE, data, conditions, jobs=2)
    np.testing.assert_array_equal(there, evaluate(race_sbml(), RACE_USAGE, data, conditions))


def test_numbers_of_an_evaluation() -> None:
    decided = np.array([[1.0, 0.0], [0.25, 0.75], [1.0, 0.0], [0.5, 0.5]])
    found = Evaluation(decided, np.array([0, 1, 1, 0]))
    assert found.accuracy == pytest.approx((1 + 0.75 + 0 + 0.5) / 4)
    np.testing.assert_array_equal(found.confusion, [[1.5, 0.5], [1.25, 0.75]])
    low, high = found.interval
    assert low < found.accuracy < high


def test_molecules_and_events() -> None:
    """Inputs of 100 and 50 items: as many of A and B, made and lost at one a second each."""
    items, events = molecules(RACE, RACE_USAGE, np.array([[1.0, 0.5], [0.5, 1.0]]))
    assert (items, events) == (pytest.approx(150), pytest.approx(300))


@pytest.mark.parametrize(
    "options",
    [{"average": -1.0}, {"settle": 0.0}, {"replicates": 0}, {"seed": -1}, {"method": "lna", "engine": "roadrunner"},
     {"method": "ode", "average": 3.0}, {"average": float("nan"), "method": "ssa"}],
)  # fmt: skip
def test_nonsense_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(EngineError, match="evaluation: "):
        Conditions(**options)  # type: ignore[arg-type]


def test_steady_states_of_the_file_are_the_closed_form() -> None:
    net = read_sbml(tiny_sbml()).network
    matrices, usage = Matrices.of(net), tiny_usage()
    starts = [[usage.input_counts(image).get(s.id, 0.0) for s in net.species] for image in IMAGES]
    states = steady_states(matrices, np.array(starts))
    rows = [matrices.species.index(name) for name in usage.outputs]
    np.testing.assert_allclose(states[:, rows], closed_form(), rtol=1e-9)

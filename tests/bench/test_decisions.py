"""What the package's own engine decides about test images, and what libRoadRunner does.

Both get the exported file as it is read and written again, without its drawing.

Run it with `pytest -m slow tests/bench/test_decisions.py -n 0 -s`; an hour or two, nearly all of it libRoadRunner's
stochastic runs of the largest model.
"""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crn2sbml.verify.decisions import stochastic_readouts
from crn2sbml.verify.evaluation import Conditions, evaluate
from tests.shipped import at_omega, every_classifier, held_out, usage_in

IMAGES, REPLICATES = 200, 99
OMEGA, SETTLE = 3.0, 8.0
"""Items per unit of activity and seconds of stochastic runs: few items, since libRoadRunner computes every propensity
after every event, and since decisions that noise changes tell more about two samplers than decisions that it does not.
"""
JOBS = 2


@pytest.mark.slow
@every_classifier
def test_the_same_decisions_by_ode(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sbml, usage = at_omega(folder, usage_in(folder).omega)
    images, labels = held_out(folder).images[:IMAGES], held_out(folder).labels[:IMAGES]
    ours, theirs = (
        evaluate(sbml, usage, images, Conditions("ode", engine=engine), jobs=JOBS)
        for engine in ("native", "roadrunner")
    )
    with capsys.disabled():
        same, right = int((ours == theirs).all(axis=1).sum()), int((theirs.argmax(axis=1) == labels).sum())
        print(f"\n{folder.name}: {same} of {IMAGES} decisions are the same by ODE; {right} are right")
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
@every_classifier
def test_stochastic_decisions_cannot_be_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run through all images, in libRoadRunner, among those of our own: were they of one law, it could have any rank
    in how many decisions it shares with the others. An exact test: of 100 runs, ours and theirs, it is not the last.
    """
    sbml, usage = at_omega(folder, OMEGA)
    images, labels = held_out(folder).images[:IMAGES], held_out(folder).labels[:IMAGES]
    ours = stochastic_readouts(sbml, usage, images, 1, replicates=REPLICATES, settle=SETTLE).argmax(axis=2).T
    conditions = Conditions("ssa", engine="roadrunner", settle=SETTLE, seed=10_001)
    theirs = evaluate(sbml, usage, images, conditions, jobs=JOBS).argmax(axis=1)
    shared = _shared(np.vstack([ours, theirs]))
    rank = int((shared <= shared[-1]).sum())
    with capsys.disabled():
        right = (ours == labels).mean(axis=1)
        print(
            f"\n{folder.name}, omega {OMEGA:g}, {SETTLE:g} s: libRoadRunner names {np.mean(theirs == labels):.1%} of "
            f"{IMAGES} images right, our {REPLICATES} runs {right.mean():.1%} (standard deviation {right.std():.1%}); "
            f"it shares {shared[-1]:.1%} of its decisions with ours, which share {shared[:-1].mean():.1%} with the "
            f"others: rank {rank} of {len(shared)}, p = {rank / len(shared):.2f}"
        )
    assert rank > 1


def _shared(decisions: NDArray[np.intp]) -> NDArray[np.float64]:
    """The part of each run's decisions, (runs, images), that a run other than it shares with it."""
    counts = np.array([(decisions == c).sum(axis=0) for c in range(decisions.max() + 1)])
    own = np.take_along_axis(counts, decisions, axis=0) - 1
    return np.asarray(own.mean(axis=1) / (len(decisions) - 1))


def test_a_run_of_another_law_ranks_last() -> None:
    """A sampler that is wrong about one image in five."""
    rng = np.random.default_rng(1)
    likely = rng.integers(0, 10, IMAGES)
    runs = np.where(rng.random((REPLICATES + 1, IMAGES)) < 0.8, likely, rng.integers(0, 10, (REPLICATES + 1, IMAGES)))
    assert 1 < (_shared(runs) <= _shared(runs)[-1]).sum() < REPLICATES
    runs[-1, ::5] = (likely[::5] + 1) % 10
    assert (_shared(runs) <= _shared(runs)[-1]).sum() == 1

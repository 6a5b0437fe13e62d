"""What circuits learn by themselves, five seeds each; how large they are; how much overlap and how few molecules they
bear. Run with `-s` to see the figures.
"""

from dataclasses import replace

import joblib
import numpy as np
import pytest

from crn2sbml.circuits.learner import Learner
from crn2sbml.circuits.turn import turn_of
from crn2sbml.core.deterministic import integrate
from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.motifs.clock import Clock
from crn2sbml.report.lesson import CHEMISTRY, Lesson, stochastic_score, teach
from crn2sbml.training.tasks import Task, get_task

SEEDS = (1, 2, 3, 4, 5)
pytestmark = pytest.mark.slow


def lessons(tasks: dict[int, Task], engine: str = "roadrunner") -> list[Lesson]:
    run = joblib.Parallel(n_jobs=-1)
    return list(run(joblib.delayed(teach)(task, seed, engine) for seed, task in tasks.items()))


def of_seeds(name: str) -> dict[int, Task]:
    return {seed: get_task(name, seed) for seed in SEEDS}


def shown(title: str, scores: list[float]) -> float:
    print(f"{title}: {np.median(scores):.4f} ({min(scores):.4f} to {max(scores):.4f})")
    return float(np.median(scores))


@pytest.mark.parametrize("engine", ["roadrunner", "copasi"])
def test_a_linear_function_to_its_noise_in_five_epochs(engine: str) -> None:
    """Half the mean squared error on examples that it has not seen, over that of the function itself."""
    for lesson in lessons(of_seeds("linear"), engine):
        for part in ("validation", "test"):
            x, y = getattr(lesson.task, part)
            floor = float(np.mean((y[:, 0] - (x @ [1.0, 2.0] + 1)) ** 2)) / 2
            print(f"{engine} {lesson.seed} {part}: {lesson.score(CHEMISTRY, part):.4f}, noise {floor:.4f}")
            assert lesson.score(CHEMISTRY, part) < 1.1 * floor


def test_two_simulators_learn_the_same_weights() -> None:
    task = get_task("linear", 1)
    one, other = (teach(task, 1, engine).ways[CHEMISTRY].weights.readout for engine in ("roadrunner", "copasi"))
    print(f"largest difference of a weight: {np.abs(one - other).max():.1e}")
    assert np.abs(one - other).max() < 1e-4


@pytest.mark.parametrize(
    ("name", "least"), [("nonlinear", 0.08), ("sine", 0.08), ("rings", 0.95), ("xor", 0.95), ("iris", 0.93)]
)
def test_tasks_with_hidden_weights(name: str, least: float) -> None:
    """Medians of five seeds: of classes at least what is asked for, of functions at most."""
    found = lessons(of_seeds(name))
    for way in found[0].ways:
        for part in ("validation", "test"):
            median = shown(f"{name} {way} {part}", [lesson.score(way, part) for lesson in found])
            if way == CHEMISTRY:
                assert median >= least if found[0].task.classifies else median <= least


@pytest.mark.parametrize("name", ["rings", "xor"])
def test_what_feedback_is_worth(name: str) -> None:
    """Exact feedback, without slopes, and hidden weights that stay as they were drawn."""
    for feedback in ("exact", "first-order", "none"):
        tasks = {s: replace(t, learner=replace(t.learner, feedback=feedback)) for s, t in of_seeds(name).items()}
        shown(f"{name} {feedback} validation", [lesson.score(CHEMISTRY, "validation") for lesson in lessons(tasks)])


def test_sizes() -> None:
    for title, learner in (("linear", Learner("l", 2)), ("12 rectifiers", Learner("h", 2, hidden=12))):
        rows = []
        for inputs in (2, 4, 8, 16):
            one = replace(learner, inputs=inputs)
            network = one.network(one.initial_weights(1))
            rows.append((len(network.species), len(network.reactions)))
            print(f"{title}, {inputs} inputs: {rows[-1][0]} species, {rows[-1][1]} reactions")
        slopes = np.diff(rows, axis=0) / np.diff([2, 4, 8, 16])[:, None]
        print(f"{title}: {slopes[0]} for each input")
        assert (slopes == slopes[0]).all()


def test_what_overlapping_phases_do() -> None:
    """Level of a phase's species in the middle of the others, and what a linear circuit and rings make of it."""
    for influx in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
        clock = Clock(3, influx=influx)
        turn, part = turn_of(clock), clock.part(1.0)
        matrices = Matrices.of(Network("clock", part.species, part.parameters, part.reactions))
        levels = integrate(matrices, turn.levels, [0.0, *(turn.middle(phase) for phase in range(3))])[1:]
        print(f"influx {influx:g}: period {turn.period:.2f} s, others at most {np.sort(levels)[:, :2].max():.1e}")
        for name in ("linear", "rings"):
            tasks = {s: replace(t, learner=replace(t.learner, influx=influx)) for s, t in of_seeds(name).items()}
            shown(f"  {name} validation", [lesson.score(CHEMISTRY, "validation") for lesson in lessons(tasks)])


def test_how_many_molecules_learning_needs() -> None:
    work = [
        joblib.delayed(stochastic_score)(replace(task, learner=replace(task.learner, omega=omega)), seed)
        for omega in (3, 10, 30, 100, 300)
        for seed, task in of_seeds("linear").items()
    ]
    scores = np.reshape(joblib.Parallel(n_jobs=-1)(work), (-1, len(SEEDS)))
    for omega, row in zip((3, 10, 30, 100, 300), scores.tolist(), strict=True):
        shown(f"linear, omega {omega}", row)
    assert np.median(scores[-1]) < np.median(scores[0])

"""A lesson: what a circuit that learns by itself makes of its examples in a simulator, and what arithmetic does."""

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from crn2sbml.circuits.learner import Learner, Weights
from crn2sbml.circuits.learning_rule import LearningRule, rule_of
from crn2sbml.circuits.turn import turn_of
from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Simulation
from crn2sbml.engines.registry import get_engine
from crn2sbml.formats.document import Document, Metadata
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.training.tasks import Task

_CLOCK_OMEGA, _INFLUX = 2000.0, 1e-3
"""Items of a clock under noise, and its influx: two items a second, where a phase takes seven."""
CHEMISTRY, RULE, DESCENT = "chemistry", "same rule", "gradient descent"


@dataclass(frozen=True)
class Learnt:
    """What one way of learning came to: the weights at the end, the error of each example as it was learnt from
    (turns, outputs), and what is made of the validation and the test examples then (n, outputs).
    """

    weights: Weights
    errors: Array
    validation: Array
    test: Array


@dataclass(frozen=True)
class Lesson:
    """A task by the circuit in a simulator, by its rule in arithmetic, and by gradient descent; `trace` has the
    circuit's read-out weights as it learnt, (turns, weights).
    """

    task: Task
    seed: int
    simulator: str
    rule: LearningRule
    ways: dict[str, Learnt]
    trace: Array

    def losses(self, way: str) -> Array:
        """Half the mean squared error of the examples as they were learnt from, for each epoch."""
        squared = (self.ways[way].errors ** 2).sum(axis=1)
        return np.asarray(squared.reshape(self.task.epochs, -1).mean(axis=1) / 2)

    def score(self, way: str, part: str) -> float:
        """Of "validation" or "test": the part that is named right, or of functions half the mean squared error."""
        return self.task.score(getattr(self.ways[way], part), getattr(self.task, part).targets)


def teach(task: Task, seed: int, engine: str = "roadrunner") -> Lesson:
    """Run the exported circuit on its examples; then, with learning off, on those that it has not seen.

    Raises: CrnError: as the engine does; ShapeError: a step so large that learning overshoots.
    """
    learner, turn = task.learner, turn_of(task.learner.clock)
    rule, first = rule_of(learner), learner.initial_weights(seed)
    rule.check(first, task.train.inputs)
    ways = {name: _by_rule(r, first, task) for name, r in ((RULE, rule), (DESCENT, rule.gradient_descent()))}
    turns = len(task.train.inputs) * task.epochs
    times = [*(turn.starts(np.arange(turns)) + learner.read_at(turn)), turn.starts(turns)]
    run = _loaded(lesson_document(task, first), engine).ode([0.0, *times], {})
    *seen, weights = _weights(learner, run)[1:]
    unseen = np.concatenate([task.validation.inputs, task.test.inputs])
    made, count = answers(learner, rule, weights, unseen, engine), len(task.validation.inputs)
    by_chemistry = Learnt(weights, _errors(learner, rule, run)[:-1], made[:count], made[count:])
    trace = np.array([one.readout.ravel() for one in seen])
    simulator = f"{run.attrs['engine']} {run.attrs['version']}"
    return Lesson(task, seed, simulator, rule, {CHEMISTRY: by_chemistry} | ways, trace)


def answers(learner: Learner, rule: LearningRule, weights: Weights, inputs: Array, engine: str = "roadrunner") -> Array:
    """What the circuit makes of inputs (n, inputs) while it does not learn: (n, outputs)."""
    turn, asked = turn_of(learner.clock), learner.without_learning()
    feeding = asked.feeding(inputs, np.zeros((len(inputs), learner.outputs)))
    document = Document(asked.network(weights), shape="lumped", reading="deterministic", feeding=feeding)
    times = turn.starts(np.arange(len(inputs))) + learner.read_at(turn)
    return _errors(learner, rule, _loaded(document, engine).ode([0.0, *times], {}))


def stochastic_score(task: Task, seed: int, engine: str = "roadrunner") -> float:
    """As `Lesson.score` of the validation examples, of the weights that an exact stochastic run has at its end.

    All counts are whole, those that are fed too. The clock has molecules enough to keep time at any omega. Where noise
    lets it feed an example twice or skip one, it is as many turns behind or ahead at the end.

    Raises: CrnError: as the engine does.
    """
    learner = replace(task.learner, clock_omega=_CLOCK_OMEGA, influx=_INFLUX)
    turn = turn_of(learner.clock)
    network = learner.network(learner.initial_weights(seed))
    counts = {species.id: float(round(species.initial)) for species in network.species}
    feeding = learner.feeding(*task.train).in_whole_items()
    document = Document(network.with_counts(counts), shape="lumped", reading="stochastic", feeding=feeding)
    end = float(turn.starts(len(task.train.inputs) * task.epochs))
    weights = _weights(learner, _loaded(document, engine).ssa([0.0, end], {}, seed))[-1]
    outputs = rule_of(learner).outputs(weights, task.validation.inputs)
    return task.score(outputs, task.validation.targets)


def lesson_document(task: Task, weights: Weights) -> Document:
    """The circuit with the examples that it is fed: what trains by itself wherever it is run."""
    learner = task.learner
    turn, count = turn_of(learner.clock), len(task.train.inputs)
    notes = (
        "A network of mass-action reactions that learns by itself. Counts are items, times are seconds. "
        f"{learner.omega:g} items are an activity of 1, and a value is the difference of two species, _p and _m.",
        f"An example is fed whenever the clock's species {learner.clock.part(1.0).outputs[0]} rises, every "
        f"{turn.period:.4g} s; all {count} have been after {turn.starts(count):.6g} s. Nothing else is done to it.",
        "Weights: v<output>_<feature>, w<unit>_<input>, where feature and input 0 are the constant.",
    )
    return Document(
        learner.network(weights),
        Metadata(title=f"{task.name}: a chemical reaction network that learns by itself", notes=notes),
        shape="lumped",
        reading="deterministic",
        feeding=learner.feeding(*task.train),
    )


def _by_rule(rule: LearningRule, weights: Weights, task: Task) -> Learnt:
    errors = []
    for _ in range(task.epochs):
        weights, made = rule.learn(weights, *task.train)
        errors.append(made)
    validation, test = (rule.outputs(weights, part.inputs) for part in (task.validation, task.test))
    return Learnt(weights, np.concatenate(errors), validation, test)


def _loaded(document: Document, engine: str) -> Simulation:
    return get_engine(engine).load(write_sbml(document, picture=False))


def _weights(learner: Learner, run: xr.DataArray) -> list[Weights]:
    """The weights at each time of a run."""
    names = run.species.values.tolist()
    return [learner.weights_in(dict(zip(names, row, strict=True))) for row in run.values[0].tolist()]


def _errors(learner: Learner, rule: LearningRule, run: xr.DataArray) -> Array:
    """The errors at each time of a run but the first: (times, outputs)."""
    rails = run.sel(species=list(learner.error_ids)).values[0, 1:]
    return np.asarray((rails[:, ::2] - rails[:, 1::2]) / (learner.omega * rule.made))

"""Training a classifier through its closed form: no ODE is solved, and the result is exactly the ODE's steady state.

It is trained on means first; calibrated for noise, it is then trained on under the linear noise approximation.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.readout_noise import quadrature, readout_covariance
from crn2sbml.circuits.weights_file import Trained
from crn2sbml.errors import TrainingError
from crn2sbml.training.augment import distorted, shifted_copies
from crn2sbml.training.checkpoint import resume, save
from crn2sbml.training.data import DataSet, Part
from crn2sbml.training.losses import Calibration, Loss, loss_of_means, loss_under_noise
from crn2sbml.training.pruning import part_left, pruned, unpruned_only

NOISY_EXAMPLES = 1000
"""Examples of a part that decide under noise, at most."""
_BLOCK = 500
"""Examples whose levels are held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to train. The defaults were chosen by five-fold cross-validation within the training part.

    `sharpness` multiplies read-out activities into logits: the larger, the fewer items tell classes apart.
    `gross_penalty` weighs the gross production of all rectifiers, which noise and simulation cost follow.
    `shift` is the probability that an example is moved by one pixel, in one of four directions. `turn` (degrees),
    `stretch` (a part) and `move` (pixels) are the largest distortion of every example; with these, nothing is shifted.
    `kept` is the part of each layer's weights that is left in the end: between a fifth and three fifths of the epochs
    the smallest are taken away, and no reaction stands for them.
    """

    epochs: int = 500
    batch: int = 64
    learning_rate: float = 1e-2
    sharpness: float = 2.0
    gross_penalty: float = 3e-4
    shift: float = 0.4
    turn: float = 0.0
    stretch: float = 0.0
    move: float = 0.0
    kept: float = 1.0
    seed: int = 0

    def replaced(self, **changes: Any) -> "Options":
        """The same options with those given that are not None."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known after an epoch."""

    epoch: int
    epochs: int
    loss: float


def train_classifier(
    classifier: Classifier,
    data: DataSet,
    options: Options | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    checkpoint: Path | None = None,
    calibration: Calibration | None = None,
) -> Trained:
    """Train on `data.train`; the record holds accuracy of the means on training, validation and test part.

    With `calibration`, the network is then trained on for noise at its omega. With `checkpoint` the state is kept there
    every tenth of the way, and training goes on from it if it is there: an interrupted run ends in the same weights as
    an uninterrupted one.
    Raises: TrainingError: the loss is not finite, or the checkpoint belongs to another training.
    """
    options = options or Options()
    if not 1 <= options.batch <= len(data.train) or options.epochs < 1:
        raise TrainingError(
            f"training: {options.epochs} epochs with batches of {options.batch} from {len(data.train)} examples; "
            f"needs at least 1 epoch and a batch of 1 to {len(data.train)}"
        )
    if not 0 < options.kept <= 1:
        raise TrainingError(f"training: kept is {options.kept}; it must be above 0, and at most 1")
    if options.seed < 0:
        raise TrainingError(f"training: the seed is {options.seed}; it must be 0 or more")
    step_on_means, step_under_noise, state = _prepare(classifier, data.train, options, calibration)
    epochs = options.epochs + (calibration.epochs if calibration else 0)
    # What training depends on, so that a checkpoint of another training is refused.
    pixels = hashlib.sha256(data.train.images.tobytes() + data.train.labels.tobytes()).hexdigest()
    identity = hashlib.sha256(repr((classifier, options, calibration, pixels)).encode()).hexdigest()
    first, state = resume(checkpoint, identity, state)
    for epoch in range(first, epochs):
        # The seed of an epoch follows from its number, so that a resumed run draws the same batches.
        seeds = np.random.default_rng((options.seed, epoch))
        order = _batches(seeds, len(data.train), options.batch)
        epoch_step = step_on_means if epoch < options.epochs else step_under_noise
        state, loss = epoch_step(state, order, jax.random.key(int(seeds.integers(2**31))))
        left = part_left(options.kept, (epoch + 1) / options.epochs)
        state = (pruned(state[0], [left] * len(state[0])), state[1])
        if not np.isfinite(loss):
            raise TrainingError(f"training: the loss is {loss} in epoch {epoch + 1}; lower --learning-rate")
        report(Progress(epoch + 1, epochs, float(loss)))
        if checkpoint and ((epoch + 1) % max(1, epochs // 10) == 0):
            save(checkpoint, identity, epoch + 1, state)
    # Nine digits survive every text format, so that all files of a model hold the same numbers.
    weights = [{name: rounded(array, 9) for name, array in layer.items()} for layer in state[0]]
    accuracy = {
        name: _accuracy(classifier, weights, part)
        for name, part in (("train", data.train), ("validation", data.validation), ("test", data.test))
    }
    record = {
        "data": data.name,
        "examples": {"train": len(data.train), "validation": len(data.validation), "test": len(data.test)},
        "options": asdict(options),
        "calibration": asdict(calibration) if calibration else None,
        "accuracy": accuracy,
    }
    if calibration:
        record["accuracy_under_noise"] = {
            name: accuracy_under_noise(classifier, weights, part, calibration.average, options.seed)
            for name, part in (("validation", data.validation), ("test", data.test))
        }
    return Trained(classifier, weights, record)


def _prepare(
    classifier: Classifier, part: Part, options: Options, calibration: Calibration | None
) -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """One jitted epoch on means, one under noise, and the state to start from: (weights, optimiser state)."""
    examples = _examples(classifier, part, options)
    labels = jnp.asarray(part.labels)
    noisy = calibration or Calibration()
    steps = [epochs * (len(part) // options.batch) for epochs in (options.epochs, noisy.epochs)]
    rates = map(optax.cosine_decay_schedule, (options.learning_rate, noisy.learning_rate), steps)
    optimiser = optax.adam(optax.join_schedules(list(rates), steps[:1]))

    def step(loss_of: Loss, state: Any, batch: Any) -> Any:
        chosen, key = batch
        weights, memory = state
        drawn = jax.random.fold_in(key, 1)
        loss, slope = jax.value_and_grad(loss_of)(weights, examples(chosen, key), labels[chosen], drawn)
        update, memory = optimiser.update(slope, memory, weights)
        return (optax.apply_updates(weights, unpruned_only(update, weights)), memory), loss

    def epoch(loss_of: Loss) -> Callable[..., Any]:
        def run(state: Any, order: Any, key: Any) -> Any:
            state, losses = jax.lax.scan(partial(step, loss_of), state, (order, jax.random.split(key, len(order))))
            return state, losses.mean()

        return jax.jit(run)

    start = jax.tree.map(lambda array: jnp.asarray(array, jnp.float32), classifier.initial_weights(options.seed))
    on_means = loss_of_means(classifier, options.sharpness, options.gross_penalty)
    under_noise = loss_under_noise(classifier, options.sharpness, noisy)
    return epoch(on_means), epoch(under_noise), (start, optimiser.init(start))


def _examples(classifier: Classifier, part: Part, options: Options) -> Callable[[Any, Any], Any]:
    """Input activities of examples chosen by number, each changed at random as the options say."""
    omega, distort = classifier.kinetics.omega, bool(options.turn or options.stretch or options.move)
    images = jnp.asarray(part.images if distort else shifted_copies(part.images))

    def drawn(chosen: Any, key: Any) -> Any:
        if distort:
            values = images[chosen].astype(jnp.float32)
            values = distorted(values, key, options.turn, options.stretch, options.move)
        else:
            moved, direction = jax.random.split(key)
            copy = jnp.where(
                jax.random.uniform(moved, chosen.shape) < options.shift,
                jax.random.randint(direction, chosen.shape, 1, len(images)),
                0,
            )
            values = images[copy, chosen].astype(jnp.float32)
        return jnp.rint(values.reshape(len(chosen), -1) / classifier.input_max * omega) / omega

    return drawn


def _batches(rng: np.random.Generator, examples: int, batch: int) -> NDArray[np.intp]:
    whole = examples // batch
    return rng.permutation(examples)[: whole * batch].reshape(whole, batch)


def rounded(array: Any, digits: int) -> NDArray[np.float64]:
    """Each value to so many significant digits."""
    values = np.asarray(array, dtype=float)
    return np.array([float(f"{value:.{digits}g}") for value in values.ravel()]).reshape(values.shape)


def _accuracy(classifier: Classifier, weights: Sequence[Mapping[str, Any]], part: Part) -> float:
    blocks = np.array_split(np.arange(len(part)), -(-len(part) // _BLOCK))
    right = [
        np.sum(classifier.readouts(weights, part.images[block]).argmax(-1) == part.labels[block]) for block in blocks
    ]
    return float(sum(right) / len(part))


def accuracy_under_noise(
    classifier: Classifier, weights: Sequence[Mapping[str, Any]], part: Part, average: float, seed: int
) -> float:
    """Expected part of right decisions from snapshots, or averages over `average` seconds, under the LNA.

    200 draws from the Gaussian of the read-outs for each of the part's first 1,000 images.
    """
    rng, rule, right = np.random.default_rng(seed), quadrature(classifier, average), []
    arrays = jax.tree.map(jnp.asarray, [dict(layer) for layer in weights])

    @jax.jit
    def gaussian(activities: Any) -> tuple[Any, Any]:
        levels = classifier.levels(arrays, activities)
        return levels[-1].outputs, readout_covariance(classifier, arrays, levels, rule) / classifier.kinetics.omega

    for image, label in zip(part.images[:NOISY_EXAMPLES], part.labels, strict=False):
        mean, covariance = (np.asarray(array, float) for array in gaussian(classifier.activities(image)))
        drawn = rng.multivariate_normal(mean, covariance, 200, method="eigh")
        right.append(np.mean(drawn.argmax(-1) == label))
    return float(np.mean(right))

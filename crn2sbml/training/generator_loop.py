"""Training what makes pictures: as the decoder of a variational auto-encoder first, then until what it makes is
distributed as the data are.

The second part compares pictures drawn from the exact law of the latents with real ones, by the energy distance of what
judges (with seeds that no evaluation uses) see in both.
Sources: Kingma, Welling 2014, arXiv 1312.6114; Li, Swersky, Zemel 2015, arXiv 1502.02761 (matching by a statistic of
two samples); Szekely, Rizzo 2013, doi:10.1016/j.jspi.2013.03.018 (energy distance).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from crn2sbml.circuits.generator import Generator
from crn2sbml.circuits.weights_file import TrainedGenerator
from crn2sbml.errors import TrainingError
from crn2sbml.training.checkpoint import resume, save
from crn2sbml.training.data import DataSet
from crn2sbml.training.decoders import ChemicalDecoder, Decoder
from crn2sbml.training.judge import Judge
from crn2sbml.training.loop import Progress, rounded
from crn2sbml.training.pruning import part_left, pruned, unpruned_only

_ENCODER = (256, 128)
_NEAR = 1e-3
"""Squared distance that keeps the slope of a distance finite where two pictures are the same."""
_STEPS_A_REPORT = 20


@dataclass(frozen=True, slots=True)
class GeneratorOptions:
    """How to train: `epochs` in `batch`es as an auto-encoder, then `steps` of `pictures` made and as many real ones.

    One of `critics` judges sees both, a step: many are asked in turn, so that what pleases one alone does not pay.
    `class_weight` weighs how well it names what was made, `pixel_weight` the distance of pixels (means of 2 x 2) beside
    that of features. `kept` is the part of weights that is left of dense layers behind the first, `kept_pixels` of the
    switches.
    """

    epochs: int = 20
    batch: int = 128
    learning_rate: float = 2e-3
    steps: int = 2500
    pictures: int = 500
    matching_rate: float = 1e-3
    critics: int = 10
    class_weight: float = 0.1
    pixel_weight: float = 0.5
    gross_penalty: float = 2e-5
    pace_penalty: float = 0.02
    kept: float = 0.35
    kept_pixels: float = 0.15
    seed: int = 0


def train_generator(
    generator: Generator,
    data: DataSet,
    critics: Sequence[Judge],
    options: GeneratorOptions | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    checkpoint: Path | None = None,
) -> TrainedGenerator:
    """Train on `data.train`; with `checkpoint`, an interrupted training goes on from there to the same end.

    Raises: TrainingError: a loss that is not finite, options that make no sense, or a checkpoint of another training.
    """
    options = options or GeneratorOptions()
    decoder = ChemicalDecoder(generator, options.gross_penalty, options.pace_penalty)
    weights = train_decoder(decoder, data, critics, options, report, checkpoint)
    folded = [{name: rounded(array, 6) for name, array in layer.items()} for layer in generator.folded(weights)]
    return TrainedGenerator(generator, folded, {"data": data.name, "options": asdict(options)})


def train_decoder(
    decoder: Decoder,
    data: DataSet,
    critics: Sequence[Judge],
    options: GeneratorOptions,
    report: Callable[[Progress], None] = lambda progress: None,
    checkpoint: Path | None = None,
) -> list[dict[str, Any]]:
    """Weights of a decoder that read standardised latents; see `train_generator`. Without `steps`, none are pruned."""
    _check(options, data, decoder.generator)
    images = jnp.asarray(data.train.images.reshape(len(data.train), -1) / data.input_max, jnp.float32)
    labels = jnp.asarray(data.train.labels)
    pixels = hashlib.sha256(data.train.images.tobytes()).hexdigest()
    identity = hashlib.sha256(repr((decoder, options, pixels)).encode()).hexdigest()
    sides = data.train.images.shape[1:]
    start = jax.tree.map(lambda array: jnp.asarray(array, jnp.float32), decoder.generator.initial_weights(options.seed))
    encoder = _encoder(jax.random.key(options.seed + 1), images.shape[1], decoder.generator)
    auto_encode, memory = _auto_encoding(decoder, options, len(images) // options.batch, (start, encoder))
    match, other_memory = _matching(decoder, options, sides, critics, start)
    state = (start, encoder, memory, other_memory)
    total = options.epochs + -(-options.steps // _STEPS_A_REPORT)
    first, state = resume(checkpoint, identity, state)
    for number in range(first, total):
        rng = np.random.default_rng((options.seed, number))
        key = jax.random.key(int(rng.integers(2**31)))
        if number < options.epochs:
            batches = rng.permutation(len(images))[: len(images) // options.batch * options.batch]
            order = batches.reshape(-1, options.batch)
            (weights, encoder), memory, loss = auto_encode(state[:2], state[2], images, labels, order, key)
            state = (weights, encoder, memory, state[3])
        else:
            steps = min(_STEPS_A_REPORT, options.steps - (number - options.epochs) * _STEPS_A_REPORT)
            order = np.stack([rng.choice(len(images), options.pictures, replace=False) for _ in range(steps)])
            weights, other_memory, loss = match(state[0], state[3], images, labels, order, key)
            progress = (number - options.epochs + 1) * _STEPS_A_REPORT / options.steps
            parts = [1.0, *[part_left(options.kept, progress)] * (len(weights) - 2)]
            weights = pruned(weights, [*parts, part_left(options.kept_pixels, progress)])
            state = (weights, state[1], state[2], other_memory)
        if not np.isfinite(loss):
            raise TrainingError(f"training: the loss is {loss} in part {number + 1} of {total}; lower the rates")
        report(Progress(number + 1, total, float(loss)))
        if checkpoint and (number + 1) % max(1, total // 10) == 0:
            save(checkpoint, identity, number + 1, state)
    found: list[dict[str, Any]] = state[0]
    return found


def _check(options: GeneratorOptions, data: DataSet, generator: Generator) -> None:
    examples, shape = len(data.train), generator.cascade.shapes[-1][1:]
    if shape != data.train.images.shape[1:]:
        raise TrainingError(f"training: pictures of {shape}, images of {data.train.images.shape[1:]}")
    if not (1 <= options.batch <= examples and 2 <= options.pictures <= examples and options.epochs >= 1):
        raise TrainingError(
            f"training: {options.epochs} epochs with batches of {options.batch}, steps of {options.pictures} pictures, "
            f"from {examples} examples; needs at least 1 epoch, and no more than all examples at once"
        )
    if not (0 < options.kept <= 1 and 0 < options.kept_pixels <= 1) or options.seed < 0:
        raise TrainingError(
            f"training: kept is {options.kept}, kept_pixels {options.kept_pixels}, the seed {options.seed}; parts must "
            "be above 0 and at most 1, the seed 0 or more"
        )


def _auto_encoding(
    decoder: Decoder, options: GeneratorOptions, steps: int, start: Any
) -> tuple[Callable[..., Any], Any]:
    """One epoch of the negative evidence lower bound, jitted, and the optimiser's first state."""
    optimiser = optax.adam(optax.cosine_decay_schedule(options.learning_rate, options.epochs * steps))
    classes = jnp.eye(decoder.generator.classes)

    def loss(both: Any, pictures: Any, labels: Any, key: Any) -> Any:
        weights, encoder = both
        named = classes[labels]
        mean, log_sd = _encoded(encoder, pictures, named)
        latents = mean + jnp.exp(log_sd) * jax.random.normal(key, mean.shape)
        on, penalty = decoder.decode(weights, latents, named)
        on = jnp.clip(on, 1e-5, 1 - 1e-5)
        missed = -jnp.sum(pictures * jnp.log(on) + (1 - pictures) * jnp.log(1 - on), axis=1)
        told = jnp.sum((mean**2 + jnp.exp(2 * log_sd) - 1) / 2 - log_sd, axis=1)
        # A penalty is weighed for the distance of matching, which is some hundreds of times smaller.
        return jnp.mean(missed + told) + 250 * penalty

    @jax.jit
    def epoch(both: Any, memory: Any, images: Any, labels: Any, order: Any, key: Any) -> Any:
        def step(state: Any, drawn: Any) -> Any:
            (both, memory), (chosen, key) = state, drawn
            value, slope = jax.value_and_grad(loss)(both, images[chosen], labels[chosen], key)
            change, memory = optimiser.update(slope, memory)
            return (optax.apply_updates(both, change), memory), value

        keys = jax.random.split(key, len(order))
        (both, memory), losses = jax.lax.scan(step, (both, memory), (order, keys))
        return both, memory, losses.mean()

    return epoch, optimiser.init(start)


def _matching(
    decoder: Decoder, options: GeneratorOptions, sides: tuple[int, ...], critics: Sequence[Judge], start: Any
) -> tuple[Callable[..., Any], Any]:
    """Some steps towards the data's distribution, and the optimiser's first state."""
    schedule = optax.cosine_decay_schedule(options.matching_rate, max(options.steps, 1))
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))
    classes, omega = jnp.eye(decoder.generator.classes), decoder.generator.kinetics.omega

    def distance(real: Any, made: Any, labels: Any) -> Any:
        # Beside what is seen stands the class, so that it is the classes' own distributions that are matched.
        scale = jnp.sqrt(jnp.sum(jnp.var(real, axis=0)))
        one, other = (jnp.concatenate([side / scale, 2 * classes[labels]], axis=1) for side in (real, made))
        return energy_distance(one, other)

    def loss(weights: Any, critic: Any, pictures: Any, labels: Any, key: Any) -> Any:
        of_latents, of_pixels = jax.random.split(key)
        on, penalty = decoder.decode(weights, decoder.draw(of_latents, len(labels)), classes[labels])
        spread = jnp.sqrt(jnp.clip(on * (1 - on), min=1e-6) / omega)
        made = (on + spread * jax.random.normal(of_pixels, on.shape)).reshape(-1, *sides)
        pictures = pictures.reshape(-1, *sides)
        total = penalty + options.pixel_weight * distance(_halved(pictures), _halved(made), labels)
        if critic is not None:
            seen, (features, logits) = Judge(critic).seen(pictures)[0], Judge(critic).seen(made)
            named = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
            total += distance(seen, features, labels) + options.class_weight * named
        return total

    # No scan over steps: XLA makes convolutions in its loops several times slower on CPUs.
    @jax.jit
    def step(weights: Any, memory: Any, critic: Any, pictures: Any, labels: Any, key: Any) -> Any:
        value, slope = jax.value_and_grad(loss)(weights, critic, pictures, labels, key)
        change, memory = optimiser.update(slope, memory)
        return optax.apply_updates(weights, unpruned_only(change, weights)), memory, value

    def some(weights: Any, memory: Any, images: Any, labels: Any, order: Any, key: Any) -> Any:
        losses = []
        for turn, (chosen, own) in enumerate(zip(order, jax.random.split(key, len(order)), strict=True)):
            critic = critics[turn % len(critics)].weights if critics else None
            weights, memory, value = step(weights, memory, critic, images[chosen], labels[chosen], own)
            losses.append(value)
        return weights, memory, jnp.stack(losses).mean()

    return some, optimiser.init(start)


def energy_distance(one: Any, other: Any) -> Any:
    """Twice the mean distance between two samples (n, values), less that within each: 0 in the mean if of one law."""

    def apart(first: Any, second: Any) -> Any:
        squares = jnp.sum(first**2, axis=1)[:, None] + jnp.sum(second**2, axis=1) - 2 * first @ second.T
        return jnp.sqrt(jnp.clip(squares, min=0) + _NEAR)

    def within(sample: Any) -> Any:
        count = len(sample)
        return (jnp.sum(apart(sample, sample)) - count * _NEAR**0.5) / (count * (count - 1))

    return 2 * jnp.mean(apart(one, other)) - within(one) - within(other)


def _halved(pictures: Any) -> Any:
    """Means of 2 x 2 pixels, flattened."""
    count, rows, columns = pictures.shape
    even = pictures[:, : rows // 2 * 2, : columns // 2 * 2]
    return even.reshape(count, rows // 2, 2, columns // 2, 2).mean(axis=(2, 4)).reshape(count, -1)


def _encoder(key: Any, pixels: int, generator: Generator) -> list[dict[str, Any]]:
    sizes = [pixels + generator.classes, *_ENCODER, 2 * generator.latents]
    layers = []
    for number, (read, made) in enumerate(pairwise(sizes)):
        scale = (2 / read) ** 0.5 if number < len(_ENCODER) else 0.1 / read**0.5
        kernel = scale * jax.random.normal(jax.random.fold_in(key, number), (made, read))
        layers.append({"kernel": kernel, "bias": jnp.zeros(made)})
    return layers


def _encoded(encoder: Sequence[Any], pictures: Any, labels: Any) -> tuple[Any, Any]:
    """Mean and logarithm of the standard deviation of the latents that may have made the pictures."""
    values = jnp.concatenate([pictures, labels], axis=1)
    for layer in encoder[:-1]:
        values = jax.nn.relu(values @ layer["kernel"].T + layer["bias"])
    values = values @ encoder[-1]["kernel"].T + encoder[-1]["bias"]
    return tuple(jnp.split(values, 2, axis=1))  # type: ignore[return-value]

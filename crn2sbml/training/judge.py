"""The judge of generated pictures: a convolutional neural network, trained from a fixed seed and then frozen.

It shares nothing with the networks that it judges: no motif, no closed form, no training loop.
"""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pooch
from numpy.typing import NDArray

from crn2sbml.core.matrices import Array
from crn2sbml.disk import DAMAGED_ARCHIVE, make_folder, write_file
from crn2sbml.errors import TrainingError
from crn2sbml.training.data import DataSet

_FILTERS, FEATURES, _BATCH, _RATE, _LARGE = (16, 32), 64, 128, 2e-3, 20
"""Filters of the two convolutions; units of the layer before the last, whose values are the features; examples a step;
Adam's first step size; pixels a side from which the first convolution strides by two.
"""
_PASSES, _STEPS_A_PASS, _BLOCK = 4, 200, 2000
"""Passes over the training part; steps that a pass has at least (small data sets are gone through more often)."""
_FIRST_CRITIC, _CRITIC_PASSES = 100, 1
"""Seed of the first critic, far from those of evaluations; critics are many and need not be as good as a judge."""
_RECIPE = "2"
"""Changes when judges do, so that older ones in the cache are not taken for new ones."""


@dataclass(frozen=True)
class Judge:
    """A trained judge: its weights by name."""

    weights: Mapping[str, Any]

    def seen(self, pictures: Any) -> tuple[Any, Any]:
        """Features (n, 64) and logits (n, classes) of pictures (n, rows, columns), 0 to 1; JAX."""
        return _forward(self.weights, pictures)

    def features(self, pictures: Array) -> tuple[Array, NDArray[np.intp]]:
        """Features (n, 64) and named classes (n,) of pictures (n, rows, columns), 0 to 1."""
        whole = [_jitted(self.weights, jnp.asarray(pictures[at : at + _BLOCK], jnp.float32))
                 for at in range(0, len(pictures), _BLOCK)]  # fmt: skip
        features, logits = (
            np.concatenate([np.asarray(part, float) for part in side]) for side in zip(*whole, strict=True)
        )
        return features, logits.argmax(axis=1)


def get_critics(data: DataSet, count: int, report: Callable[[int], None] = lambda done: None) -> list[Judge]:
    """Judges that training asks, and no evaluation; `report` is told how many are there."""
    critics = []
    for number in range(count):
        critics.append(get_judge(data, _FIRST_CRITIC + number, passes=_CRITIC_PASSES))
        report(number + 1)
    return critics


def get_judge(
    data: DataSet, seed: int, report: Callable[[float], None] = lambda part: None, passes: int = _PASSES
) -> Judge:
    """The judge of that seed for a data set: from the cache, if it is there and undamaged, else trained and kept.

    Args: report: told which part of the training is done; passes: over the training part.
    """
    identity = hashlib.sha256(f"{_RECIPE} {data.name} {seed} {passes} {jax.__version__}".encode())
    identity.update(data.train.images.tobytes())
    path = Path(pooch.os_cache("crn2sbml")) / f"judge-{data.name}-{identity.hexdigest()[:16]}.npz"
    kept = _kept(path)
    if kept is None:
        kept = _trained(data, seed, passes, report)
        packed = io.BytesIO()
        np.savez(packed, checksum=np.array(_checksum(kept)), **kept)  # type: ignore[arg-type]
        make_folder(path.parent)
        write_file(path, packed.getvalue(), force=True)
    return Judge({name: jnp.asarray(array) for name, array in kept.items()})


def _kept(path: Path) -> dict[str, NDArray[np.float32]] | None:
    """The weights in a file; None if there is none, or it is not what was written."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            weights = {name: saved[name] for name in sorted(saved) if name != "checksum"}
            return weights if str(saved["checksum"][()]) == _checksum(weights) else None
    except DAMAGED_ARCHIVE:
        return None


def _checksum(weights: Mapping[str, NDArray[np.float32]]) -> str:
    said = hashlib.sha256()
    for name in sorted(weights):
        said.update(name.encode() + weights[name].tobytes())
    return said.hexdigest()


def _trained(data: DataSet, seed: int, passes: int, report: Callable[[float], None]) -> dict[str, NDArray[np.float32]]:
    images = np.asarray(data.train.images / data.input_max, np.float32)
    labels = data.train.labels
    steps = len(images) // _BATCH
    if not steps:
        raise TrainingError(f"judge: {len(images)} training images; needs {_BATCH} or more")
    epochs = passes * max(1, -(-_STEPS_A_PASS // steps))
    weights = _start(jax.random.key(seed), images.shape[1:], int(labels.max()) + 1)
    optimiser = optax.adam(optax.cosine_decay_schedule(_RATE, epochs * steps))

    def loss(weights: Any, pictures: Any, wanted: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(_forward(weights, pictures)[1], wanted).mean()

    # No scan over steps: XLA makes convolutions in its loops six times slower on CPUs.
    @jax.jit
    def step(weights: Any, memory: Any, pictures: Any, wanted: Any, shift: Any) -> Any:
        slope = jax.grad(loss)(weights, jnp.roll(pictures, shift, (1, 2)), wanted)
        change, memory = optimiser.update(slope, memory)
        return optax.apply_updates(weights, change), memory

    memory, reach = optimiser.init(weights), 2 if images.shape[1] >= _LARGE else 1
    for number in range(epochs):
        rng = np.random.default_rng((seed, number))
        for chosen in rng.permutation(len(images))[: steps * _BATCH].reshape(steps, _BATCH):
            shift = rng.integers(-reach, reach + 1, 2)
            weights, memory = step(weights, memory, images[chosen], labels[chosen], shift)
        report((number + 1) / epochs)
    return {name: np.asarray(array) for name, array in weights.items()}


def _start(key: Any, shape: tuple[int, ...], classes: int) -> dict[str, Any]:
    size = 5 if shape[0] >= _LARGE else 3
    first, second = _FILTERS
    shapes = {"conv1": (size, size, 1, first), "conv2": (3, 3, first, second)}
    draw = partial(_drawn, key)
    weights = {name: draw(number, shape) for number, (name, shape) in enumerate(shapes.items())}
    weights |= {"bias1": jnp.zeros(first), "bias2": jnp.zeros(second)}
    flat = _pooled(weights, jnp.zeros((1, *shape))).shape[1]
    weights |= {"dense": draw(2, (flat, FEATURES)), "bias3": jnp.zeros(FEATURES)}
    return weights | {"last": draw(3, (FEATURES, classes)), "bias4": jnp.zeros(classes)}


def _drawn(key: Any, number: int, shape: tuple[int, ...]) -> Any:
    fan_in = int(np.prod(shape[:-1]))
    return jax.random.normal(jax.random.fold_in(key, number), shape) * (2 / fan_in) ** 0.5


def _pooled(weights: Mapping[str, Any], pictures: Any) -> Any:
    """Two rectified convolutions, then maxima of 2 x 2, flattened."""
    stride = 2 if pictures.shape[1] >= _LARGE else 1
    values = pictures[..., None]
    for kernel, bias, step in (("conv1", "bias1", stride), ("conv2", "bias2", 1)):
        values = jax.lax.conv_general_dilated(
            values, weights[kernel], (step, step), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        values = jax.nn.relu(values + weights[bias])
    values = jax.lax.reduce_window(values, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return values.reshape(len(values), -1)


def _forward(weights: Mapping[str, Any], pictures: Any) -> tuple[Any, Any]:
    features = jax.nn.relu(_pooled(weights, pictures) @ weights["dense"] + weights["bias3"])
    return features, features @ weights["last"] + weights["bias4"]


_jitted = jax.jit(_forward)

"""What generated pictures are held against: a Gaussian for each class, and neural networks of the generator's size."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from crn2sbml.circuits.generator import Generator
from crn2sbml.core.matrices import Array
from crn2sbml.training.data import DataSet
from crn2sbml.training.decoders import NeuralDecoder
from crn2sbml.training.generator_loop import GeneratorOptions, train_decoder
from crn2sbml.training.judge import Judge
from crn2sbml.training.loop import Progress


def gaussian_pictures(data: DataSet, labels: NDArray[np.intp], seed: int) -> Array:
    """Pictures (n, rows, columns), 0 to 1, from the Gaussian with mean and covariance of each class's training images,
    in all its principal components, cut off at 0 and 1.
    """
    rng, known = np.random.default_rng(seed), data.train.images / data.input_max
    pictures = np.empty((len(labels), *known.shape[1:]))
    for label in np.unique(labels):
        images = known[data.train.labels == label].reshape(-1, pictures[0].size)
        values, vectors = np.linalg.eigh(np.cov(images, rowvar=False))
        drawn = rng.normal(size=(int(np.sum(labels == label)), len(values))) * np.sqrt(values.clip(min=0))
        pictures[labels == label] = (images.mean(axis=0) + drawn @ vectors.T).clip(0, 1).reshape(-1, *known.shape[1:])
    return pictures


def neural_pictures(
    generator: Generator,
    data: DataSet,
    labels: NDArray[np.intp],
    options: GeneratorOptions,
    critics: Sequence[Judge] = (),
    report: Callable[[Progress], None] = lambda progress: None,
) -> Array:
    """Pictures (n, rows, columns), 0 to 1, from a neural network of the generator's layers, trained in the same way.

    Without critics, it is trained as the decoder of a variational auto-encoder and no more. None of its weights are
    pruned. What it says of a pixel is shown as it is, without noise.
    """
    changes = {"kept": 1.0, "kept_pixels": 1.0, "steps": options.steps if critics else 0}
    decoder = NeuralDecoder(generator)
    weights = train_decoder(decoder, data, critics, replace(options, **changes), report)  # type: ignore[arg-type]
    latents = decoder.draw(jax.random.key(options.seed), len(labels))
    pictures, _ = decoder.decode(weights, latents, jnp.eye(generator.classes)[labels])
    return np.asarray(pictures, float).reshape(len(labels), *data.train.images.shape[1:])

"""What is trained to make pictures: a generator through its closed form, and a neural network of its size beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from crn2sbml.circuits.generator import Generator

_SLOWEST, _FASTEST = 1.0, 4.0
"""Signed sums of a pixel, in units of activity, between which it is paced well: slower, it lags behind the latents;
faster, it follows the decoder's noise.
"""


class Decoder(Protocol):
    """Standardised latents (n, latents), of mean 0 and variance 1, and one-hot classes make pictures, on JAX."""

    @property
    def generator(self) -> Generator:
        """Whose sizes it has."""

    def decode(self, weights: Sequence[Any], latents: Any, labels: Any) -> tuple[Any, Any]:
        """Pixels (n, pixels), 0 to 1, and a penalty."""

    def draw(self, key: Any, count: int) -> Any:
        """Latents from their law: (count, latents)."""


@dataclass(frozen=True)
class ChemicalDecoder:
    """The generator; its weights read standardised latents and are folded in the end.

    `gross_penalty` weighs what rectifiers make, which the cost of simulations follows; `pace_penalty` how far signed
    sums of pixels are from well paced ones.
    """

    generator: Generator
    gross_penalty: float
    pace_penalty: float

    def decode(self, weights: Sequence[Any], latents: Any, labels: Any) -> tuple[Any, Any]:
        """See `Decoder`; the latents' items are what they would be without a law's discreteness, and none below 0."""
        generator = self.generator
        items = jnp.clip(generator.mean + generator.mean**0.5 * latents, min=0)
        folded = generator.folded(weights)
        levels = generator.levels(folded, items, labels)
        made = sum(jnp.sum(level.gross, axis=-1).mean() for level in levels[:-1] if level.gross is not None)
        on, off, turns = levels[-1].outputs, levels[-1].negative, levels[-1].gross
        sums = turns / (2 * generator.switch.pace * on * off)
        slow, fast = (jnp.clip(jnp.log(ratio), min=0) for ratio in (_SLOWEST / sums, sums / _FASTEST))
        return on, self.gross_penalty * made + self.pace_penalty * jnp.mean(slow**2 + fast**2)

    def draw(self, key: Any, count: int) -> Any:
        """Poisson, as in the exact process."""
        mean = self.generator.mean
        return (jax.random.poisson(key, mean, (count, self.generator.latents)) - mean) / mean**0.5


@dataclass(frozen=True)
class NeuralDecoder:
    """Rectified linear units in layers of the generator's sizes, sigmoid pixels, Gaussian latents: the decoder of an
    ordinary variational auto-encoder.
    """

    generator: Generator

    def decode(self, weights: Sequence[Any], latents: Any, labels: Any) -> tuple[Any, Any]:
        """See `Decoder`; nothing is penalised."""
        values = jnp.concatenate([latents, labels], axis=-1)
        for layer in weights[:-1]:
            values = jax.nn.relu(values @ layer["kernel"].T + layer["bias"])
        return jax.nn.sigmoid(values @ weights[-1]["kernel"].T + weights[-1]["bias"]), 0.0

    def draw(self, key: Any, count: int) -> Any:
        """Standard Gaussians."""
        return jax.random.normal(key, (count, self.generator.latents))

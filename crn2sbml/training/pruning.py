"""Pruning while training: the smallest weights are taken away, and no reaction stands for them."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp


def part_left(kept: float, progress: float) -> float:
    """The part of weights that is left at this `progress` (0 to 1) of a training that ends with the part `kept`.

    It falls as a cubic, fast at first, between a fifth and three fifths of the way.
    """
    ahead = min(max(0.6 - progress, 0.0) / 0.4, 1.0)
    return kept + (1 - kept) * ahead**3


def pruned(weights: Sequence[Any], parts: Sequence[float]) -> list[Any]:
    """All but the largest weights of each layer's kernel are 0, the part of them given for the layer being left."""
    return [
        {
            name: jnp.where(jnp.abs(array) >= jnp.quantile(jnp.abs(array), 1 - left), array, 0.0)
            if name == "kernel" and left < 1
            else array
            for name, array in layer.items()
        }
        for layer, left in zip(weights, parts, strict=True)
    ]


def unpruned_only(change: Any, weights: Any) -> Any:
    """The change of weights, without those that are exactly 0: they stay so."""
    return jax.tree.map(lambda step, value: jnp.where(value == 0, 0.0, step), change, weights)

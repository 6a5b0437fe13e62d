"""Examples moved and bent a little, so that a data set teaches more."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates
from numpy.typing import NDArray


def distorted(images: Any, key: Any, turn: float, stretch: float, move: float) -> Any:
    """Each image under its own random affine map, between pixels by linear interpolation; what moves in is 0.

    Args: images: (n, rows, columns); turn: largest rotation, degrees; stretch: largest change of height, of width and
        of slant, as a part; move: largest way down or up and right or left, pixels. All are drawn evenly.
    Returns: (n, rows, columns), JAX.
    """
    drawn = jax.random.uniform(key, (6, len(images)), minval=-1.0)
    angle = jnp.deg2rad(turn) * drawn[0]
    tall, wide, slant = stretch * drawn[1:4]
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    # Where a pixel comes from: turned, then stretched along the axes, with rows slanted.
    back = jnp.array([[cosine * (1 + tall), -sine * (1 + wide)], [sine * (1 + tall) + slant, cosine * (1 + wide)]])
    centre = (jnp.array(images.shape[1:]) - 1) / 2
    grid = jnp.stack(jnp.meshgrid(*map(jnp.arange, images.shape[1:]), indexing="ij")) - centre[:, None, None]
    source = jnp.einsum("ijn,jrc->inrc", back, grid) + (centre[:, None] + move * drawn[4:])[..., None, None]
    return jax.vmap(lambda image, at: map_coordinates(image, list(at), order=1), (0, 1))(images, source)


def shifted_copies(images: NDArray[np.float64]) -> NDArray[np.float64]:
    """The images as they are, then moved one pixel down, up, right and left; what moves in is 0.

    Args: images: (n, rows, columns). Returns: shape (5, n, rows, columns).
    """
    copies = [images]
    for axis in (1, 2):
        for step in (1, -1):
            moved = np.roll(images, step, axis)
            edge = [slice(None)] * 3
            edge[axis] = slice(0, 1) if step == 1 else slice(-1, None)
            moved[tuple(edge)] = 0
            copies.append(moved)
    return np.stack(copies)

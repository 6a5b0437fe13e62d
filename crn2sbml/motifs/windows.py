"""Which inputs each position of a sliding window reads, as plain index arrays (they fit NumPy and JAX alike)."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from crn2sbml.errors import ShapeError
from crn2sbml.motifs.motif import Shape


def window_grid(in_shape: Shape, size: int, stride: int) -> tuple[int, int]:
    """Rows and columns of window positions, without padding.

    Raises: ShapeError: the window is larger than the grid, or size or stride is below 1.
    """
    _, rows, columns = in_shape
    if size < 1 or stride < 1 or size > min(rows, columns):
        raise ShapeError(f"a window of {size} with stride {stride} does not fit a grid of {rows} x {columns}")
    return (rows - size) // stride + 1, (columns - size) // stride + 1


def window_indices(in_shape: Shape, size: int, stride: int) -> NDArray[np.intp]:
    """Flattened (row, column) positions that each window reads: shape (windows, size * size)."""
    out_rows, out_columns = window_grid(in_shape, size, stride)
    columns = in_shape[2]
    corner = (np.arange(out_rows)[:, None] * columns + np.arange(out_columns)) * stride
    offset = np.arange(size)[:, None] * columns + np.arange(size)
    return corner.reshape(-1, 1) + offset.reshape(1, -1)


def channel_windows(in_shape: Shape, size: int, stride: int) -> NDArray[np.intp]:
    """Flattened inputs over all channels that each window reads: shape (windows, channels * size * size)."""
    plane = in_shape[1] * in_shape[2]
    spatial = window_indices(in_shape, size, stride)
    return np.concatenate([spatial + channel * plane for channel in range(in_shape[0])], axis=1)


def plane_windows(in_shape: Shape, size: int, stride: int) -> NDArray[np.intp]:
    """Flattened inputs of one channel that each window reads, channel after channel: (channels * windows, size^2)."""
    plane, spatial = in_shape[1] * in_shape[2], window_indices(in_shape, size, stride)
    return np.concatenate([spatial + channel * plane for channel in range(in_shape[0])])


def gather(inputs: Any, indices: NDArray[np.intp]) -> Any:
    """`inputs[..., indices]` in the inputs' own array library: shape (..., *indices.shape)."""
    xp = array_namespace(inputs)
    taken = xp.take(inputs, xp.asarray(indices.ravel()), axis=-1)
    return xp.reshape(taken, (*inputs.shape[:-1], *indices.shape))


def scatter(values: Any, indices: NDArray[np.intp], size: int) -> Any:
    """The adjoint of `gather`: each value is added to the input that it was taken from, shape (..., size).

    Args: values: (..., *indices.shape); size: of the inputs.
    """
    xp = array_namespace(values)
    flat = xp.reshape(values, (*values.shape[: values.ndim - indices.ndim], indices.size))
    padded = xp.concat([flat, xp.zeros_like(flat[..., :1])], axis=-1)
    return xp.sum(gather(padded, _readers(indices, size)), axis=-1)


def _readers(indices: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Where each input is taken, in the flattened windows; rows are filled up with a place after the last."""
    taken = indices.ravel()
    counts = np.bincount(taken, minlength=size)
    readers = np.full((size, counts.max()), indices.size, dtype=np.intp)
    order = np.argsort(taken, kind="stable")
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    readers[taken[order], np.arange(len(order)) - first[taken[order]]] = order
    return readers

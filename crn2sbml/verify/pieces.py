"""Long work over many examples, in pieces: side by side, and resumable."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import joblib
import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.matrices import Array
from crn2sbml.disk import DAMAGED_ARCHIVE, write_file
from crn2sbml.errors import FormatError

Work: TypeAlias = tuple[Callable[..., Array], tuple[Any, ...]]
"""A function that another process can call, and its arguments."""
_PIECES, _LARGEST = 8, 100
"""Pieces of work for each process, at least, and examples in a piece, at most: each is kept when it is done."""


def in_pieces(
    work: Callable[[NDArray[np.intp]], Work],
    shape: tuple[int, int],
    jobs: int = 1,
    path: Path | None = None,
    report: Callable[[int], None] = lambda examples: None,
) -> Array:
    """What `work` makes of examples 0, 1, ...: an array of `shape` (examples, ...) without NaN.

    Args: work: what to call for examples of these numbers; jobs: processes (or what joblib's backend has); path: file
        in which what is done is kept, and from which interrupted work goes on; report: told how many are done.
    Raises: FormatError: the file is damaged.
    """
    done = _kept(path, shape)
    missing = np.flatnonzero(np.isnan(done).any(axis=1))
    report(len(done) - len(missing))
    if not len(missing):
        return done
    pieces = max(_PIECES * jobs, -(-len(missing) // _LARGEST))
    blocks = np.array_split(missing, min(len(missing), pieces))
    run = joblib.Parallel(n_jobs=jobs, return_as="generator")
    calls = (work(block) for block in blocks)
    found = run(joblib.delayed(function)(*arguments) for function, arguments in calls)
    for block, part in zip(blocks, found, strict=True):
        done[block] = part
        if path:
            packed = io.BytesIO()
            np.savez_compressed(packed, done=done)
            write_file(path, packed.getvalue(), force=True)
        report(int(np.sum(~np.isnan(done[:, 0]))))
    return done


def _kept(path: Path | None, shape: tuple[int, int]) -> Array:
    """What is done already; NaN where nothing is."""
    if path is None or not path.exists():
        return np.full(shape, np.nan)
    try:
        with np.load(path, allow_pickle=False) as saved:
            done: Array = saved["done"]
    except DAMAGED_ARCHIVE as error:
        raise FormatError(f"{path}: damaged ({error}); delete it to begin anew") from None
    if done.shape != shape or done.dtype != float:
        raise FormatError(f"{path}: holds {done.dtype} {done.shape}, not {shape}; delete it to begin anew")
    return done

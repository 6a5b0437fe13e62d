"""Silence for solvers that write to the standard streams of the process, where tables, JSON and refusals belong."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_stdout() -> Iterator[None]:
    """Whatever is written to file descriptor 1 inside the block, by compiled code or by Python, is dropped."""
    with _dropped(1):
        yield


@contextmanager
def quiet_output() -> Iterator[None]:
    """As `quiet_stdout`, file descriptor 2 included: for solvers that complain to both and raise an error as well."""
    with _dropped(1), _dropped(2):
        yield


@contextmanager
def _dropped(descriptor: int) -> Iterator[None]:
    _flush()
    kept, nowhere = os.dup(descriptor), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield
    finally:
        _flush()
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(nowhere)


def _flush() -> None:
    """Python and the C library each buffer on their own; what is left there would come out later, elsewhere."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    ctypes.CDLL(None).fflush(None)

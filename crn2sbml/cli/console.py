"""Progress bars and words for people go to standard error, results to standard output."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def say(text: str) -> None:
    """One line for people."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def print_json(data: Mapping[str, Any]) -> None:
    """One JSON document on standard output; numbers that are not finite become null."""
    json.dump(_plain(data), sys.stdout, indent=1, allow_nan=False)
    sys.stdout.write("\n")


@contextmanager
def progress() -> Iterator[Progress]:
    """A rich progress display on standard error."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield bars


@contextmanager
def busy(title: str) -> Iterator[None]:
    """A display for work whose end nobody knows."""
    with progress() as bars:
        bars.add_task(title, total=None)
        yield


def bar(bars: Progress, title: str, total: int | None) -> Callable[[int], None]:
    """A bar for work of `total` pieces; tell it how many are done."""
    task = bars.add_task(title, total=total)

    def told(done: int) -> None:
        bars.update(task, completed=done)

    return told


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

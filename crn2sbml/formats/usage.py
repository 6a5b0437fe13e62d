"""`io.json`: what somebody with nothing but a simulator must know to use a model."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.errors import FormatError


@dataclass(frozen=True)
class Usage:
    """Clamp `inputs` (row by row) at round(value / input_max * omega) items, run `t_end` seconds, read `outputs`.

    `readout` says in words how the answer follows from the outputs. Of a generator, the inputs are the classes, the
    outputs are pixels, and `latents` are what makes one picture differ from another, else empty.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    omega: float
    input_max: float
    t_end: float
    readout: str = "the class whose output species holds the most items"
    latents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("omega", "input_max", "t_end"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise FormatError(f"io.json: {name} is {value}; it must be positive and finite")

    def input_counts(self, data: ArrayLike) -> dict[str, float]:
        """The clamped counts (items) of one example; raises ValueError if the sizes differ."""
        counts = np.rint(np.asarray(data, dtype=float).ravel() / self.input_max * self.omega)
        return dict(zip(self.inputs, counts.tolist(), strict=True))


def write_io_json(usage: Usage) -> str:
    """The file's text."""
    said = asdict(usage)
    if not usage.latents:
        del said["latents"]
    return json.dumps(said, indent=1) + "\n"


def read_io_json(text: str) -> Usage:
    """The usage in a file's text; raises FormatError naming what is missing or of the wrong kind."""
    try:
        data: dict[str, Any] = json.loads(text)
        return Usage(
            inputs=_names(data["inputs"]),
            outputs=_names(data["outputs"]),
            omega=float(data["omega"]),
            input_max=float(data["input_max"]),
            t_end=float(data["t_end"]),
            readout=str(data["readout"]),
            latents=_names(data.get("latents", [])),
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise FormatError(f"io.json: not as expected: {type(error).__name__} {said}") from None


def _names(listed: Any) -> tuple[str, ...]:
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise TypeError("a list of species ids is needed")
    return tuple(listed)

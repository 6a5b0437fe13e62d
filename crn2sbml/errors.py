"""Every exception the package raises on purpose.

Each is a `CrnError`: its text is one line that says what is wrong, where, how much and what to do.
The command line prints that line and leaves with exit status 2; anything else is a bug and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches

_FEW = 12


class CrnError(Exception):
    """Bad input or an unreachable request; the text is one line for a person."""


class NetworkError(CrnError):
    """A network that makes no sense: unknown names, negative constants, mixed units."""


class PmfError(CrnError):
    """Probabilities that are none, or that no network of ours can have as its law."""


class ShapeError(CrnError):
    """An array of another shape than the network or motif needs."""


class FormatError(CrnError):
    """A document that cannot be read or written."""


class UnsupportedError(FormatError):
    """A valid document that holds something a mass-action network cannot express; names it."""


class OutputError(CrnError):
    """A path that exists or cannot be written."""


class EngineError(CrnError):
    """A simulator that is absent, refused the model or failed to reach what was asked."""


class SteadyStateError(EngineError):
    """No stable steady state: too slow, unstable, or undetermined by a conservation law."""


class CrashError(EngineError):
    """A simulator that ended, hung or broke down in its own process."""


class DataError(CrnError):
    """A data set that is missing, damaged or not the one that is known."""


class TrainingError(CrnError):
    """Training that cannot start or went astray."""


def did_you_mean(name: str, known: Iterable[str], what: str) -> str:
    """One line refusing `name`, with the closest known name and, if they are few, all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    hints = [f"did you mean {close[0]!r}?"] if close else []
    if len(names) <= _FEW:
        hints.append(f"known: {', '.join(names) or 'none'}")
    elif not close:
        hints.append(f"known: {', '.join(names[:_FEW])}, ... ({len(names)} in all)")
    return f"no {what} {name!r}; {' '.join(hints)}"

"""Every exception the package raises on purpose.

Each is a `CrnError`: its text is one line that says what is wrong, where, how much and what to do.
The command line prints that line and leaves with exit status 2; anything else is a bug and keeps its traceback.
"""


class CrnError(Exception):
    """Bad input or an unreachable request; the text is one line for a person."""


class NetworkError(CrnError):
    """A network that makes no sense: unknown names, negative constants, mixed units."""


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


class TrainingError(CrnError):
    """Training that cannot start or went astray."""


def did_you_mean(name: str, known: list[str], what: str) -> str:
    """One line refusing `name`, with the closest known name and, if they are few, all of them."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ";"
    listed = ", ".join(sorted(known)[:12]) + (f", ... ({len(known)} in all)" if len(known) > 12 else "")
    return f"no {what} {name!r}{hint} known: {listed or 'none'}"

"""Importers that take nothing but files, and whether they understood: their reactions against what the file says."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.core.matrices import Array
from crn2sbml.engines.loaded import Loaded
from crn2sbml.engines.quiet import quiet_stdout
from crn2sbml.engines.words import in_its_words
from crn2sbml.errors import EngineError

_TOLERANCE = 1e-9
"""Relative to the turnover; laws are sums and products of positive numbers, so only rounding sets them apart."""
_MEAN, _NOISE = ("mean change", "items/s"), ("noise", "items^2/s")


@contextmanager
def importing(engine: str, sbml: str) -> Iterator[Path]:
    """The text as a file in a folder of its own, removed at the end; what the importer prints and warns is dropped.

    Raises: EngineError: whatever was raised inside; importers let SymPy's, libSBML's and Python's own errors through.
    """
    with TemporaryDirectory() as folder, quiet_stdout(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder, "model.xml")
        path.write_text(sbml, encoding="utf-8")
        try:
            yield path
        except Exception as error:
            raise EngineError(f"{engine} refused the model: {in_its_words(error)}") from None


def trial_counts(loaded: Loaded, low: int = 5, high: int = 60) -> Array:
    """Whole counts to try a model at, shape (species,), in its order; the same for the same number of species."""
    return np.random.default_rng(0).integers(low, high, len(loaded.species)).astype(float)


def check_import(loaded: Loaded, engine: str, counts: Array, stoichiometry: Array, rates: ArrayLike) -> None:
    """Raises EngineError, naming a species, if the engine's reactions do not do what the file's do at these counts.

    Args: counts: shape (species,), items; stoichiometry: the engine's own, shape (species, its channels), with rows in
        the order of the file; rates: of its channels at these counts, events per second.
    Mean change and noise are compared, so channels that were lumped or split pass, and lost or altered ones do not.
    """
    ours, speed, theirs = loaded.matrices.stoichiometry, _speed(loaded, counts), np.asarray(rates, dtype=float)
    turnover = abs(ours) @ speed + np.abs(stoichiometry) @ np.abs(theirs)
    _compare(loaded, engine, _MEAN, ours @ speed, stoichiometry @ theirs, turnover)
    noise = ours.power(2) @ speed, np.square(stoichiometry) @ theirs
    _compare(loaded, engine, _NOISE, *noise, turnover)


def check_change(loaded: Loaded, engine: str, counts: Array, change: ArrayLike) -> None:
    """As `check_import`, for an engine that shows no reactions: `change` is its dx/dt, items/s, shape (species,)."""
    ours, speed = loaded.matrices.stoichiometry, _speed(loaded, counts)
    _compare(loaded, engine, _MEAN, ours @ speed, np.asarray(change, dtype=float), abs(ours) @ speed)


def _speed(loaded: Loaded, counts: Array) -> Array:
    law = loaded.matrices
    return law.propensities(counts) if loaded.document.reading == "stochastic" else law.rates(counts)


def _compare(loaded: Loaded, engine: str, what: tuple[str, str], expected: Array, found: Array, scale: Array) -> None:
    wrong = ~(np.abs(found - expected) <= _TOLERANCE * scale)
    if wrong.any():
        (quantity, unit), worst = what, int(np.flatnonzero(wrong)[0])
        raise EngineError(
            f"{engine} misreads the model: at trial counts the {quantity} of {loaded.species[worst]!r} is "
            f"{found[worst]:.6g} {unit} instead of {expected[worst]:.6g}; {int(wrong.sum())} species differ"
        )

"""What commands are given: a model's folder or file, and counts to set."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crn2sbml.core.network import Network
from crn2sbml.disk import read_bytes, read_text
from crn2sbml.errors import CrnError, FormatError, did_you_mean
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from crn2sbml.formats.usage import Usage, read_io_json

if TYPE_CHECKING:
    from crn2sbml.formats.omex_read import Archive


def load_document(path: Path) -> Document:
    """The document in an SBML, Antimony or OMEX file, a weights file, or a model's folder (its model.xml).

    Raises: CrnError and its kind, naming the path.
    """
    if path.is_dir():
        found = [path / name for name in ("model.xml", "model.xml.gz") if (path / name).exists()]
        if not found:
            raise FormatError(f"{path}: no model.xml in this folder")
        return read_sbml_file(found[0])
    if path.suffix == ".npz":
        from crn2sbml.circuits.weights_file import unpack_weights
        from crn2sbml.report.model_folder import model_document

        return model_document(unpack_weights(bytes(read_bytes(path)), str(path)), created="")
    if path.suffix == ".omex":
        archive = _unpack(path)
        try:
            return read_sbml(archive.model)
        except FormatError as error:
            raise type(error)(f"{path}: {archive.model_name}: {error}") from None
    if path.suffix in (".ant", ".antimony"):
        from crn2sbml.formats.antimony_read import read_antimony

        try:
            return read_antimony(read_text(path))
        except FormatError as error:
            raise type(error)(f"{path}: {error}") from None
    return read_sbml_file(path)


def load_usage(path: Path) -> Usage | None:
    """The io.json of a model; None if there is none."""
    text = text_beside(path, "io.json")
    return read_io_json(text) if text is not None else None


def text_beside(path: Path, name: str) -> str | None:
    """A file beside a model, in its folder or in its archive; None if there is none."""
    if path.suffix == ".omex":
        archive = _unpack(path)
        return archive.text(name) if name in archive.files else None
    beside = (path if path.is_dir() else path.parent) / name
    return read_text(beside) if beside.exists() else None


def parse_counts(settings: Sequence[str], network: Network) -> dict[str, float]:
    """`NAME=COUNT` settings as counts of known species.

    Raises: CrnError: not of that form, an unknown species, or a count that is negative or not a whole number (where
        the network counts whole items).
    """
    counts: dict[str, float] = {}
    whole = all(float(species.initial).is_integer() for species in network.species)
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.strip()
        try:
            count = float(value)
        except ValueError:
            count = float("nan")
        if not equals or count != count:
            raise CrnError(f"--set {setting!r}: expected NAME=COUNT, for instance --set A=12")
        if name not in network.species_index:
            raise CrnError(f"--set {setting!r}: {did_you_mean(name, network.species_index, 'species')}")
        if not 0 <= count < float("inf") or (whole and not count.is_integer()):
            raise CrnError(f"--set {setting!r}: the count must be a whole number of items, 0 or more")
        counts[name] = count
    return counts


def now() -> str:
    """The date and time as metadata hold it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _unpack(path: Path) -> "Archive":
    from crn2sbml.formats.omex_read import unpack_omex

    return unpack_omex(bytes(read_bytes(path)), str(path))

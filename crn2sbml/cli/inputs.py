"""What commands are given: a model's folder or file, counts to set, and how long to run it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crn2sbml.cli.console import say
from crn2sbml.core.network import Network
from crn2sbml.disk import read_bytes, read_text
from crn2sbml.errors import CrnError, FormatError, did_you_mean
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from crn2sbml.formats.usage import Usage, read_io_json

if TYPE_CHECKING:
    from crn2sbml.formats.omex_read import Archive

_ONLY_WRITTEN = (".bngl", ".cps", ".py", ".sedml")


def load_document(path: Path) -> Document:
    """The document in an SBML, Antimony or OMEX file, a weights file, or a model's folder (its model.xml).

    Raises: CrnError and its kind, naming the path.
    """
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if _is_folder(path):
        found = [path / name for name in ("model.xml", "model.xml.gz") if (path / name).exists()]
        if not found:
            raise FormatError(f"{path}: no model.xml in this folder")
        return read_sbml_file(found[0])
    if suffix == ".npz":
        from crn2sbml.circuits.weights_file import unpack_weights
        from crn2sbml.report.model_folder import model_document

        return model_document(unpack_weights(bytes(read_bytes(path)), str(path)))
    if suffix == ".omex":
        archive = _unpack(path)
        text = archive.model
        try:
            return read_sbml(text)
        except FormatError as error:
            raise type(error)(f"{path}: {archive.model_name}: {error}") from None
    if suffix in _ONLY_WRITTEN:
        raise FormatError(f"{path}: {suffix} files are written but not read; give the SBML or Antimony file")
    if suffix in (".ant", ".antimony"):
        from crn2sbml.formats.antimony_read import read_antimony

        text = read_text(path)
        try:
            return read_antimony(text)
        except FormatError as error:
            raise type(error)(f"{path}: {error}") from None
    return read_sbml_file(path)


def load_usage(path: Path) -> Usage | None:
    """The io.json of a model; None if there is none. Raises FormatError naming the path."""
    text = text_beside(path, "io.json")
    try:
        return read_io_json(text) if text is not None else None
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None


def seconds_to_run(t_end: float | None, usage: Usage | None, otherwise: Callable[[], float] = lambda: 10.0) -> float:
    """What --t-end says, else io.json, else `otherwise`; raises CrnError: not positive and finite."""
    seconds = t_end if t_end is not None else (usage.t_end if usage else otherwise())
    if not 0 < seconds < float("inf"):
        raise CrnError(f"--t-end {seconds}: must be positive and finite")
    return seconds


def say_units(document: Document, model: Path) -> None:
    """Tell people, in one line, where a model is not in items and seconds."""
    if document.units:
        say(f"{model}: its units ({document.units}) are read as items and seconds; the numbers are kept")


def check_units(document: Document, model: Path, what: str) -> None:
    """Raises CrnError where a model is not in items and seconds, so that `what` would give noise of no meaning."""
    if document.units:
        raise CrnError(
            f"{model}: {what} needs counts in items and times in seconds; its units are {document.units}; convert it"
        )


def check_settable(counts: Mapping[str, float], document: Document, model: Path) -> None:
    """Raises CrnError if counts are set from which other numbers of the model were worked out when it was read."""
    for name in counts:
        if name in document.folded:
            raise CrnError(
                f"{model}: the count of {name!r} cannot be set: a rule or initial assignment takes its value from it; "
                "change it in the file"
            )


def text_beside(path: Path, name: str) -> str | None:
    """A file beside a model, in its folder or in its archive; None if there is none."""
    folder = _is_folder(path)
    if path.suffix.lower() == ".omex" and not folder:
        archive = _unpack(path)
        return archive.text(name) if name in archive.files else None
    beside = (path if folder else path.parent) / name
    return read_text(beside) if beside.exists() else None


def parse_counts(settings: Sequence[str], network: Network) -> dict[str, float]:
    """`NAME=COUNT` settings as counts of known species.

    Raises: CrnError: not of that form, or as `check_counts`.
    """
    counts: dict[str, float] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        try:
            count = float(value)
        except ValueError:
            count = float("nan")
        if not equals or count != count:
            raise CrnError(f"--set {setting!r}: expected NAME=COUNT, for instance --set A=12")
        counts |= check_counts({name.strip(): count}, network, f"--set {setting!r}")
    return counts


def check_counts(counts: Mapping[str, float], network: Network, where: str) -> dict[str, float]:
    """The counts, if the network can start with them.

    Raises: CrnError, beginning with `where`: an unknown species, or a count that is negative, not finite or not a whole
        number (where the network counts whole items).
    """
    whole = network.has_whole_counts
    for name, count in counts.items():
        if name not in network.species_index:
            raise CrnError(f"{where}: {did_you_mean(name, network.species_index, 'species')}")
        if not 0 <= count < float("inf") or (whole and not float(count).is_integer()):
            needed = "a whole number of items, 0 or more" if whole else "a finite number of items, 0 or more"
            raise CrnError(f"{where}: the count must be {needed}; {name!r} is {count:g}")
    return {name: count + 0.0 for name, count in counts.items()}  # -0 becomes 0


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # too long, or closed to us: opening it will say so
        return False


def _unpack(path: Path) -> "Archive":
    from crn2sbml.formats.omex_read import unpack_omex

    return unpack_omex(bytes(read_bytes(path)), str(path))

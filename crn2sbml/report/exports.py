"""A document in every form that users ask for: the files of one export, by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from crn2sbml.disk import packed
from crn2sbml.errors import FormatError, did_you_mean
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.bngl_write import write_bngl
from crn2sbml.formats.document import Document, other_reading
from crn2sbml.formats.lna_write import write_lna
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.sedml_write import Example, other_document, write_sedml
from crn2sbml.formats.tellurium_write import write_tellurium
from crn2sbml.formats.usage import Usage

_MOST_OUTPUTS = 20
"""Species that a model without `io.json` shows."""
_SUFFIXES = {
    ".ant": "antimony", ".antimony": "antimony", ".bngl": "bngl", ".cps": "copasi", ".omex": "omex", ".py": "tellurium",
    ".sbml": "sbml", ".sedml": "sedml", ".xml": "sbml",
}  # fmt: skip

_PACKED, _ANY_LEVEL, _ALWAYS_DRAWN = ("sbml", "lna"), ("sbml", "tellurium"), ("copasi", "omex")
_RUNNABLE = ("bngl", "copasi", "omex", "sedml", "tellurium")

Files = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Export:
    """What to export, under which file name, and how the written files shall run.

    `usage` names the outputs and the time; `examples` are settings of the inputs that SED-ML and OMEX run; `level` and
    `picture` are about the SBML in it. `both_readings`: whether SBML, Antimony and Tellurium get a second file where
    the readings of equal reactants differ; COPASI, SED-ML and OMEX always hold both, but for the stochastic one if an
    initial count is not whole.
    """

    document: Document
    name: str
    usage: Usage
    level: str = "L3V2"
    picture: bool = True
    both_readings: bool = True
    examples: Sequence[Example] = ()
    seed: int = 1

    def sbml(self, document: Document) -> str:
        """A document of this export as SBML."""
        return write_sbml(document, self.level, self.picture)

    def beside(self, suffix: str, more: str = "") -> str:
        """The name of another file of the same export; never that of the file itself."""
        stem = PurePath(_unpacked(self.name)).stem + more
        return stem + suffix if stem + suffix != self.name else f"{stem}_model{suffix}"


def export_formats() -> list[str]:
    """Names of all formats, sorted."""
    return sorted(_WRITERS)


def format_of(name: str) -> str:
    """The format that a file's name tells; raises FormatError if it tells none."""
    suffix = PurePath(_unpacked(name)).suffix.lower()
    if suffix not in _SUFFIXES:
        raise FormatError(f"{name}: its suffix tells no format ({', '.join(sorted(_SUFFIXES))}); name one with --to")
    return _SUFFIXES[suffix]


def export_files(export: Export, to: str) -> Files:
    """All files of an export, the one that was asked for first.

    Raises: FormatError: an unknown format, or something that the format cannot hold.
    """
    if to not in _WRITERS:
        raise FormatError(did_you_mean(to, _WRITERS, "format"))
    if export.level != "L3V2" and to not in _ANY_LEVEL:
        raise FormatError(f"{export.name}: level {export.level} is for {' and '.join(_ANY_LEVEL)}; {to} holds L3V2")
    if not export.picture and to in _ALWAYS_DRAWN:
        raise FormatError(f"{export.name}: {to} always holds the picture of the network; only plain SBML goes without")
    if _is_packed(export.name) and to not in _PACKED:
        raise FormatError(f"{export.name}: only SBML is written as gzip, not {to}; leave out .gz")
    if export.seed < 0:
        raise FormatError(f"{export.name}: the seed is {export.seed}; it must be 0 or more")
    if to in _RUNNABLE and not export.usage.outputs:
        network = export.document.network
        raise FormatError(
            f"{export.name}: network {network.id!r} has no output to show, as {to} must; write SBML or Antimony"
        )
    return _WRITERS[to](export)


def default_usage(document: Document, t_end: float) -> Usage:
    """How to run a model that comes without `io.json`: floating species are its outputs, clamped ones its inputs."""
    network = document.network
    return Usage(network.clamped, network.floating[:_MOST_OUTPUTS], omega=1, input_max=1, t_end=t_end)


def _unpacked(name: str) -> str:
    return name[: -len(".gz")] if _is_packed(name) else name


def _is_packed(name: str) -> bool:
    return name.lower().endswith(".gz")


def _packed(text: str, name: str) -> str | bytes:
    return packed(text) if _is_packed(name) else text


def _readings(export: Export) -> list[tuple[str, Document]]:
    """What each file's name adds, and its document: the other reading comes second, where there is one and both are
    wanted.
    """
    other = other_reading(export.document) if export.both_readings else None
    return [("", export.document)] + ([(f"_{other.reading}", other)] if other else [])


def _sbml(export: Export) -> Files:
    name, plain = export.name, PurePath(_unpacked(export.name))
    packing, files, seen = name[len(plain.name) :], {}, set()
    for more, document in _readings(export):
        text = export.sbml(document)
        # The same text comes out twice where lumping drops every reaction that the readings are about.
        if text not in seen:
            seen.add(text)
            files[f"{plain.stem}{more}{plain.suffix}{packing}"] = _packed(text, name)
    return files


def _lna(export: Export) -> Files:
    return {export.name: _packed(write_lna(export.document, export.picture), export.name)}


def _antimony(export: Export) -> Files:
    plain = PurePath(export.name)
    return {f"{plain.stem}{more}{plain.suffix}": write_antimony(document) for more, document in _readings(export)}


def _bngl(export: Export) -> Files:
    return {export.name: write_bngl(export.document, export.usage.t_end, export.usage.outputs, export.seed)}


def _copasi(export: Export) -> Files:
    """COPASI has one time course task, so the stochastic tasks come in a file of their own."""
    # Imported here: it loads a simulator.
    from crn2sbml.formats.copasi_write import write_copasi

    document, usage = export.document, export.usage
    files: dict[str, str | bytes] = {export.name: write_copasi(document, usage.t_end, usage.outputs, export.seed)}
    other = other_reading(document) or document
    if document.network.has_whole_counts or other.reading == "deterministic":
        stochastic = other.reading != "deterministic"
        name = export.beside(".cps", "_stochastic" if stochastic else "_deterministic")
        files[name] = write_copasi(other, usage.t_end, usage.outputs, export.seed, stochastic=stochastic)
    return files


def _tellurium(export: Export) -> Files:
    files: dict[str, str | bytes] = {}
    plain, usage = PurePath(export.name), export.usage
    for more, document in _readings(export):
        model = export.beside(".xml", more)
        script = write_tellurium(document, usage.t_end, usage.outputs, model, export.seed)
        files |= {f"{plain.stem}{more}{plain.suffix}": script, model: export.sbml(document)}
    return files


def _sedml(export: Export) -> Files:
    document, usage, model = export.document, export.usage, export.beside(".xml")
    other = other_document(document)
    second = export.beside(".xml", f"_{other.reading}") if other else ""
    text = write_sedml(
        document,
        usage.outputs,
        usage.t_end,
        export.examples,
        seed=export.seed,
        model_file=model,
        other_file=second,
    )
    models = {model: export.sbml(document)} | ({second: export.sbml(other)} if other else {})
    return {export.name: text, **models}


def _omex(export: Export) -> Files:
    # Imported here: it runs a simulator.
    from crn2sbml.report.archive import model_archive

    return {export.name: model_archive(export.document, export.usage, export.examples, export.seed)}


_WRITERS: Mapping[str, Callable[[Export], Files]] = {
    "antimony": _antimony,
    "bngl": _bngl,
    "copasi": _copasi,
    "lna": _lna,
    "omex": _omex,
    "sbml": _sbml,
    "sedml": _sedml,
    "tellurium": _tellurium,
}

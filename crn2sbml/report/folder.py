"""The files of a model's folder, whatever the model does."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

from crn2sbml.core.lump import lump
from crn2sbml.core.network import Network
from crn2sbml.disk import packed
from crn2sbml.errors import FormatError
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.document import SPDX, Document, Metadata, may_be_local
from crn2sbml.formats.inputs_csv import write_inputs_csv
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.sedml_write import Example
from crn2sbml.formats.usage import Usage, write_io_json
from crn2sbml.report.archive import model_archive

ARCHIVE_SEED, ARCHIVE_SECONDS = 1, 5.0
"""Seed and length of the stochastic run in a model's archive: read-outs forget their start in a second or so."""
_MOST_SAMPLED = 5_000
"""Lumped reactions up to which there is one: it would take simulators hours."""
_MANY_CONSTANTS = 2_000
"""Constants above which those of one reaction are local: COPASI then imports `mnist-small` five times faster."""
_LARGE = 8 << 20
"""Bytes of SBML from which the model is stored compressed."""
_MNIST = "https://identifiers.org/doi:10.1109/5.726791"
_DATA_SOURCES = {
    "digits": "https://identifiers.org/doi:10.24432/C50P49",
    "mnist": _MNIST,
    "mnist-12": _MNIST,
}


def described(
    network: Network,
    title: str,
    notes: Sequence[str],
    data: str,
    creator: str = "",
    created: str = "",
    licence: str = "",
) -> Document:
    """The network with its metadata, in the lumped shape.

    Args: data: name of the data set that it was trained on; creator: person or organisation, with `created`, ISO 8601
        date and time with zone; licence: SPDX identifier.
    Raises: FormatError: a creator without a date or the other way round, or what cannot be a licence's identifier.
    """
    if not re.fullmatch(r"[A-Za-z0-9.+-]*", licence):
        raise FormatError(f"licence {licence!r}: must be an SPDX identifier, for instance CC-BY-4.0")
    terms = {"bqmodel:isDerivedFrom": _DATA_SOURCES.get(data), "bqbiol:hasProperty": licence and f"{SPDX}{licence}"}
    metadata = Metadata(
        title=title,
        notes=(*notes, *([f"Licence: {licence}."] if licence else [])),
        creators=(creator,) if creator else (),
        created=created,
        terms=tuple((qualifier, uri) for qualifier, uri in terms.items() if uri),
    )
    many = len(network.parameters) > _MANY_CONSTANTS
    local = may_be_local(network) if many else frozenset[str]()
    return Document(network, metadata, shape="lumped", local=local)


def folder_files(
    weights: bytes,
    document: Document,
    usage: Usage,
    examples: Sequence[Example],
    card: Callable[[Mapping[str, str | bytes]], str],
) -> dict[str, str | bytes]:
    """Names and contents of all files of the folder, checksums last; the archive's expected results are computed.

    A large model's SBML and Antimony are compressed, and its archive has no stochastic run.
    Args: card: makes the model card, Markdown, knowing the other files.
    """
    sbml, antimony = write_sbml(document), write_antimony(document)
    ssa_end = ARCHIVE_SECONDS if len(lump(document.network)) <= _MOST_SAMPLED else 0.0
    files: dict[str, str | bytes] = {
        "weights.npz": weights,
        **(
            {"model.xml.gz": packed(sbml), "model.ant.gz": packed(antimony)}
            if len(sbml) >= _LARGE
            else {"model.xml": sbml, "model.ant": antimony}
        ),
        "io.json": write_io_json(usage),
        "inputs.csv": write_inputs_csv(examples, dict.fromkeys(usage.inputs, 0.0)),
        "model.omex": model_archive(document, usage, examples, ARCHIVE_SEED, ssa_end=ssa_end),
    }
    files["card.md"] = card(files)
    files["SHA256SUMS"] = "".join(f"{digest}  {name}\n" for name, digest in checksums(files).items())
    return files


def checksums(files: Mapping[str, str | bytes]) -> dict[str, str]:
    """SHA-256 of each content, sorted by name."""
    return {
        name: hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
        for name, content in sorted(files.items())
    }

"""COMBINE archives (OMEX): files, what they are, and what is said about them, in one ZIP; same input, same bytes.

Source: Bergmann et al. 2014, doi:10.1186/s12859-014-0369-z.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Metadata
from crn2sbml.formats.xml_guard import check_xml

MANIFEST, METADATA = "manifest.xml", "metadata.rdf"
COMBINE = "http://identifiers.org/combine.specifications/"
MANIFEST_NAMESPACE = COMBINE + "omex-manifest"
_MEDIA = "http://purl.org/NET/mediatypes/"
_MEDIA_TYPES = {
    "ant": "text/x-antimony",
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "xml": "application/xml",
}
_COMBINE_ROOTS = {"sbml": "sbml", "sedML": "sed-ml"}
"""Root elements of the documents that COMBINE names, with the names."""
_FIRST_BYTES = 1 << 20
"""Where the root element of a document must have begun."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def pack_omex(files: Mapping[str, str | bytes], master: str, metadata: Metadata) -> bytes:
    """The archive of `files` (by relative path), with manifest and metadata written here.

    Args:
        files: contents, text as UTF-8.
        master: the file to open first, usually a SED-ML one.
        metadata: title, notes (the description), creators (written as organisations), dates, licence and terms.

    Raises: FormatError: a path that leaves the archive, a missing master, text that XML cannot hold.

    """
    if master not in files:
        raise FormatError(f"archive: the master {master!r} is not among its files")
    names = [master, *sorted(set(files) - {master})]
    for name in names:
        if safe_path(name, "archive") != name or name in (MANIFEST, METADATA):
            raise FormatError(f"archive: {name!r} cannot be the path of a file in it")
    contents = {name: _bytes(files[name]) for name in names}
    members = {MANIFEST: _manifest(contents, master).encode(), METADATA: _rdf(metadata).encode(), **contents}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            # A fixed time, the oldest that ZIP knows: the bytes shall not depend on the clock.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def safe_path(name: str, where: str) -> str:
    """A relative path with `/`, without a leading `./`.

    Raises: FormatError: it is empty or absolute, or has `..`, a backslash, a drive letter or control characters.
    """
    parts = name.removeprefix("./").split("/")
    odd = "\\" in name or _CONTROL.search(name) or re.match(r"[A-Za-z]:", parts[0]) or len(name) > 512
    if odd or any(part in ("", ".", "..") for part in parts):
        raise FormatError(f"{where}: the path {name[:80]!r} could lead out of the archive; refused")
    return "/".join(parts)


def root_of(content: bytes) -> tuple[str, str] | None:
    """Name of the root element of an XML document, and the COMBINE format it tells of itself (else empty).

    None for what is no XML; the document behind the first tag is not read.
    """
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((name.rpartition(" ")[2], attributes))
        raise StopIteration

    def doctype(*_: object) -> None:
        raise StopIteration

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = start, doctype
    with suppress(expat.ExpatError, StopIteration, ValueError):
        parser.Parse(content[:_FIRST_BYTES], False)
    if not found:
        return None
    name, attributes = found[0]
    level, version = attributes.get("level", ""), attributes.get("version", "")
    kind = _COMBINE_ROOTS.get(name, "")
    return name, f"{COMBINE}{kind}.level-{level}.version-{version}" if kind else ""


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _format(name: str, content: bytes) -> str:
    root = root_of(content)
    if root is not None and root[0] == "sedML":
        # Without the version: libCombine 0.2.20, and so Tellurium, finds no SED-ML under `level-1.version-4`.
        return COMBINE + "sed-ml"
    if root is not None and root[1]:
        return root[1]
    return _MEDIA + _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _manifest(contents: Mapping[str, bytes], master: str) -> str:
    listed = [
        (".", COMBINE + "omex"),
        (f"./{MANIFEST}", MANIFEST_NAMESPACE),
        (f"./{METADATA}", COMBINE + "omex-metadata"),
    ]
    listed += [(f"./{name}", _format(name, content)) for name, content in contents.items()]
    lines = [
        f"  <content location={quoteattr(location)} format={quoteattr(kind)}"
        + (' master="true"/>' if location == f"./{master}" else "/>")
        for location, kind in listed
    ]
    return _xml([f'<omexManifest xmlns="{MANIFEST_NAMESPACE}">', *lines, "</omexManifest>"], "the manifest")


def _rdf(metadata: Metadata) -> str:
    lines = []
    if metadata.title:
        lines.append(f"<dcterms:title>{escape(metadata.title)}</dcterms:title>")
    if metadata.notes:
        lines.append(f"<dcterms:description>{escape(' '.join(metadata.notes))}</dcterms:description>")
    if metadata.creators:
        people = "".join(
            '<rdf:li rdf:parseType="Resource">'
            f"<vCard:fn>{name}</vCard:fn><vCard:organization-name>{name}</vCard:organization-name></rdf:li>"
            for name in map(escape, metadata.creators)
        )
        lines.append(f"<dcterms:creator><rdf:Bag>{people}</rdf:Bag></dcterms:creator>")
    if metadata.licence:
        lines.append(f"<dcterms:license rdf:resource={quoteattr(metadata.licence)}/>")
    dates = {"created": metadata.created, "modified": metadata.modified or metadata.created}
    lines += [
        f'<dcterms:{name} rdf:parseType="Resource"><dcterms:W3CDTF>{escape(date)}</dcterms:W3CDTF></dcterms:{name}>'
        for name, date in dates.items()
        if date
    ]
    for qualifier, uri in metadata.terms:
        lines.append(f"<{qualifier} rdf:resource={quoteattr(uri)}/>")
        lines.append(f"<dcterms:references rdf:resource={quoteattr(uri)}/>")
    return _xml(
        [
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/"',
            '    xmlns:vCard="http://www.w3.org/2006/vcard/ns#" xmlns:bqbiol="http://biomodels.net/biology-qualifiers/"',
            '    xmlns:bqmodel="http://biomodels.net/model-qualifiers/">',
            '  <rdf:Description rdf:about=".">',
            *(f"    {line}" for line in lines),
            "  </rdf:Description>",
            "</rdf:RDF>",
        ],
        "the metadata",
    )


def _xml(lines: list[str], what: str) -> str:
    text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *lines, ""])
    try:
        check_xml(text)
    except FormatError as error:
        raise FormatError(f"archive: {what} cannot be written: {error}") from None
    return text

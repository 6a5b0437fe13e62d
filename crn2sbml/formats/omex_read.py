"""COMBINE archives (OMEX) of any hand, read in memory and distrusted; nothing is written to the disk."""

import io
import posixpath
import stat
import struct
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from crn2sbml.disk import DAMAGED_ARCHIVE
from crn2sbml.errors import FormatError
from crn2sbml.formats.omex import COMBINE, MANIFEST, MANIFEST_NAMESPACE, root_of, safe_path
from crn2sbml.formats.xml_guard import check_xml

LARGEST_ARCHIVE = 1 << 29
"""Bytes that all files of an archive may hold together, unpacked."""
MOST_MEMBERS = 1000
_DAMAGED = (*DAMAGED_ARCHIVE, struct.error, OverflowError)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ROOTS = {"sbml": "sbml", "sed-ml": "sedML"}


@dataclass(frozen=True)
class Archive:
    """What an archive holds: contents by path (manifest included), the master file, and where it came from."""

    files: dict[str, bytes]
    master: str
    where: str = "archive"

    @cached_property
    def model_name(self) -> str:
        """Path of the main SBML: what the master SED-ML refers to first, else the master SBML, else the only SBML.

        Raises: FormatError: the SED-ML refers to no file of the archive, or there are none or several SBML files.
        """
        kind = _root_name(self.files[self.master])
        if kind == "sbml":
            return self.master
        models = _of_kind(self.files, "sbml")
        if kind == "sedML":
            sources = self._sources()
            folder = posixpath.dirname(self.master)
            for source in sources:
                name = _member(posixpath.join(folder, source), self.files)
                if name is not None:
                    return name
            raise FormatError(
                f"{self.where}: {self.master!r} runs {', '.join(repr(s[:80]) for s in sources[:3]) or 'no model'}, "
                "which is not in the archive"
            )
        if len(models) != 1:
            raise FormatError(f"{self.where}: {len(models)} SBML files and a master that is none of them; unpack it")
        return models[0]

    @cached_property
    def model(self) -> str:
        """Text of the main SBML; raises FormatError as `model_name` does, or if it is not UTF-8."""
        return self.text(self.model_name)

    def text(self, name: str) -> str:
        """A file as text; raises FormatError if there is none of that name or it is not UTF-8."""
        if name not in self.files:
            raise FormatError(f"{self.where}: no file {name!r} in it")
        return _text(self.files[name], name, self.where)

    def _sources(self) -> list[str]:
        """What the models of the master SED-ML come from; references to other models left out."""
        root = _parse(self.text(self.master), self.master, self.where)
        listed = (element.get("source", "") for element in root.iterfind("{*}listOfModels/{*}model"))
        return [source for source in listed if source and source[0] != "#"]


def unpack_omex(data: bytes, where: str, limit: int = LARGEST_ARCHIVE) -> Archive:
    """The archive in `data`, every file of it in memory.

    Args:
        data: the ZIP file.
        where: what messages call it, usually its path.
        limit: bytes that all files may hold together, unpacked.

    Raises: FormatError: no ZIP or a damaged one; a path that leads out of it, a link, a path twice, encryption, too
        many or too large files; a manifest that is missing, hostile or wrong about what is there; no clear master.

    """
    # Each entry of the directory has this signature; the number that the file states of itself proves nothing.
    if data.count(b"PK\x01\x02") > 2 * MOST_MEMBERS:
        raise FormatError(f"{where}: more than {MOST_MEMBERS} files in it; refused")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            names = _checked_names(members, where)
            files = {}
            for name, member in names.items():
                files[name] = _read(archive, member, limit)
                limit -= len(files[name])
                if limit < 0:
                    raise FormatError(f"{where}: too large unpacked (at {name!r}); refused")
    except _DAMAGED as error:
        raise FormatError(f"{where}: damaged, or no COMBINE archive: {_one_line(error)}") from None
    return Archive(files, _master(files, where), where)


def _checked_names(members: list[zipfile.ZipInfo], where: str) -> dict[str, zipfile.ZipInfo]:
    if len(members) > MOST_MEMBERS:
        raise FormatError(f"{where}: {len(members)} files in it, more than {MOST_MEMBERS}; refused")
    names: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        # `filename` ends at the first NUL character; the name in the file may not.
        folder = member.orig_filename.endswith("/")
        name = safe_path(member.orig_filename.removesuffix("/"), where)
        mode = stat.S_IFMT(member.external_attr >> 16)
        if mode not in (0, stat.S_IFDIR if folder else stat.S_IFREG):
            raise FormatError(f"{where}: {name!r} is a link or no plain file; refused")
        if member.flag_bits & 0x41:
            raise FormatError(f"{where}: {name!r} is encrypted; decrypt the archive first")
        if member.compress_type not in _METHODS:
            raise FormatError(f"{where}: {name!r} is compressed by method {member.compress_type}; use deflate")
        if folder:
            continue
        if name in names:
            raise FormatError(f"{where}: {name!r} is in it twice; refused")
        names[name] = member
    return names


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    # The size in the header may lie; reading stops one byte behind the limit.
    with archive.open(member) as stream:
        return stream.read(limit + 1)


def _master(files: dict[str, bytes], where: str) -> str:
    """The manifest, held against the files; the master it names, or the only SED-ML or SBML file."""
    if MANIFEST not in files:
        raise FormatError(f"{where}: no {MANIFEST} in it, so it is no COMBINE archive")
    root = _parse(_text(files[MANIFEST], MANIFEST, where), MANIFEST, where)
    if root.tag != f"{{{MANIFEST_NAMESPACE}}}omexManifest":
        raise FormatError(f"{where}: {MANIFEST} is not an OMEX manifest but <{root.tag[:80]}>")
    masters, seen = [], set()
    for content in root.iterfind(f"{{{MANIFEST_NAMESPACE}}}content"):
        location, kind = content.get("location", ""), content.get("format", "")
        if location in (".", "./"):
            continue
        # Decoded or as it stands, it may not lead out of the archive.
        decoded = safe_path(unquote(location), f"{where}: {MANIFEST}")
        name = _member(safe_path(location, f"{where}: {MANIFEST}"), files)
        if name is None:
            raise FormatError(f"{where}: {MANIFEST} lists {decoded!r}, which is not in the archive")
        if name in seen:
            raise FormatError(f"{where}: {MANIFEST} lists {name!r} twice")
        seen.add(name)
        _check_format(name, files[name], kind, where)
        if content.get("master", "false").strip() in ("true", "1"):
            masters.append(name)
    # The specification lets the master out; where there is only one candidate nothing is left to guess.
    candidates = masters or _of_kind(files, "sedML", seen) or _of_kind(files, "sbml", seen)
    if len(candidates) != 1:
        raise FormatError(f"{where}: {MANIFEST} marks {len(masters)} master files; it must be one")
    return candidates[0]


def _check_format(name: str, content: bytes, kind: str, where: str) -> None:
    """A file that is called SBML or SED-ML must be that, of that level and version if they are named."""
    short = kind.replace("https://", "http://").replace("specifications:", "specifications/").removeprefix(COMBINE)
    wanted = _ROOTS.get(short.split(".")[0])
    if wanted is None:
        return
    root = root_of(content)
    if root is None or root[0] != wanted:
        what = f"<{root[0][:40]}>" if root else "no XML"
        raise FormatError(f"{where}: {MANIFEST} calls {name!r} {short[:60]!r}, but it is {what}")
    found = root[1].removeprefix(COMBINE)
    # What follows level and version, such as `.core.release-2`, says which text of the specification is meant.
    if any(said != is_so for said, is_so in zip(short.split("."), found.split("."), strict=False)):
        raise FormatError(f"{where}: {MANIFEST} calls {name!r} {short[:60]!r}, but it is {found}")


def _member(location: str, files: Container[str]) -> str | None:
    """The file that a location means, None if there is none.

    It is a URI, in which `%20` stands for a blank; but libCombine writes and looks up the names as they are.
    """
    names = (posixpath.normpath(name) for name in (unquote(location), location))
    return next((name for name in names if name in files), None)


def _of_kind(files: dict[str, bytes], root: str, among: Iterable[str] | None = None) -> list[str]:
    return sorted(name for name in (files if among is None else among) if _root_name(files[name]) == root)


def _root_name(content: bytes) -> str:
    root = root_of(content)
    return root[0] if root else ""


def _parse(text: str, name: str, where: str) -> ET.Element:
    try:
        check_xml(text)
        return ET.fromstring(text.encode())  # noqa: S314 - the line above refuses what makes XML dangerous
    except (FormatError, ET.ParseError) as error:
        raise FormatError(f"{where}: {name}: {error}") from None


def _text(content: bytes, name: str, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{where}: {name!r} is not UTF-8 text (byte {error.start})") from None


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__} {' '.join(str(error).split())[:200]}".strip()

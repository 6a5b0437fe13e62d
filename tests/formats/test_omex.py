"""COMBINE archives held against libCombine, and hostile ones built byte by byte."""

import io
import random
import stat
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import libcombine
import pytest

from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Document, Metadata
from crn2sbml.formats.omex import COMBINE, MANIFEST, MANIFEST_NAMESPACE, METADATA, pack_omex
from crn2sbml.formats.omex_read import MOST_MEMBERS, Archive, unpack_omex
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.sedml_write import write_sedml
from tests.formats.test_sedml_write import catalysis

SBML = write_sbml(Document(catalysis()))
SEDML = write_sedml(Document(catalysis()), ["A"], 4.0, seed=1, model_file="../models/main.xml")
ABOUT = Metadata(
    title="A < B & 'C'",
    notes=("First.", "Second ]]> é."),
    creators=("crn2sbml developers",),
    created="2025-03-04T05:06:07Z",
    modified="2025-04-05T06:07:08Z",
    terms=(
        ("bqmodel:isDerivedFrom", "https://identifiers.org/doi:10.24432/C50P49"),
        ("bqbiol:hasProperty", "https://identifiers.org/spdx:MIT"),
    ),
)
FILES: dict[str, str | bytes] = {
    "models/main.xml": SBML,
    "runs/simulation.sedml": SEDML,
    "data/inputs.csv": "name,X\na,5\n",
    "io.json": "{}\n",
    "card.md": b"# caf\xc3\xa9\n",
    "model.ant": "model m\nend\n",
    "blob.bin": bytes(range(256)),
}
PACKED = pack_omex(FILES, "runs/simulation.sedml", ABOUT)


def test_what_was_packed_comes_back() -> None:
    archive = unpack_omex(PACKED, "x.omex")
    expected = {name: text.encode() if isinstance(text, str) else text for name, text in FILES.items()}
    assert {name: archive.files[name] for name in expected} == expected
    assert set(archive.files) - set(expected) == {MANIFEST, METADATA}
    assert (archive.master, archive.model_name) == ("runs/simulation.sedml", "models/main.xml")
    assert archive.model == SBML
    assert archive.text("card.md") == "# café\n"
    with pytest.raises(FormatError, match=r"x.omex: no file 'other'"):
        archive.text("other")


def test_the_same_files_give_the_same_bytes() -> None:
    backwards = dict(reversed(FILES.items()))
    assert pack_omex(backwards, "runs/simulation.sedml", ABOUT) == PACKED
    with zipfile.ZipFile(io.BytesIO(PACKED)) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert packed.namelist()[0] == MANIFEST


def test_libcombine_finds_master_formats_and_metadata(tmp_path: Path) -> None:
    (tmp_path / "x.omex").write_bytes(PACKED)
    archive = libcombine.CombineArchive()
    assert archive.initializeFromArchive(str(tmp_path / "x.omex"))
    assert archive.getMasterFile().getLocation() == "./runs/simulation.sedml"
    formats = {
        archive.getEntry(i).getLocation(): archive.getEntry(i).getFormat() for i in range(archive.getNumEntries())
    }
    media = "http://purl.org/NET/mediatypes/"
    for location, kind in {
        "./models/main.xml": COMBINE + "sbml.level-3.version-2",
        "./runs/simulation.sedml": COMBINE + "sed-ml",
        "./data/inputs.csv": media + "text/csv",
        "./io.json": media + "application/json",
        "./card.md": media + "text/markdown",
        "./model.ant": media + "text/x-antimony",
        "./blob.bin": media + "application/octet-stream",
    }.items():
        assert formats[location] == kind
    for key, location in (("sbml", "./models/main.xml"), ("sed-ml", "./runs/simulation.sedml")):
        assert libcombine.KnownFormats.isFormat(key, formats[location])
    about = archive.getMetadataForLocation(".")
    assert about.getDescription() == "First. Second ]]> é."
    assert about.getCreated().getDateAsString() == ABOUT.created
    assert about.getModified(0).getDateAsString() == ABOUT.modified
    assert about.getCreator(0).getOrganization() == ABOUT.creators[0]
    assert archive.extractEntryToString("./models/main.xml") == SBML
    archive.cleanUp()


def test_the_metadata_say_the_rest() -> None:
    text = unpack_omex(PACKED, "x.omex").text(METADATA)
    for part in (
        "<dcterms:title>A &lt; B &amp; 'C'</dcterms:title>",
        '<dcterms:license rdf:resource="https://identifiers.org/spdx:MIT"/>',
        '<bqmodel:isDerivedFrom rdf:resource="https://identifiers.org/doi:10.24432/C50P49"/>',
        '<dcterms:references rdf:resource="https://identifiers.org/doi:10.24432/C50P49"/>',
    ):
        assert part in text
    nothing = unpack_omex(pack_omex({"m.xml": SBML}, "m.xml", Metadata()), "x").text(METADATA)
    assert "created" not in nothing
    assert "creator" not in nothing
    assert "license" not in nothing


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a//b", "a/../b", "C:/x", "a\\b", "./a", "", "a\nb", MANIFEST, METADATA]
)
def test_paths_that_are_not_packed(name: str) -> None:
    with pytest.raises(FormatError):
        pack_omex({name: "x", "m.xml": SBML}, "m.xml", Metadata())


def test_a_master_that_is_not_there_is_not_packed() -> None:
    with pytest.raises(FormatError, match=r"master 'm\.xml'"):
        pack_omex({"other.xml": SBML}, "m.xml", Metadata())


def test_a_qualifier_that_xml_cannot_hold() -> None:
    with pytest.raises(FormatError, match="metadata cannot be written"):
        pack_omex({"m.xml": SBML}, "m.xml", Metadata(terms=(("bqbiol:is not", "urn:x"),)))


def manifest(*contents: tuple[str, str, str]) -> str:
    rows = "".join(
        f'<content location="{where}" format="{COMBINE}{kind}"{f" master={chr(34)}{master}{chr(34)}" * bool(master)}/>'
        for where, kind, master in contents
    )
    return f'<omexManifest xmlns="{MANIFEST_NAMESPACE}">{rows}</omexManifest>'


PLAIN = manifest(("./m.xml", "sbml", "true"))


def zipped(files: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED, **attributes: Any) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            for key, value in (attributes if name == "m.xml" else {}).items():
                setattr(entry, key, value)
            archive.writestr(entry, content)
    return packed.getvalue()


def refused(data: bytes, limit: int = 1 << 20) -> str:
    with pytest.raises(FormatError) as refusal:
        unpack_omex(data, "x.omex", limit)
    text = str(refusal.value)
    assert text.startswith("x.omex: ")
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    "name",
    ["../m.xml", "/etc/x", "a/../../x", "..\\x", "C:x", "C:\\x", "a\\..\\x", "./../x", "a//b", "x\ny", "..", "a/./b"],
)
def test_names_that_escape(name: str) -> None:
    assert "could lead out" in refused(zipped({MANIFEST: PLAIN, "m.xml": SBML, name: "x"}))


def test_a_name_with_a_nul_character_inside() -> None:
    data = zipped({MANIFEST: PLAIN, "m.xml": SBML, "evil-0.txt": "x"}).replace(b"evil-0", b"evil\0\0")
    assert "could lead out" in refused(data)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_devices(kind: int) -> None:
    data = zipped({MANIFEST: PLAIN, "m.xml": "/etc/passwd"}, external_attr=(kind | 0o777) << 16)
    assert "link or no plain file" in refused(data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_twice() -> None:
    packed = io.BytesIO(zipped({MANIFEST: PLAIN, "m.xml": SBML}))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("m.xml", "other")
    assert "twice" in refused(packed.getvalue())
    dotted = zipped({MANIFEST: PLAIN, "m.xml": SBML, "./m.xml": "other"})
    assert "twice" in refused(dotted)


def test_a_bomb() -> None:
    bomb = zipped({MANIFEST: PLAIN, "m.xml": SBML, "zeros": bytes(50 << 20)})
    assert len(bomb) < 1 << 17
    assert "too large unpacked (at 'zeros')" in refused(bomb)
    many = zipped({MANIFEST: PLAIN, "m.xml": SBML, **{f"z{i}": bytes(1 << 18) for i in range(6)}})
    assert "too large unpacked" in refused(many)


def test_a_bomb_that_lies_about_its_size() -> None:
    """Whatever the headers say, no more than the limit is ever in memory."""
    bomb = bytearray(zipped({MANIFEST: PLAIN, "m.xml": SBML, "zeros": bytes(50 << 20)}))
    honest, lie = struct.pack("<I", 50 << 20), struct.pack("<I", 10)
    assert bomb.count(honest) == 2
    refused(bytes(bomb.replace(honest, lie)))


def test_too_many_files() -> None:
    few = {f"f{i}": "" for i in range(MOST_MEMBERS)}
    assert "more than 1000" in refused(zipped({MANIFEST: PLAIN, "m.xml": SBML, **few}))
    lots = {f"f{i}": "" for i in range(3 * MOST_MEMBERS)}
    assert "more than 1000" in refused(zipped({MANIFEST: PLAIN, "m.xml": SBML, **lots}))


def test_encrypted_files() -> None:
    data = bytearray(zipped({MANIFEST: PLAIN, "m.xml": SBML}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(signature) + offset] |= 1
    assert "'m.xml' is encrypted" in refused(bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression(method: int) -> None:
    assert "compressed by method" in refused(zipped({MANIFEST: PLAIN, "m.xml": SBML}, method))


LIES = {
    "no manifest": ({"m.xml": SBML}, "no manifest.xml"),
    "absent file": (
        {MANIFEST: manifest(("./m.xml", "sbml", "true"), ("./n.xml", "sbml", ""))},
        "'n.xml', which is not",
    ),
    "escapes": ({MANIFEST: manifest(("../m.xml", "sbml", "true"))}, "could lead out"),
    "address": ({MANIFEST: manifest(("http://example.org/m.xml", "sbml", "true"))}, "could lead out"),
    "twice": ({MANIFEST: manifest(("./m.xml", "sbml", "true"), ("m.xml", "sbml", ""))}, "'m.xml' twice"),
    "no SED-ML": ({MANIFEST: manifest(("./m.xml", "sed-ml", "true"))}, "'sed-ml', but it is <sbml>"),
    "other level": ({MANIFEST: manifest(("./m.xml", "sbml.level-2.version-4", "true"))}, "is sbml.level-3.version-2"),
    "no XML": ({MANIFEST: PLAIN, "m.xml": "model m"}, "it is no XML"),
    "entities": ({MANIFEST: PLAIN, "m.xml": f'<!DOCTYPE x [<!ENTITY a "b">]>{SBML[39:]}'}, "it is no XML"),
    "two masters": (
        {MANIFEST: manifest(("./m.xml", "sbml", "true"), ("./n.xml", "sbml", "true")), "n.xml": SBML},
        "2 master files",
    ),
    "no master of two": (
        {MANIFEST: manifest(("./m.xml", "sbml", ""), ("./n.xml", "sbml", "false")), "n.xml": SBML},
        "0 master files",
    ),
    "nothing": ({MANIFEST: manifest()}, "0 master files"),
    "other root": ({MANIFEST: "<manifest/>"}, "is not an OMEX manifest"),
    "broken": ({MANIFEST: "<omexManifest"}, "manifest.xml: line 1"),
    "empty": ({MANIFEST: ""}, "manifest.xml: line 1"),
    "not text": ({MANIFEST: b"\xff\xfe\x00"}, "not UTF-8"),
    "doctype": ({MANIFEST: f'<!DOCTYPE a [<!ENTITY b "c">]>{PLAIN}'}, "document type declaration"),
    "deep": ({MANIFEST: "<a>" * 5000 + "</a>" * 5000}, "nested"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_lies(lie: str) -> None:
    files, words = LIES[lie]
    assert words in refused(zipped({"m.xml": SBML, **files}))


def test_an_archive_in_itself_is_just_a_file() -> None:
    inner = zipped({MANIFEST: PLAIN, "m.xml": SBML})
    archive = unpack_omex(zipped({MANIFEST: PLAIN, "m.xml": SBML, "inner.omex": inner}), "x")
    assert archive.files["inner.omex"] == inner


def test_no_zip_at_all() -> None:
    for data in (b"", b"PK", b"<sbml/>", SBML.encode(), b"PK\x05\x06" + bytes(18), PACKED[:-30], PACKED[200:]):
        refused(data)


class OneLineError(Exception):
    """A refusal that is one line."""


def read_or_refuse(data: bytes) -> Archive:
    try:
        return unpack_omex(data, "x", 1 << 20)
    except FormatError as refusal:
        text = str(refusal)
    raise AssertionError(text) if "\n" in text else OneLineError(text)


def test_damaged_bytes_are_refused_or_read_never_more() -> None:
    """One byte changed at a time, seeded: either one line, or an archive; never another exception."""
    source = random.Random(4)
    small = zipped({MANIFEST: PLAIN, "m.xml": SBML[:300] + "</sbml>"})
    for _ in range(1500):
        data = bytearray(small)
        for _ in range(source.choice((1, 1, 3))):
            data[source.randrange(len(data))] = source.randrange(256)
        with suppress(OneLineError):
            assert "m.xml" in read_or_refuse(bytes(data)).files


def archive_of(master: str, files: Mapping[str, str | bytes]) -> Archive:
    return unpack_omex(pack_omex(files, master, Metadata()), "x.omex")


def test_which_model_is_the_main_one() -> None:
    two = {"a.xml": SBML, "b.xml": SBML}
    experiment = SEDML.replace("../models/main.xml", "b.xml")
    assert archive_of("b.xml", two).model_name == "b.xml"
    assert archive_of("s.sedml", {**two, "s.sedml": experiment}).model_name == "b.xml"
    assert archive_of("card.md", {"card.md": "#", "m.xml": SBML}).model_name == "m.xml"
    for source in (
        "c.xml",
        "../b.xml",
        "/b.xml",
        "http://example.org/b.xml",
        "urn:miriam:biomodels.db:BIOMD0000000001",
    ):
        lost = archive_of("s.sedml", {**two, "s.sedml": experiment.replace('"b.xml"', f'"{source}"')})
        with pytest.raises(FormatError, match="not in the archive"):
            _ = lost.model
    with pytest.raises(FormatError, match="2 SBML files"):
        _ = archive_of("card.md", {"card.md": "#", **two}).model
    deep = experiment.replace("</sedML>", "<a>" * 5000 + "</a>" * 5000 + "</sedML>")
    with pytest.raises(FormatError, match="nested"):
        _ = archive_of("s.sedml", {**two, "s.sedml": deep}).model


@pytest.mark.parametrize(
    "kind", ["sbml", "sbml.level-3", "sbml.level-3.version-2.core", "sbml.level-3.version-2.core.release-2"]
)
def test_formats_that_name_the_text_of_the_specification(kind: str) -> None:
    """As in the table of formats at identifiers.org/combine.specifications."""
    assert archive_listed("./m.xml", "m.xml", kind).model == SBML
    assert "is sbml.level-3.version-2" in refused(
        zipped({MANIFEST: manifest(("m.xml", "sbml.level-3.version-1.core", "true")), "m.xml": SBML})
    )


def archive_listed(location: str, name: str, kind: str = "sbml") -> Archive:
    return unpack_omex(zipped({MANIFEST: manifest((location, kind, "true")), name: SBML}), "x.omex")


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("./my%20m.xml", "my m.xml"),
        ("a%2Fm.xml", "a/m.xml"),
        ("%C3%A9.xml", "é.xml"),
        ("my m.xml", "my m.xml"),
        ("./my%20m.xml", "my%20m.xml"),
        ("100%.xml", "100%.xml"),
    ],
)
def test_locations_are_uris_or_names(location: str, name: str) -> None:
    assert archive_listed(location, name).model_name == name


@pytest.mark.parametrize("location", ["%2e%2e/m.xml", ".%2e/m.xml", "%2Fetc/passwd", "a%5Cm.xml", "C%3A/x", "a%00.xml"])
def test_locations_that_escape_once_decoded(location: str) -> None:
    for name in ("m.xml", location):
        files = {MANIFEST: manifest((location, "sbml", "true")), "m.xml": SBML, name: SBML}
        assert "could lead out" in refused(zipped(files))


def test_libcombine_s_own_archive_of_a_name_with_a_blank(tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_text(SBML, encoding="utf-8")
    archive = libcombine.CombineArchive()
    archive.addFile(str(tmp_path / "m.xml"), "./my m.xml", libcombine.KnownFormats.lookupFormat("sbml"), True)
    archive.writeToFile(str(tmp_path / "x.omex"))
    archive.cleanUp()
    assert unpack_omex((tmp_path / "x.omex").read_bytes(), "x").model_name == "my m.xml"


def test_the_source_in_sedml_is_a_uri() -> None:
    experiment = SEDML.replace("../models/main.xml", "../models/my%20m.xml")
    archive = archive_of("runs/s.sedml", {"models/my m.xml": SBML, "other.xml": SBML, "runs/s.sedml": experiment})
    assert archive.model_name == "models/my m.xml"
    out = experiment.replace("../models/my%20m.xml", "../%2e%2e/%2e%2e/etc/passwd")
    with pytest.raises(FormatError, match="not in the archive"):
        _ = archive_of("runs/s.sedml", {"m.xml": SBML, "runs/s.sedml": out}).model


def test_where_one_model_stands_alone_the_master_is_clear() -> None:
    archive = unpack_omex(zipped({MANIFEST: manifest(("./m.xml", "sbml", "")), "m.xml": SBML}), "x")
    assert archive.master == archive.model_name == "m.xml"


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert unpack_omex(PACKED, "x").model == SBML
    assert list(tmp_path.iterdir()) == []

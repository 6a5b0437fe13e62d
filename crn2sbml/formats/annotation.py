"""Notes, RDF metadata and the place of each species, to and from libSBML elements."""

import html
import re
from dataclasses import fields
from typing import Any
from xml.sax.saxutils import quoteattr

import libsbml

from crn2sbml.core.network import Place
from crn2sbml.errors import FormatError, did_you_mean
from crn2sbml.formats.document import Metadata
from crn2sbml.formats.libsbml_checks import ok

PLACE_NAMESPACE = "urn:crn2sbml:place"
_BIOLOGY = {
    "bqbiol:" + libsbml.BiolQualifierType_toString(i): i
    for i in range(libsbml.BQB_UNKNOWN)
    if libsbml.BiolQualifierType_toString(i)
}
_MODEL = {
    "bqmodel:" + libsbml.ModelQualifierType_toString(i): i
    for i in range(libsbml.BQM_UNKNOWN)
    if libsbml.ModelQualifierType_toString(i)
}


def annotate_model(model: Any, metadata: Metadata) -> None:
    """Title, notes and RDF of a model element; nothing is written for what is empty."""
    if metadata.title:
        ok(model.setName(metadata.title), "model name")
    if metadata.notes:
        paragraphs = "".join(f"<p>{html.escape(text, quote=False)}</p>" for text in metadata.notes)
        body = f'<body xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</body>'
        ok(model.setNotes(body), "model notes")
    if not (metadata.creators or metadata.terms):
        return
    ok(model.setMetaId(model.getId() + "_about"), "model metaid")
    if metadata.creators:
        history = libsbml.ModelHistory()
        for name in metadata.creators:
            ok(history.addCreator(_creator(name, model.getLevel())), "creator")
        ok(history.setCreatedDate(libsbml.Date(metadata.created)), f"created date {metadata.created!r}")
        ok(history.setModifiedDate(libsbml.Date(metadata.modified or metadata.created)), "modified date")
        ok(model.setModelHistory(history), "model history")
    for qualifier, uri in metadata.terms:
        term = libsbml.CVTerm()
        if qualifier in _BIOLOGY:
            ok(term.setQualifierType(libsbml.BIOLOGICAL_QUALIFIER), qualifier)
            ok(term.setBiologicalQualifierType(_BIOLOGY[qualifier]), qualifier)
        elif qualifier not in _MODEL:
            raise FormatError(did_you_mean(qualifier, [*_BIOLOGY, *_MODEL], "qualifier"))
        else:
            ok(term.setQualifierType(libsbml.MODEL_QUALIFIER), qualifier)
            ok(term.setModelQualifierType(_MODEL[qualifier]), qualifier)
        ok(term.addResource(uri), uri)
        ok(model.addCVTerm(term, True), f"{qualifier} {uri}")


def read_metadata(model: Any) -> Metadata:
    """What a model element says about itself; notes as plain paragraphs."""
    history = model.getModelHistory()
    creators: list[str] = []
    created = modified = ""
    if history is not None and history.isSetCreatedDate():
        creators = [name for i in range(history.getNumCreators()) if (name := _name_of(history.getCreator(i)))]
    if creators:
        created = history.getCreatedDate().getDateAsString()
        modified = history.getModifiedDate(0).getDateAsString() if history.getNumModifiedDates() else ""
    terms = []
    for i in range(model.getNumCVTerms()):
        term = model.getCVTerm(i)
        biological = term.getQualifierType() == libsbml.BIOLOGICAL_QUALIFIER
        number = term.getBiologicalQualifierType() if biological else term.getModelQualifierType()
        known = next((name for name, value in (_BIOLOGY if biological else _MODEL).items() if value == number), None)
        if known:
            terms += [(known, term.getResourceURI(j)) for j in range(term.getNumResources())]
    return Metadata(
        title=model.getName(),
        notes=_paragraphs(model.getNotesString()),
        creators=tuple(creators),
        created=created,
        modified="" if modified == created else modified,
        terms=tuple(terms),
    )


def place_annotation(place: Place) -> str:
    """A species' place as an annotation element of our own namespace."""
    values = ((field.name, getattr(place, field.name)) for field in fields(place))
    attributes = "".join(f" {name}={quoteattr(str(value))}" for name, value in values if value not in ("", None))
    return f'<place xmlns="{PLACE_NAMESPACE}"{attributes}/>'


def read_place(species: Any) -> Place | None:
    """The place that `place_annotation` wrote, or None; anything malformed counts as none."""
    annotation = species.getAnnotation()
    for i in range(annotation.getNumChildren() if annotation is not None else 0):
        node = annotation.getChild(i)
        if node.getName() == "place" and node.getURI() == PLACE_NAMESPACE:
            got: dict[str, Any] = {
                field.name: node.getAttrValue(field.name) for field in fields(Place) if node.hasAttr(field.name)
            }
            numbers = {"layer", "channel", "row", "column"} & got.keys()
            if {"layer", "kind"} <= got.keys() and all(re.fullmatch(r"\d{1,9}", got[name]) for name in numbers):
                return Place(**got | {name: int(got[name]) for name in numbers})
    return None


def _creator(name: str, level: int) -> Any:
    """A creator of that name; Level 2 wants two parts of it."""
    creator = libsbml.ModelCreator()
    if level > 2:
        ok(creator.setUseSingleName(True) or 0, "creator with one name")
        ok(creator.setName(name), "creator")
    else:
        given, _, family = name.rpartition(" ")
        ok(creator.setFamilyName(family), "creator")
        ok(creator.setGivenName(given or family), "creator")
    return creator


def _name_of(creator: Any) -> str:
    # Level 2 has no single names: where there are two, they are the two parts, or the same word twice.
    given, name = creator.getGivenName(), creator.getFamilyName() or creator.getName()
    return f"{given} {name}" if given and given != name else name


def _paragraphs(notes: str) -> tuple[str, ...]:
    blocks = re.findall(r"<(?:\w+:)?p\b[^>]*>(.*?)</(?:\w+:)?p>", notes, re.DOTALL) or [notes]
    texts = (" ".join(html.unescape(re.sub(r"<[^>]+>", " ", block)).split()) for block in blocks)
    return tuple(text for text in texts if text)

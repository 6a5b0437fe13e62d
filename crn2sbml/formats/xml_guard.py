"""Hostile or broken XML refused before a library in C++ builds a tree of it.

libSBML and its like recurse over what they read, so a few kilobytes of nested elements can overflow the stack and end
the process; others hold hundreds of bytes for each element. What no model needs is refused here, in one pass that
keeps nothing.
"""

import re
from xml.parsers import expat

from crn2sbml.errors import FormatError

DEEPEST = 100
"""Elements inside one another, outside formulas; notes and RDF go some twenty deep."""
DEEPEST_MATH = 2_000
"""The same inside a `math` element: programs write a sum of 1,000 terms as 1,000 nested binary ones."""
MOST_ATTRIBUTES = 200
"""Attributes and namespaces of one element."""
MOST_ELEMENTS = 6_000_000
"""Elements of one document: libSBML takes up to 750 bytes for each, 150,000 reactions have 1.8 million."""
MOST_NESTING = 60_000_000
"""Sum of the depths of all elements outside formulas: libSBML copies what is deep once for each level, 0.5 us each."""
DEEPEST_FORMULA = 1_000
"""Brackets inside one another, and minus signs in a row, in a `formula` attribute (SBML Level 1)."""
LONGEST_FORMULA = 1 << 17
"""Characters of one: each sum or power in it is a level of the tree, and libSBML stands some 100,000 of them."""
LONGEST_TOKEN = 1 << 20
"""Bytes of one tag, comment or instruction; parsers read long ones again and again (CVE-2023-52425)."""
_PIECE = 1 << 16
_MINUS_SIGNS = re.compile(rf"(?:-\s*){{{DEEPEST_FORMULA + 1}}}")
_PARTS = {"math", "annotation", "notes"}  # a formula inside an annotation is only XML, which libSBML keeps slowly


def check_xml(text: str) -> None:
    """Raises FormatError, one line, unless the text is well-formed XML that is safe to hand to other parsers.

    Refused: what is not well-formed (with line and column); document type and entity declarations; elements nested
    too deeply, too many of them, or with too many attributes; a formula in an attribute that is nested too deeply or
    too long; a tag or comment of more than a megabyte.
    """
    guard = _Guard()
    parser = guard.parser
    fed = 0
    try:
        for start in range(0, len(text), _PIECE):
            piece = text[start : start + _PIECE].encode()
            fed += len(piece)
            parser.Parse(piece)
            if fed - max(parser.CurrentByteIndex, 0) > LONGEST_TOKEN:
                raise guard.refusal(f"a tag or comment is longer than {LONGEST_TOKEN >> 20} MiB")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise FormatError(f"line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}") from None
    except UnicodeEncodeError as error:
        raise FormatError(f"character {start + error.start + 1} is half of a surrogate pair, no text") from None


class _Guard:
    """The state of one pass: how deep it is, how many elements it saw, the depth of the formula or note it is in."""

    __slots__ = ("count", "depth", "limit", "nesting", "parser", "part")

    def __init__(self) -> None:
        self.depth = self.count = self.nesting = 0
        self.limit, self.part = DEEPEST, -1
        # The text is UTF-8 by now, whatever its first line says.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.declaration

    def start(self, name: str, attributes: list[str]) -> None:
        self.depth += 1
        self.count += 1
        if self.part < 0 and (local := name.rpartition(":")[2]) in _PARTS:
            self.part, self.limit = self.depth, self.depth + DEEPEST_MATH if local == "math" else DEEPEST
        if self.depth > self.limit:
            raise self.refusal(f"elements are nested {self.depth} deep (<{name[:40]}>); refused")
        if len(attributes) > 2 * MOST_ATTRIBUTES:
            raise self.refusal(f"<{name[:40]}> has {len(attributes) // 2} attributes; refused")
        if max(map(len, attributes), default=0) > DEEPEST_FORMULA:  # what is shorter cannot be deeper
            for key, value in zip(attributes[::2], attributes[1::2], strict=True):
                if key.rpartition(":")[2] == "formula":
                    self.formula(value)
        if self.count > MOST_ELEMENTS:
            raise self.refusal(f"more than {MOST_ELEMENTS:,} elements; refused")
        if self.limit == DEEPEST:
            self.nesting += self.depth
            if self.nesting > MOST_NESTING:
                raise self.refusal("too many deeply nested elements; refused")

    def end(self, name: str) -> None:
        if self.depth == self.part:
            self.part, self.limit = -1, DEEPEST
        self.depth -= 1

    def formula(self, text: str) -> None:
        if len(text) > LONGEST_FORMULA:
            raise self.refusal(f"a formula of {len(text):,} characters, at most {LONGEST_FORMULA:,}; refused")
        depth = deepest = 0
        for bracket in re.findall(r"[()]", text):
            depth += 1 if bracket == "(" else -1
            deepest = max(deepest, depth)
        if deepest > DEEPEST_FORMULA:
            raise self.refusal(f"a formula is nested {deepest:,} brackets deep; refused")
        if _MINUS_SIGNS.search(text):
            raise self.refusal(f"a formula has more than {DEEPEST_FORMULA:,} minus signs in a row; refused")

    def declaration(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        raise self.refusal(f"a document type declaration (<!DOCTYPE {name[:40]}>), which no model file needs; refused")

    def refusal(self, why: str) -> FormatError:
        where = f"line {self.parser.CurrentLineNumber}, column {self.parser.CurrentColumnNumber + 1}"
        return FormatError(f"{where}: {why}")

"""Hostile Antimony text refused before libAntimony, in C++, reads it.

An `import` makes libAntimony open that file itself, whatever it is. And libSBML, to which it hands the formulas,
recurses over them, so a few kilobytes can overflow the stack and end the process.
"""

import re

from crn2sbml.errors import FormatError

DEEPEST_FORMULA = 1_000
"""Operators and brackets inside one another in a formula; libSBML stands some 5,000."""
MOST_REMAINDERS = 10
"""Uses of % in a text: each becomes a formula with three copies of what stands before it."""
_COMMENTS = r"//[^\r\n]*|#[^\r\n]*|/\*.*?(?:\*/|\Z)|```.*?```"
# Antimony 3.3 reads \" as a quotation mark inside a string, older ones as a backslash and the string's end.
_SKIPPED = [re.compile(rf"{_COMMENTS}|{string}", re.DOTALL) for string in (r'"(?:\\.|[^"\\\r\n])*"', r'"[^"\r\n]*"')]
_IMPORT = re.compile(r"\bimport\b", re.ASCII)
_STATEMENT = re.compile(r"(?:\\[ \r\n]+|[^;\r\n])+")
# Antimony writes chains of + and of * as one sum and one product, without nesting.
_TOKEN = re.compile(r"[A-Za-z_]\w*|[\d.]+[eE][-+]?\d+|([-/^%!<>=&|(){}])", re.ASCII)


def check_antimony(text: str) -> None:
    """Raises FormatError, one line, unless Antimony can read the text without opening files or running deep.

    Refused: `import`, formulas that are nested too deeply, and more than a few remainders (%).
    """
    if (half := re.search("[\ud800-\udfff]", text)) is not None:
        raise FormatError(f"character {half.start() + 1} is half of a surrogate pair, no text")
    for skipped in _SKIPPED:
        code = _without(skipped, text)
        if (found := _IMPORT.search(code)) is not None:
            raise FormatError(
                f"line {_line(code, found.start())}: imports are not read; put the other file's text here"
            )
    code = code_of(text)
    if (remainders := code.count("%")) > MOST_REMAINDERS:
        raise FormatError(f"the remainder operator % is used {remainders} times, at most {MOST_REMAINDERS}; refused")
    for statement in _STATEMENT.finditer(code):
        # What is shorter cannot be deeper.
        if len(statement[0]) > DEEPEST_FORMULA and (depth := _depth(statement[0])) > DEEPEST_FORMULA:
            raise FormatError(
                f"line {_line(code, statement.start())}: operators and brackets are nested {depth:,} deep, at most "
                f"{DEEPEST_FORMULA:,}; refused"
            )


def code_of(text: str) -> str:
    """The text with blanks for comments and strings, line by line where it was."""
    return _without(_SKIPPED[0], text)


def _without(skipped: re.Pattern[str], text: str) -> str:
    return skipped.sub(lambda found: re.sub(r"[^\r\n]", " ", found[0]), text)


def _line(code: str, place: int) -> int:
    return code.count("\n", 0, place) + 1


def _depth(statement: str) -> int:
    """How deep its formulas can be nested at most: in each bracket its operators and the deepest bracket in it."""
    around: list[tuple[int, int]] = []
    operators = deepest = 0
    for mark in filter(None, _TOKEN.findall(statement)):
        if mark in "({":
            around.append((operators, deepest))
            operators = deepest = 0
        elif mark not in ")}":
            operators += 1
        elif around:
            done = operators + deepest + 1
            operators, deepest = around.pop()
            deepest = max(deepest, done)
    return operators + deepest + sum(outer + 1 for outer, _ in around)

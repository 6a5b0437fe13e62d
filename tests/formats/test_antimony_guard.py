"""Hostile Antimony text, held against what libAntimony itself does with it, where it does not end the process."""

import os
import random
import time
from pathlib import Path

import antimony
import pytest

from crn2sbml.errors import FormatError
from crn2sbml.formats.antimony_guard import DEEPEST_FORMULA, check_antimony, code_of
from crn2sbml.formats.antimony_read import antimony_to_sbml, read_antimony

ABSENT = '"/nonexistent/file"'


def opens_files(text: str) -> bool:
    """LibAntimony names the file that it could not open."""
    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) >= 0:
        return False
    try:
        return "ould not open" in antimony.getLastError()
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize(
    "text",
    [
        f"import {ABSENT}",
        f"A=1;import{ABSENT}\n",
        f"import\\\n {ABSENT}",
        f"/* **/import/* */{ABSENT}",
        f"# a\rimport {ABSENT}",
        f"// a\\\nimport {ABSENT}",
        "import ```/nonexistent/file```",
        f'A is "// "\nimport {ABSENT}',
    ],
)
def test_imports(text: str) -> None:
    assert opens_files(text)
    with pytest.raises(FormatError, match=r"^Antimony: line \d: imports are not read") as refusal:
        read_antimony(text)
    assert "\n" not in str(refusal.value)


def test_imports_that_older_versions_would_see() -> None:
    """Before 3.3, a string ends at its first quotation mark, whatever stands before it."""
    with pytest.raises(FormatError, match="line 2: imports"):
        check_antimony(f'A = 1\nA is "\\"; import {ABSENT}\n')


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="line 1: imports"):
        read_antimony(f'import "{tmp_path / "pipe"}"\nmodel m\n A = 1\nend\n')


def test_the_word_elsewhere_is_no_import() -> None:
    text = """# import "x"
    model m  // import "x"
      /* import
      "x" */
      species A = 3; k = 2; import_ = 1; CO2import = 2; Import = 3
      A is "glucose import"
      r: A -> ; k*A
    end
    """
    assert [r.id for r in read_antimony(text).network.reactions] == ["r"]


def test_no_random_text_opens_a_file() -> None:
    """Pieces put together at random, seeded: whatever makes libAntimony open a file is refused."""
    source = random.Random(5)
    pieces = [
        f"import {ABSENT}",
        "import",
        ABSENT,
        "A is ",
        "A=1",
        "SBO:",
        "sbo:1",
        "```",
        '"s"',
        "\\\n",
        '\\"',
        "//",
        "/*",
    ]
    pieces += [*"*/#\"\\ \t\n\r;x`'\x0b1-$é", "*/"]
    opened = 0
    for _ in range(4000):
        text = "".join(source.choices(pieces, k=source.randrange(8))) + "\n" + source.choice((pieces[0], ""))
        if opens_files(text):
            opened += 1
            with pytest.raises(FormatError, match="imports"):
                check_antimony(text)
    assert opened > 200


DEEP = {
    "not": lambda n: "!" * n + "A",
    "not with blanks": lambda n: "! " * n + "A",
    "not over lines": lambda n: "!\\\n" * n + "A",
    "minus": lambda n: "A" + " - A" * n,
    "like a number": lambda n: "A1e" + "-A1e" * n,
    "divide": lambda n: "A" + "/A" * n,
    "brackets": lambda n: "(" * n + "A" + ")" * n,
    "functions": lambda n: "exp(" * n + "A" + ")" * n,
    "left brackets alone": lambda n: "(" * n,
    "chains in brackets": lambda n: "(" * 60 + "A" + "-A)" * 60 + "-A" * (n - 60),
}


@pytest.mark.parametrize("shape", DEEP)
def test_deep_formulas(shape: str) -> None:
    """With 9,000 of most of them libSBML ends the process."""
    for count in (DEEPEST_FORMULA + 2, 9_000, 200_000):
        start = time.process_time()
        with pytest.raises(FormatError, match=r"^Antimony: line 2: operators and brackets are nested") as refusal:
            antimony_to_sbml(f"model m\n r: A -> ; {DEEP[shape](count)}\nend\n")
        assert "\n" not in str(refusal.value)
        assert time.process_time() - start < 2


@pytest.mark.parametrize("shape", ["not", "minus", "divide"])
def test_formulas_within_the_limit(shape: str) -> None:
    # The arrow has two of the signs that are counted.
    assert "<kineticLaw>" in antimony_to_sbml(f"model m\n A = 1\n r: A -> ; {DEEP[shape](DEEPEST_FORMULA - 2)}\nend\n")


def test_long_flat_laws_are_no_deep_ones() -> None:
    law = " + ".join(["1e-3*A*(A - 1)"] * 1_500)
    check_antimony(f"model m\n A = 3\n r: 2 A -> ; {law}\nend\n")


def test_remainders_multiply() -> None:
    """Twenty in a row would be a formula with three billion leaves."""
    with pytest.raises(FormatError, match="remainder operator % is used 20 times"):
        antimony_to_sbml("r: A -> ; A" + " % A" * 20)
    check_antimony("k = 7 % 3  // 100 %\n")


@pytest.mark.parametrize("text", ["A = 1é\n", "A = 1\x0c\n", "\ufeffA = 1", "A = \udc80"])
def test_characters_that_antimony_does_not_know(text: str) -> None:
    with pytest.raises(FormatError, match=r"^Antimony: ") as refusal:
        antimony_to_sbml(text)
    assert "\n" not in str(refusal.value)


def test_code_stays_in_its_place() -> None:
    text = 'a "b" c // d\n/* e\nf */ g ```h\n``` i # j\r"k\\"l" m'
    code = code_of(text)
    assert len(code) == len(text)
    assert [line.split() for line in code.splitlines()] == [["a", "c"], [], ["g"], ["i"], ["m"]]

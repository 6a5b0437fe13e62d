"""What is hostile or broken is refused before any other parser sees it; what programs write passes."""

import subprocess
import sys
from pathlib import Path

import pytest

from crn2sbml.errors import FormatError
from crn2sbml.formats import xml_guard
from crn2sbml.formats.xml_guard import (
    DEEPEST,
    DEEPEST_FORMULA,
    DEEPEST_MATH,
    LONGEST_FORMULA,
    LONGEST_TOKEN,
    MOST_ATTRIBUTES,
    check_xml,
)


def refused(text: str, *words: str) -> None:
    with pytest.raises(FormatError) as refusal:
        check_xml(text)
    said = str(refusal.value)
    assert said.startswith(("line ", "character 4 "))
    assert "\n" not in said
    assert len(said) < 200
    for word in words:
        assert word in said, said


def nested(count: int, name: str = "p") -> str:
    return f"<{name}>" * count + f"</{name}>" * count


@pytest.mark.parametrize(
    "text",
    [
        "<a/>",
        '<?xml version="1.0"?>\n<a b="1"><!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE a><!ENTITY x "y">]]></a>',
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>größe &amp; &#956;</a>',  # text is text, whatever it was
        "<a>" + nested(DEEPEST - 1) + "</a>",
        "<a>" + nested(DEEPEST_MATH + 1, "m:math").replace("<m:math>", '<m:math xmlns:m="urn:m">', 1) + "</a>",
        f"<a>{'x' * (3 * LONGEST_TOKEN)}<![CDATA[{'y' * (3 * LONGEST_TOKEN)}]]></a>",
        "<a " + " ".join(f'b{i}=""' for i in range(MOST_ATTRIBUTES)) + "/>",
    ],
    ids=["one", "words", "declared", "nested", "formula", "long text", "attributes"],
)
def test_what_passes(text: str) -> None:
    check_xml(text)


@pytest.mark.parametrize(
    "declaration",
    [
        "<!DOCTYPE a>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE a PUBLIC '-//X' 'http://example.org/x.dtd'>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        "<!DOCTYPE a [<!ENTITY % b SYSTEM 'file:///etc/passwd'> %b;]>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE\n\n  a>",
    ],
)
def test_declarations(declaration: str) -> None:
    refused(f'<?xml version="1.0"?>\n{declaration}<a>&b;</a>', "document type", "<!DOCTYPE a>")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1, column 1", "no element"]),
        ("<a>\n <b></a>", ["line 2", "mismatched tag"]),
        ("<a>\n<b>", ["line 2"]),
        ("<a/><a/>", ["junk after"]),
        ("<a b='1' b='2'/>", ["duplicate attribute"]),
        ("<a>&b;</a>", ["undefined entity"]),
        ("<a>\x00</a>", ["not well-formed"]),
        ("<a>\ud800</a>", ["surrogate"]),
        ("words", ["line 1, column 1", "syntax error"]),
    ],
)
def test_malformed(text: str, words: list[str]) -> None:
    refused(text, *words)


def test_depth() -> None:
    refused(nested(DEEPEST + 1), "nested", str(DEEPEST + 1))
    refused(nested(10**6), "nested")
    refused(f"<math>{nested(DEEPEST_MATH + 1, 'apply')}</math>", "nested", "<apply>")
    for part in ("notes", "annotation"):  # a formula there is no formula
        refused(f"<{part}><math>{nested(DEEPEST, 'apply')}</math></{part}>", "nested")
    check_xml(f"<a><math>{nested(DEEPEST_MATH, 'apply')}</math>{nested(DEEPEST - 1)}</a>")
    refused(f"<a><math>{nested(DEEPEST_MATH, 'apply')}</math>{nested(DEEPEST)}</a>", "nested")


@pytest.mark.parametrize("name", ["formula", "x:formula"])
def test_formulas_in_attributes(name: str) -> None:
    def law(text: str) -> str:
        return f'<a xmlns:x="urn:x"><law other="1" {name}="{text}"/></a>'

    most = DEEPEST_FORMULA
    for good in ("-" * most + "k", "abs(" * most + "k" + ")" * most, "(-k)*" * 5_000 + "k", "k" + " + k*A" * 20_000):
        check_xml(law(good))
    refused(law("-" * (most + 1) + "k"), "minus signs")
    refused(law("- \n" * (most + 1) + "k"), "minus signs")
    refused(law("abs(" * (most + 1) + "k" + ")" * (most + 1)), "1,001 brackets deep")
    refused(law("-(" * 200_000 + "k"), "formula of 400,001 characters")
    refused(law("k" + "+k" * (LONGEST_FORMULA // 2)), "formula of")
    check_xml(law("").replace("other", "otherwise").replace('"1"', f'"{"(" * 10_000}"'))


def test_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    refused("<a " + " ".join(f'b{i}=""' for i in range(MOST_ATTRIBUTES + 1)) + "/>", "attributes")
    refused(f"<a><!--{'x' * (2 * LONGEST_TOKEN)}--></a>", "longer than 1 MiB")
    refused(f"<a b='{'x' * (2 * LONGEST_TOKEN)}'/>", "longer than 1 MiB")
    monkeypatch.setattr(xml_guard, "MOST_ELEMENTS", 10)
    check_xml(f"<a>{'<b/>' * 9}</a>")
    refused(f"<a>{'<b/>' * 10}</a>", "more than 10 elements")
    monkeypatch.setattr(xml_guard, "MOST_NESTING", 15)
    refused(f"<a>{nested(5)}</a>", "deeply nested")
    check_xml(f"<math>{nested(5)}</math>")


def test_memory_stays_what_the_text_is(tmp_path: Path) -> None:
    """100 MB of elements: streaming keeps nothing of them, where a tree would take a gigabyte."""
    script = tmp_path / "check.py"
    script.write_text(
        "import resource\n"
        "from crn2sbml.formats.xml_guard import check_xml\n"
        "text = '<a>' + ('<b c=\"' + 'x' * 500 + '\"/>') * 200_000 + '</a>'\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "check_xml(text)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=60)
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < 20 << 20

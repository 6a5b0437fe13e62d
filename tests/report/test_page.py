import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from crn2sbml.report.page import demo_page
from crn2sbml.verify.round_trip import RoundTrip
from tests.verify.tiny_trip import IMAGES, tiny_trip, trained_tiny

VOID = {"meta", "img", "br", "hr", "link", "input"}
FACTS = {"Test accuracy": "75 % of 4 images", "Seed": "7"}


class Strict(HTMLParser):
    """Fails where tags do not match; keeps the tags, their attributes and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> too much"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def page_of(result: RoundTrip, facts: dict[str, str] = FACTS, net: Any = None) -> str:
    trained = trained_tiny()
    return demo_page(net or trained.classifier.network(trained.weights), result, IMAGES, facts)


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(tiny_trip())


def test_tags_match(page: str) -> None:
    tags = [tag for tag, _ in Strict(page).tags]
    assert page.startswith("<!DOCTYPE html>")
    assert [tags.count(name) for name in ("html", "head", "body", "title")] == [1, 1, 1, 1]


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    for tag, attributes in Strict(page).tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base")
        for name, value in attributes.items():
            if name in ("src", "href", "srcset", "action", "poster", "data", "background"):
                assert str(value).startswith(("data:image/png;base64,", "#"))
    outside = re.sub(r'"data:image/png;base64,[^"]*"', '""', page)
    assert not re.search(r"https?:|url\(|@import|//\w", outside)


def test_every_example_has_its_picture(page: str) -> None:
    pictures = [attributes for tag, attributes in Strict(page).tags if tag == "img"]
    assert len(pictures) == 1 + len(IMAGES)  # one trajectory, and one for each example
    for attributes in pictures:
        data = base64.b64decode(str(attributes["src"]).partition(",")[2], validate=True)
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert data.endswith(b"IEND\xaeB`\x82")
        assert int.from_bytes(data[16:20]) > 500  # width in pixels
        assert attributes["alt"]
    assert len({attributes["src"] for attributes in pictures}) == len(pictures)


def test_the_page_says_that_all_agree(page: str) -> None:
    words = Strict(page).words
    assert "All answers agree." in words
    assert "do not all agree" not in words
    for agreement in tiny_trip().agreements:
        assert (
            f"{agreement.name} {agreement.meaning} {agreement.difference:.2g} {agreement.tolerance:.2g} agree" in words
        )
    assert "disagree" not in words


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("difference", [1e9, float("nan")])
def test_the_page_says_which_do_not_agree(number: int, difference: float) -> None:
    agreements = list(tiny_trip().agreements)
    agreements[number] = replace(agreements[number], difference=difference)
    words = Strict(page_of(replace(tiny_trip(), agreements=tuple(agreements)))).words
    assert "The answers do not all agree." in words
    assert "All answers agree" not in words
    assert words.count("disagree") == 1
    assert re.search(rf"{re.escape(agreements[number].name)} .{{0,90}}disagree", words)


def test_the_table_holds_the_winners(page: str) -> None:
    words = Strict(page).words
    for number in range(2):
        row = tiny_trip().table.isel(example=number)
        answer = int(np.argmax(row["ode"].values))
        best = row.isel(output=answer)
        expected = f"{int(row.label)} {answer} {float(best['closed_form']):.4f} {float(best['ode']):.4f}"
        assert expected in words
        assert f"{float(best['lna_mean']):.1f} ± {float(best['lna_sd']):.1f}" in words


def test_facts_are_shown(page: str) -> None:
    words = Strict(page).words
    for label, text in FACTS.items():
        assert f"{label} {text}" in words


def test_hostile_words_stay_words() -> None:
    hostile = '</title></td></dl><script>alert("1")</script><img src=x onerror=alert(1)>&amp;'
    agreements = tuple(replace(a, name=hostile, meaning=hostile) for a in tiny_trip().agreements)
    trained = trained_tiny()
    net = SimpleNamespace(id=hostile, species=trained.classifier.network(trained.weights).species)
    parsed = Strict(page_of(replace(tiny_trip(), agreements=agreements), {hostile: hostile}, net))
    assert "script" not in [tag for tag, _ in parsed.tags]
    assert not any("onerror" in attributes for _, attributes in parsed.tags)
    # Title, heading, label and text of the fact, and two for each agreement: as typed, on the page.
    assert parsed.words.count(hostile) == 4 + 2 * len(agreements)

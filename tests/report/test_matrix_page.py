import json
import math
import re
from html.parser import HTMLParser

import pytest

from crn2sbml.report.matrix_page import matrix_data, matrix_page, matrix_table, words
from crn2sbml.verify.agreement import Agreement
from crn2sbml.verify.matrix import Cell, Matrix

HOSTILE = "<script>alert('1 & 2')</script> of \"this\"\nand [bold]that[/bold]"
VOID = {"meta", "br"}


def cell(
    engine: str, method: str, verdict: str, *differences: float, message: str = "", algorithm: str = "direct"
) -> Cell:
    agreements = tuple(
        Agreement("SSA mean", d, 5.0, f"largest |z| of {i + 7} means") for i, d in enumerate(differences)
    )
    return Cell(
        engine, "1.2 (of <today>)" if differences else "", method, algorithm, verdict, agreements, message, 3.25
    )  # type: ignore[arg-type]


def matrix(*cells: Cell, between: float = 1e-9) -> Matrix:
    between_all = Agreement("ODE, any two", between, 1e-6, "largest relative difference")
    return Matrix("a_model", cells, (between_all,), {"ODE": "10 s", "SSA": "seed 1 & <more>"})


CELLS = (
    cell("alpha", "ode", "agrees", 0.25, algorithm="cvode"),
    cell("alpha", "lna", "unchecked", message="no steady state"),
    cell("alpha", "ssa", "disagrees", 1.5, 77.25),
    cell("alpha", "ssa", "agrees", 1.25, 0.5, algorithm="tau-leap"),
    cell("beta", "ode", "failed", message=HOSTILE),
    cell("beta", "ssa", "failed", message=HOSTILE),
    cell("my.own.package.of.engines:Gamma", "ode", "refused", message="too many: " + "x" * 300),
    cell("delta", "", "absent", message="not installed", algorithm=""),
)


class Page(HTMLParser):
    """Checks that elements are closed in order, and gathers what is shown and what would be loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_every_element_is_closed_and_nothing_is_loaded() -> None:
    text = matrix_page(matrix(*CELLS))
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "today", "more"} & set(page.seen)
    assert not {"src", "href", "onload"} & {name for name, _ in page.attributes}
    assert not re.search(r"https?:|url\(|@import", text)
    assert (text.startswith("<!DOCTYPE html>"), text.endswith("</html>")) == (True, True)


def test_every_verdict_number_and_message_is_on_the_page() -> None:
    page = Page(matrix_page(matrix(*CELLS)))
    shown = " ".join(page.text.split())
    for one in CELLS:
        assert f"{one.verdict} {one.algorithm}".strip() in shown
        assert " ".join(one.message.split()) in shown
        assert one.engine in shown
        for agreement in one.agreements:
            assert f"{agreement.meaning}: {agreement.difference:.2g}, tolerance 5" in shown
    table = shown[shown.index("Seconds") :] if "Seconds" in shown else shown
    assert "seed 1 & <more>" in table or "seed 1 & <more>" in shown
    for verdict in ("agrees", "disagrees", "failed", "refused", "unchecked", "absent"):
        in_table = sum(1 for name, value in page.attributes if name == "class" and value == verdict)
        assert in_table >= sum(1 for one in CELLS if one.verdict == verdict)
    assert "(2 agrees, 2 failed, " in shown
    assert page.seen.count("tr") == 1 + 4


def test_rows_of_simulators_that_broke_are_marked() -> None:
    page = Page(matrix_page(matrix(*CELLS)))
    assert [value for name, value in page.attributes if value == "broken"] == ["broken"] * 2  # alpha and beta
    assert "broken" not in [value for _, value in Page(matrix_page(matrix(*CELLS[:2]))).attributes]


@pytest.mark.parametrize("cells", [(), CELLS[7:], CELLS[:1]], ids=["none", "absent", "one"])
def test_pages_of_few_cells(cells: tuple[Cell, ...]) -> None:
    page = Page(matrix_page(matrix(*cells)))
    assert page.open == []
    assert matrix_table(matrix(*cells))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (matrix(*CELLS[:2]), "No simulator disagrees."),
        (matrix(*CELLS), "The simulators do NOT all agree: see alpha, beta."),
        (Matrix("m", (CELLS[1], CELLS[6], CELLS[7]), (), {}), "NOTHING could be compared."),
        (Matrix("m", (), (), {}), "NOTHING could be compared."),
        (matrix(CELLS[0], between=1.0), "The simulators do NOT all agree."),
        (matrix(CELLS[0], between=math.nan), "The simulators do NOT all agree."),
    ],
)
def test_the_outcome_in_words(shown: Matrix, expected: str) -> None:
    assert words(shown) == expected
    assert shown.holds == (expected == "No simulator disagrees.")
    assert expected in Page(matrix_page(shown)).text


def test_the_table_fits_120_columns_and_is_aligned() -> None:
    lines = matrix_table(matrix(*CELLS)).splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[0] == "a_model in every simulator"
    header = next(line for line in lines if "simulator " in line and "verdict" in line)
    at = {name: header.index(name) for name in ("version", "method", "algorithm", "verdict", "difference")}
    rows = lines[lines.index(header) + 1 : lines.index("")]
    assert len(rows) == len(CELLS)
    for line, one in zip(rows, CELLS, strict=True):
        assert line[1:].startswith(one.engine.rpartition(":")[2])
        for name, text in (("method", one.method.upper()), ("algorithm", one.algorithm), ("verdict", one.verdict)):
            assert line[at[name] :].startswith(text)
            assert line[at[name] - 1] == " "
        assert line.endswith("3.25")
    assert "1.5 / 5, 77 / 5" in rows[2]


def test_messages_stand_below_the_table_once() -> None:
    text = matrix_table(matrix(*CELLS))
    assert text.count("alert(") == 1
    assert "beta ODE direct, SSA direct failed: <script>alert('1 & 2')</script>" in text
    assert "[bold]that[/bold]" in text, "no markup"
    assert "delta absent: not installed" in text
    assert "ODE, any two: agree (largest relative difference 1e-09, tolerance 1e-06)" in text
    assert text.replace("\n  ", "").count("x" * 100) == 3


def test_data_are_what_json_takes() -> None:
    data = json.loads(json.dumps(matrix_data(matrix(*CELLS))))
    assert (data["model"], data["holds"], data["words"]) == ("a_model", False, words(matrix(*CELLS)))
    assert [one["verdict"] for one in data["cells"]] == [one.verdict for one in CELLS]
    assert data["cells"][4]["message"] == HOSTILE
    assert data["cells"][2]["agreements"][1] == {
        "name": "SSA mean", "difference": 77.25, "tolerance": 5.0, "meaning": "largest |z| of 8 means", "holds": False
    }  # fmt: skip
    assert data["between"][0]["holds"] is True

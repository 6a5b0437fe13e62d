"""What a mass-action network cannot hold is refused by name, and no bytes whatever raise anything but a CrnError."""

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crn2sbml.errors import CrnError, FormatError, UnsupportedError
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from tests.formats.sbml_text import Step, mathml, model, species

DECAY = {"loss": Step("A", "", "k*A")}
RULES = {
    "assignmentRule": '<assignmentRule variable="B">{}</assignmentRule>',
    "rateRule": '<rateRule variable="B">{}</rateRule>',
    "algebraicRule": "<algebraicRule>{}</algebraicRule>",
}
EVENT = (
    '<listOfEvents><event id="pulse" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
    f"{mathml('A > 3')}</trigger></event></listOfEvents>"
)
COMP = ' xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'


def refused(text: str, *words: str, error: type[CrnError] = UnsupportedError) -> None:
    with pytest.raises(error) as refusal:
        read_sbml(text)
    said = str(refusal.value)
    assert "\n" not in said
    for word in words:
        assert word in said, said


@pytest.mark.parametrize("kind", RULES)
def test_rules(kind: str) -> None:
    rule = f"<listOfRules>{RULES[kind].format(mathml('k*A'))}</listOfRules>"
    refused(model(DECAY, more=rule), kind, "'B'" if kind != "algebraicRule" else "equation")


def test_events() -> None:
    refused(model(DECAY, declared=EVENT), "event", "'pulse'")


def test_constraints() -> None:
    constraint = f"<listOfConstraints><constraint>{mathml('A > 3')}</constraint></listOfConstraints>"
    refused(model(DECAY, more=constraint), "constraint")


@pytest.mark.parametrize(
    ("law", "part"),
    [
        ("k*delay(A, 1)", "delay"),
        ("k*A*time", "time"),
        ("k*A/(k1 + A)", "k1 + A"),
        ("k*sin(A)", "sin"),
        ("k*A^k2", "A^k2"),
        ("k/A", "A"),
        ("piecewise(k*A, A > 3, 0)", "A > 3"),
        ("k*exp(A)", "exp"),
        ("k*log(A)", "A"),
        ("k*A^40", "A^40"),
        ("k*A*rateOf(A)", "rateOf"),
    ],
)
def test_laws_that_are_no_polynomial(law: str, part: str) -> None:
    refused(model({"uptake": Step("A", "B", law)}), "'uptake'", part)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step("A", "B", "k"), ["mass action", "1 A"]),
        (Step("A", "B", "k*B"), ["mass action", "1 A"]),
        (Step("A", "B", "-k*A"), ["mass action"]),
        (Step("2 A", "B", "k*A"), ["mass action", "2 A"]),
        (Step("A", "B", "k*A*(B - 3)"), ["mass action"]),
        (Step("A", "B", ""), ["no kinetic law"]),
        (Step("1.5 A", "B", "k*A"), ["stoichiometry", "'A'", "1.5"]),
        (Step("0 A", "B", "k*A"), ["stoichiometry", "'A'", "0"]),
        (Step("A", "0.5 B", "k*A"), ["stoichiometry", "'B'", "0.5"]),
        (Step("A", "B", "kk*A"), ["'kk'"]),
        (Step("A", "B", "k*A*Z"), ["'Z'"]),
    ],
    ids=lambda value: value.law if isinstance(value, Step) else "",
)
def test_reactions_that_are_no_mass_action(step: Step, words: list[str]) -> None:
    refused(model({"odd": step}), "'odd'", *words)


@pytest.mark.parametrize("step", [Step("Z", "B", "k"), Step("A", "Z", "k*A")])
def test_unknown_species(step: Step) -> None:
    refused(model({"odd": step}), "'odd'", "'Z'", error=FormatError)


def test_mixed_readings() -> None:
    steps = {"one": Step("2 A", "B", "k*A^2"), "two": Step("2 B", "A", "k*B*(B-1)")}
    refused(model(steps), "'one'", "'two'", "deterministic", "stochastic")


def test_fast_reactions() -> None:
    text = model({"quick": Step("A", "B", "k*A", attributes='reversible="false" fast="true"')})
    text = text.replace("level3/version2", "level3/version1").replace('version="2"', 'version="1"')
    refused(text, "'quick'", "fast")


def test_required_packages() -> None:
    refused(model(DECAY, namespaces=COMP), "'comp'")


@pytest.mark.parametrize("start", ["", 'initialAmount="-1"', 'initialAmount="NaN"', 'initialAmount="INF"'])
def test_initial_amounts(start: str) -> None:
    refused(model(DECAY, species("A", start)), "'A'", "initial amount", error=FormatError)


@pytest.mark.parametrize("size", ["", 'size="0"', 'size="-1"', 'size="NaN"'])
def test_concentrations_in_a_compartment_without_size(size: str) -> None:
    listed = species("A", 'initialAmount="3"', 'hasOnlySubstanceUnits="false"')
    refused(model({"r": Step("A", "", "k*A")}, listed, size=size), "'A'", "'c'", "size")


def test_unknown_compartments() -> None:
    refused(model(DECAY, species("A", home="nowhere")), "'A'", "'nowhere'", error=FormatError)


def test_conversion_factors() -> None:
    refused(model(DECAY, species("A", flags='conversionFactor="k"')), "'A'", "conversion factor")


def test_constants_without_a_value() -> None:
    refused(model(DECAY, parameters={"k": float("nan")}), "'loss'", "nan", error=FormatError)


def test_initial_assignments_that_cannot_be_worked_out() -> None:
    more = f'<listOfInitialAssignments><initialAssignment symbol="A">{mathml("k*nan_")}</initialAssignment>'
    refused(model(DECAY, more=more + "</listOfInitialAssignments>"), "'A'", error=FormatError)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "plain text, no model",
        "<html><body/></html>",
        '<?xml version="1.0"?><sbml/>',
        model(DECAY)[:-20],
        model(DECAY)[: len(model(DECAY)) // 2],
        model(DECAY).replace("<model", "<modle").replace("</model", "</modle"),
        "\x00\x01",
        "model m; A -> B; k*A; k = 1; end",
    ],
    ids=["empty", "blank", "text", "html", "bare", "cut short", "cut in half", "misspelt", "control", "antimony"],
)
def test_text_that_is_no_sbml(text: str) -> None:
    refused(text, error=FormatError)


@pytest.mark.parametrize("line", ["<!DOCTYPE sbml [<!ENTITY a 'b'>]>", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"])
def test_document_type_declarations(line: str) -> None:
    refused(model(DECAY).replace("?>", f"?>{line}", 1), "document type", error=FormatError)


def test_files_are_named_in_the_refusal(tmp_path: Path) -> None:
    path = tmp_path / "odd.xml"
    path.write_text(model({"odd": Step("A", "B", "k*A/(1 + A)")}))
    with pytest.raises(UnsupportedError, match=f"^{re.escape(str(path))}: .*'odd'"):
        read_sbml_file(path)
    with pytest.raises(FormatError, match="no such file"):
        read_sbml_file(tmp_path / "missing.xml")


def test_gzip_files_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_bytes(gzip.compress(model(DECAY).encode()))
    assert read_sbml_file(path).network == read_sbml(model(DECAY)).network


WHOLE = model({"r": Step("A", "B", "k1*A - k2*B"), "s": Step("2 A", "B", "k*A*(A-1)/2")}).encode()
no_slow_fixture = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def only_crn_errors(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        said = str(read_sbml_file(path).network)
    except CrnError as error:
        said = str(error)
        assert "\n" not in said  # either outcome is fine, a traceback is not
    assert said


@no_slow_fixture
@given(cut=st.integers(0, len(WHOLE) - 1))
def test_truncations(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.xml"
    path.write_bytes(WHOLE[:cut])
    with pytest.raises(FormatError):
        read_sbml_file(path)


@no_slow_fixture
@given(content=st.binary(max_size=60))
def test_garbage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "garbage.xml"
    path.write_bytes(content)
    with pytest.raises(FormatError):
        read_sbml_file(path)


@no_slow_fixture
@given(at=st.integers(0, len(WHOLE) - 1), patch=st.binary(max_size=8), skip=st.integers(0, 8))
def test_damage_in_the_middle(tmp_path: Path, at: int, patch: bytes, skip: int) -> None:
    only_crn_errors(tmp_path / "damaged.xml", WHOLE[:at] + patch + WHOLE[at + skip :])

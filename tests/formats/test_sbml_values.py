"""What the constants of a model come to, in every level of SBML; held against sums done by hand and libSBML."""

import math
import re
from pathlib import Path

import libsbml
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.errors import CrnError, FormatError, UnsupportedError
from crn2sbml.formats.sbml_read import read_sbml
from tests.formats.sbml_text import LEVEL_1, Step, mathml, model, species

LEVELS = [(1, 2), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (3, 1)]
DECAY = {"r": Step("A", "", "k*A")}
CONCENTRATION = 'hasOnlySubstanceUnits="false"'


def assigned(**formulas: str) -> str:
    listed = "".join(f'<initialAssignment symbol="{n}">{mathml(f)}</initialAssignment>' for n, f in formulas.items())
    return f"<listOfInitialAssignments>{listed}</listOfInitialAssignments>"


def ruled(**formulas: str) -> str:
    listed = "".join(f'<assignmentRule variable="{n}">{mathml(f)}</assignmentRule>' for n, f in formulas.items())
    return f"<listOfRules>{listed}</listOfRules>"


def defined(**bodies: str) -> str:
    """Functions of x by their bodies."""
    return "".join(
        f'<functionDefinition id="{name}">{mathml(f"lambda(x, {body})")}</functionDefinition>'
        for name, body in bodies.items()
    ).join(("<listOfFunctionDefinitions>", "</listOfFunctionDefinitions>"))


def rates(net: Network) -> list[float]:
    return [net.rate_constants[r.rate] for r in net.reactions]


def in_level(text: str, level: int, version: int) -> str:
    document = libsbml.readSBMLFromString(text)
    assert document.setLevelAndVersion(level, version, False)
    return str(libsbml.writeSBMLToString(document))


@pytest.mark.parametrize(("level", "version"), LEVELS)
def test_every_level_reads_alike(suite_root: Path, level: int, version: int) -> None:
    """Level 1 has no way to say that a species is an amount, and multiplies concentrations out."""
    paths = sorted((suite_root / "semantic").glob("*/*-sbml-l3v2.xml"))[::3]
    paths += sorted((suite_root / "stochastic").glob("*/*-sbml-l3v2.xml"))[::2] if level > 1 else []
    assert len(paths) > 10
    for path in paths:
        text = path.read_text(encoding="utf-8")
        old, new = read_sbml(in_level(text, level, version)).network, read_sbml(text).network
        assert old.reactions == new.reactions, path
        assert old.parameters == new.parameters, path
        assert [s.id for s in old.species] == [s.id for s in new.species]
        assert [s.initial for s in old.species] == pytest.approx([s.initial for s in new.species], rel=1e-15)


@pytest.mark.parametrize(("level", "version"), [(2, 1), (2, 4), (2, 5), (3, 1)])
def test_functions_and_assignments_in_older_levels(level: int, version: int) -> None:
    listed = species("A", 'initialConcentration="3"', CONCENTRATION) + species("B")
    more = "" if level == 2 and version == 1 else assigned(k1="2*k + 1")
    text = model({"r": Step("A", "B", "c*f(k1*A)")}, listed, functions=defined(f="x/4"), more=more, size='size="2"')
    net = read_sbml(in_level(text, level, version)).network
    assert [s.initial for s in net.species] == [6, 10]
    assert rates(net) == [5 / 4 if more else 3 / 4]


LEVEL_2 = """<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="old">
<listOfCompartments><compartment id="c" size="1"/></listOfCompartments>
<listOfSpecies><species id="A" compartment="c" initialAmount="8"/></listOfSpecies>
<listOfParameters><parameter id="two" value="2"/><parameter id="k" value="3"/></listOfParameters>
<listOfReactions><reaction id="r" {fast}>
<listOfProducts><speciesReference species="A"><stoichiometryMath>{math}</stoichiometryMath></speciesReference>
</listOfProducts><kineticLaw>{law}</kineticLaw></reaction></listOfReactions></model></sbml>"""


def test_stoichiometry_by_a_formula() -> None:
    def read(formula: str, fast: str = "") -> Network:
        return read_sbml(LEVEL_2.format(math=mathml(formula), law=mathml("k"), fast=fast)).network

    assert read("two + 1").reactions[0].outputs == (("A", 3),)
    for formula, word in (("two/4", "0.5"), ("A", "depends on a species"), ("time", "time")):
        with pytest.raises(UnsupportedError, match=f"'r'.*'A'.*{word}|'r'.*stoichiometry.*{word}"):
            read(formula)
    with pytest.raises(UnsupportedError, match="'r' is marked fast"):
        read("two", 'fast="true"')


@pytest.mark.parametrize(("level", "version"), [(1, 2), (2, 1), (2, 4), (2, 5), (3, 1)])
def test_values_that_no_level_gives(level: int, version: int) -> None:
    """SBML has no default for the value of a parameter in any level; libSBML shows 0 in the older ones."""
    text = in_level(model({"r": Step("A", "B", "k*q*A", local=(("q", 3.0),))}), level, version)
    assert rates(read_sbml(text).network) == [6.0]
    for name, value in (("k", "2"), ("q", "3")):
        key = "name" if level == 1 else "id"
        without = re.sub(rf'({key}="{name}") value="{value}"', r"\1", text)
        assert without != text
        with pytest.raises(FormatError, match=r"'r'.*nan"):
            read_sbml(without)
    unused = re.sub(r'"k2" value="0.5"', '"k2"', text)
    assert read_sbml(unused).network.rate_constants.keys() == read_sbml(text).network.rate_constants.keys() - {"k2"}


@pytest.mark.parametrize(("level", "version"), [(2, 1), (2, 4), (2, 5), (3, 1)])
def test_sizes_that_no_level_gives(level: int, version: int) -> None:
    listed = species("A", 'initialAmount="6"', CONCENTRATION)
    text = in_level(model(DECAY, listed, size='size="2"'), level, version)
    assert rates(read_sbml(text).network) == [1.0]
    with pytest.raises(UnsupportedError, match="'A' is a concentration in 'c', whose size is nan"):
        read_sbml(text.replace('size="2"', ""))
    items = in_level(model(DECAY, size='size="2"'), level, version).replace('size="2"', "")
    assert rates(read_sbml(items).network) == [2.0]


def test_the_volume_of_level_1_has_a_default() -> None:
    """It is 1 (SBML Level 1 Version 2, section 4.4)."""
    text = LEVEL_1.format(ids="", law="k*A")
    assert rates(read_sbml(text).network) == [2.0]
    assert rates(read_sbml(text.replace('<compartment name="c"', '<compartment name="c" volume="4"')).network) == [0.5]


def test_fractions_of_level_1() -> None:
    text = in_level(model({"r": Step("A", "B", "k*A")}), 1, 2)
    assert 'species="B"' in text
    whole = text.replace('species="B"', 'species="B" stoichiometry="6" denominator="3"')
    assert read_sbml(whole).network.reactions[0].outputs == (("B", 2),)
    with pytest.raises(UnsupportedError, match=r"'r'.*'B'.*1.5"):
        read_sbml(text.replace('species="B"', 'species="B" stoichiometry="3" denominator="2"'))


def test_stoichiometries_with_a_name() -> None:
    """Level 3: the id of a species reference means its stoichiometry, which an assignment may give."""
    text = model({"r": Step("2 A", "B", "k*pair*A^2")}, more=assigned(made="k + 1"))
    text = text.replace('species="A" stoichiometry', 'id="pair" species="A" stoichiometry')
    text = text.replace('species="B" stoichiometry', 'id="made" species="B" stoichiometry')
    (step,) = (net := read_sbml(text).network).reactions
    assert (step.inputs, step.outputs, rates(net)) == ((("A", 2),), (("B", 3),), [4.0])


@pytest.mark.parametrize(
    ("formula", "amount"),
    [("4", 8), ("c", 4), ("B", 5), ("k1*p + 1", 14), ("piecewise(7, k > 3, 6)", 12), ("f(g(k))", 24), ("exp(0)", 2)],
)
def test_initial_assignments(formula: str, amount: float) -> None:
    """Of a concentration in a compartment of size 2; B is one too, 5 items there; p is itself assigned."""
    listed = species("A", "", CONCENTRATION) + species("B", 'initialAmount="5"', CONCENTRATION)
    text = model(
        DECAY,
        listed,
        {"k": 2.0, "k1": 3.0, "p": 9.0},
        more=assigned(A=formula, p="k", c="k"),
        functions=defined(f="2*x", g="x*(x + 1)"),
        size='size="1"',
    )
    assert read_sbml(text).network.species[0].initial == pytest.approx(amount, rel=1e-15)


def test_assigned_sizes_count_for_initial_concentrations_and_laws() -> None:
    listed = species("A", 'initialConcentration="3"', CONCENTRATION) + species("B", 'initialConcentration="3"')
    net = read_sbml(model({"r": Step("A", "B", "k*c*A^1")}, listed, more=assigned(c="k1 + 1"), size="")).network
    assert [s.initial for s in net.species] == [12, 12]
    assert rates(net) == [2.0]
    net = read_sbml(model({"r": Step("A", "B", "k*A")}, listed, more=assigned(c="4"))).network
    assert rates(net) == [0.5]


@pytest.mark.parametrize(("dimensions", "size", "factor"), [(0, "", 1), (1, 'size="4"', 4), (2, 'size="4"', 4)])
def test_compartments_of_fewer_dimensions(dimensions: int, size: str, factor: float) -> None:
    listed = species("A", 'initialAmount="12"', CONCENTRATION)
    text = model(DECAY, listed, size=size).replace('spatialDimensions="3"', f'spatialDimensions="{dimensions}"')
    net = read_sbml(text).network
    assert (net.species[0].initial, rates(net)) == (12, [2 / factor])


def test_rules_that_are_constants() -> None:
    text = model(
        {"r": Step("A", "B", "p*A"), "s": Step("B", "A", "q*B")},
        parameters={"k": 2.0, "p": math.nan, "q": math.nan},
        more=ruled(q="p/4", p="2*k + 1"),
    )
    net = read_sbml(text).network
    assert rates(net) == [5.0, 1.25]
    assert [r.rate for r in net.reactions] == ["p", "q"]


def test_a_species_that_a_rule_fixes_is_clamped() -> None:
    listed = species("A") + species("B", "", CONCENTRATION + ' boundaryCondition="true"')
    net = read_sbml(model({"r": Step("A", "", "k*A*B")}, listed, more=ruled(B="k + 1"), size='size="2"')).network
    assert [(s.initial, s.clamped) for s in net.species] == [(10, False), (6, True)]
    assert Matrices.of(net).derivative([10, 6]).tolist() == [-60, 0]


@pytest.mark.parametrize(
    ("more", "folded"),
    [
        ("", set()),
        (assigned(k="2*A + k1"), {"A"}),
        (assigned(A="2*B"), {"B"}),
        (ruled(k="2*Z"), {"Z"}),
        (assigned(k="k1", A="3"), set()),
        (ruled(k="2*Y", Y="3*Z"), {"Y", "Z"}),
        (assigned(k1="A/B"), {"A", "B"}),
    ],
)
def test_species_that_other_values_follow(more: str, folded: set[str]) -> None:
    """By the formulas: their species start what else starts; nothing of that is left in the network."""
    listed = "".join(species(name) for name in "AB") + species("Y", flags='boundaryCondition="true"')
    listed += species("Z", flags='constant="true" boundaryCondition="true"')
    assert read_sbml(model(DECAY, listed, more=more)).folded == folded


def test_local_names_hide_every_other() -> None:
    """A species, a compartment, a function's argument and a parameter of the same name elsewhere."""
    local = (("B", 7.0), ("c", 5.0), ("x", 2.0))
    text = model({"r": Step("A", "", "f(B)*A*c*x", local=local), "s": Step("B", "", "k*B*c")}, functions=defined(f="x"))
    assert rates(read_sbml(text).network) == [70.0, 2.0]


def test_constants_of_the_specification() -> None:
    text = model({"r": Step("A", "", "k*A*avogadro/6.02214179e23"), "s": Step("A", "", "pi*A")})
    assert rates(read_sbml(text).network) == pytest.approx([2.0, math.pi], rel=1e-15)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (assigned(k="k1", k1="k"), ["circle", "k -> k1 -> k"]),
        (assigned(k="k"), ["circle"]),
        (assigned(zz="1"), ["'zz'", "no such"]),
        (assigned(k="1") + ruled(k="2"), ["'k'", "something else"]),
        (assigned(k="1/(k1 - 3)"), ["'k'", "no finite value"]),
        (assigned(k="zz"), ["'k'", "'zz'"]),
        (assigned(k="time"), ["'k'", "time"]),
        (ruled(k="A"), ["assignmentRule", "'k'", "species 'A'"]),
        (ruled(k="time"), ["assignmentRule", "'k'", "time"]),
        ('<listOfRules><assignmentRule variable="k"/></listOfRules>', ["'k'", "no formula"]),
    ],
)
def test_values_that_cannot_be_worked_out(more: str, words: list[str]) -> None:
    with pytest.raises(FormatError) as refusal:
        read_sbml(model(DECAY, more=more))
    for word in words:
        assert word in str(refusal.value), refusal.value


@pytest.mark.parametrize("twice", ['<parameter id="k"', '<species id="A"', '<compartment id="c"', '<reaction id="r"'])
def test_ids_used_twice(twice: str) -> None:
    text = model(DECAY | {"s": Step("B", "", "k*B")}).replace('id="B"', 'id="A"' if "species" in twice else 'id="B"')
    text = text.replace('id="k1"', 'id="k"' if "parameter" in twice else 'id="k1"')
    text = text.replace('id="s"', 'id="r"' if "reaction" in twice else 'id="s"')
    text = text.replace('id="k2"', 'id="c"' if "compartment" in twice else 'id="k2"')
    with pytest.raises(CrnError, match="used twice"):
        read_sbml(text)

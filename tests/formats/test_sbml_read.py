import re
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.errors import FormatError, UnsupportedError
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from tests.formats.sbml_text import LEVEL_1, Step, model, species


def steps(net: Network) -> list[tuple[dict[str, int], dict[str, int], float]]:
    return [(dict(r.inputs), dict(r.outputs), net.rate_constants[r.rate]) for r in net.reactions]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step("A", "B", "k*A"), ({"A": 1}, {"B": 1}, 2.0)),
        (Step("A", "B", "A*k"), ({"A": 1}, {"B": 1}, 2.0)),
        (Step("A", "B", "k1*k2*A"), ({"A": 1}, {"B": 1}, 1.5)),
        (Step("A", "B", "A/k2"), ({"A": 1}, {"B": 1}, 2.0)),
        (Step("A", "B", "exp(0)*3*A"), ({"A": 1}, {"B": 1}, 3.0)),
        (Step("A", "B", "sqrt(4)*A"), ({"A": 1}, {"B": 1}, 2.0)),
        (Step("A", "B", "k^2*A"), ({"A": 1}, {"B": 1}, 4.0)),
        (Step("A", "B", "-(-k)*A"), ({"A": 1}, {"B": 1}, 2.0)),
        (Step("", "A", "k"), ({}, {"A": 1}, 2.0)),
        (Step("A", "", "k*A"), ({"A": 1}, {}, 2.0)),
        (Step("A", "2 A", "k*A"), ({"A": 1}, {"A": 2}, 2.0)),
        (Step("A + B", "B", "k*A*B"), ({"A": 1, "B": 1}, {"B": 1}, 2.0)),
        (Step("A", "B", "k*A*B"), ({"A": 1, "B": 1}, {"B": 2}, 2.0)),
        (Step("A + A", "B", "k*A*A"), ({"A": 2}, {"B": 1}, 2.0)),
        (Step("", "B", "k*A", modifiers=("A",)), ({"A": 1}, {"A": 1, "B": 1}, 2.0)),
        (Step("A", "B", "(A + 2*A)*k/3"), ({"A": 1}, {"B": 1}, 2.0)),
        (Step("2 A", "B", "k*A^2"), ({"A": 2}, {"B": 1}, 2.0)),
        (Step("2 A + B", "", "k*A^2*B"), ({"A": 2, "B": 1}, {}, 2.0)),
    ],
    ids=lambda value: value.law if isinstance(value, Step) else "",
)
def test_one_law_one_reaction(step: Step, expected: tuple[dict[str, int], dict[str, int], float]) -> None:
    ((inputs, outputs, constant),) = steps(read_sbml(model({"r": step})).network)
    assert (inputs, outputs) == expected[:2]
    assert constant == pytest.approx(expected[2], rel=1e-14)


@pytest.mark.parametrize(("law", "speed"), [("(k1 + k2)*A*1", 35), ("(k1 - k2)*A", 25), ("k1*(1 - k2)*A", 15)])
def test_coefficients_that_are_sums_of_constants(law: str, speed: float) -> None:
    """However many reactions it takes: every one has A as its input, and together they have the law's speed."""
    net = read_sbml(model({"r": Step("A", "B", law)})).network
    assert {r.inputs for r in net.reactions} == {(("A", 1),)}
    assert Matrices.of(net).derivative([10, 10]).tolist() == pytest.approx([-speed, speed])


@pytest.mark.parametrize(
    ("law", "constant"),
    [("k*A*(A-1)/2", 1.0), ("k*A*(A-1)", 2.0), ("k/2*(A*A - A)", 1.0), ("k1*k2*(A-1)*A", 1.5), ("0.5*A^2 - A/2", 0.5)],
)
def test_laws_of_counts_give_the_stochastic_reading(law: str, constant: float) -> None:
    document = read_sbml(model({"r": Step("2 A", "B", law)}))
    assert document.reading == "stochastic"
    assert steps(document.network) == [({"A": 2}, {"B": 1}, pytest.approx(constant, rel=1e-14))]


def test_laws_of_powers_give_the_deterministic_reading() -> None:
    document = read_sbml(model({"r": Step("3 A", "B", "k*A^3"), "s": Step("B", "A", "k*B")}))
    assert document.reading == "deterministic"
    assert steps(document.network) == [({"A": 3}, {"B": 1}, 2.0), ({"B": 1}, {"A": 1}, 2.0)]


def test_three_of_one_species_in_the_stochastic_reading() -> None:
    document = read_sbml(model({"r": Step("3 A + B", "B", "k*A*(A-1)*(A-2)*B/6")}))
    assert document.reading == "stochastic"
    assert steps(document.network) == [({"A": 3, "B": 1}, {"B": 1}, pytest.approx(2 / 6))]


def test_a_sum_of_terms_is_one_reaction_each() -> None:
    document = read_sbml(model({"r": Step("", "C", "k + k1*A + k2*A*B", modifiers=("A", "B"))}, "ABC"))
    assert document.shape == "lumped"
    assert steps(document.network) == [
        ({}, {"C": 1}, 2.0),
        ({"A": 1}, {"A": 1, "C": 1}, 3.0),
        ({"A": 1, "B": 1}, {"A": 1, "B": 1, "C": 1}, 0.5),
    ]


def test_a_reversible_law_is_split_in_two() -> None:
    text = model({"r": Step("A", "B + C", "k1*A - k2*B*C", attributes='reversible="true"')}, "ABC")
    assert steps(read_sbml(text).network) == [({"A": 1}, {"B": 1, "C": 1}, 3.0), ({"B": 1, "C": 1}, {"A": 1}, 0.5)]


def test_a_reversible_law_whose_way_back_is_switched_off() -> None:
    """SBML Test Suite cases 186 to 189 switch one direction off by a constant of 0, there in two reactions."""
    text = model({"r": Step("A", "B", "k1*A - k2*B", attributes='reversible="true"')}, parameters={"k1": 3, "k2": 0})
    net = read_sbml(text).network
    assert Matrices.of(net).derivative([10, 10]).tolist() == [-30, 30]
    assert [s for s in steps(net) if s[2]] == [({"A": 1}, {"B": 1}, 3.0)]


def test_a_shared_factor_is_multiplied_out() -> None:
    text = model({"r": Step("A", "B", "k*(k1*A - k2*B)", attributes='reversible="true"')})
    assert steps(read_sbml(text).network) == [({"A": 1}, {"B": 1}, 6.0), ({"B": 1}, {"A": 1}, 1.0)]


def test_function_definitions_are_expanded() -> None:
    functions = (
        '<listOfFunctionDefinitions><functionDefinition id="f"><math xmlns="http://www.w3.org/1998/Math/MathML">'
        "<lambda><bvar><ci>x</ci></bvar><bvar><ci>A</ci></bvar>"
        "<apply><times/><ci>x</ci><ci>A</ci></apply></lambda></math></functionDefinition></listOfFunctionDefinitions>"
    )
    text = model({"r": Step("A + B", "B", "f(k, A)*f(B, k1)")}, functions=functions)
    assert steps(read_sbml(text).network) == [({"A": 1, "B": 1}, {"B": 1}, 6.0)]


def test_local_parameters_belong_to_their_reaction() -> None:
    text = model(
        {
            "r": Step("A", "B", "k*A", local=(("k", 7.0),)),
            "s": Step("B", "A", "k*B"),
            "t": Step("B", "", "k*B", local=(("k", 9.0),)),
        }
    )
    net = read_sbml(text).network
    assert steps(net) == [({"A": 1}, {"B": 1}, 7.0), ({"B": 1}, {"A": 1}, 2.0), ({"B": 1}, {}, 9.0)]
    assert net.reactions[1].rate == "k"


def test_one_constant_for_two_orders_is_split() -> None:
    net = read_sbml(model({"r": Step("A", "", "k*A"), "s": Step("A + B", "", "k*A*B")})).network
    assert steps(net) == [({"A": 1}, {}, 2.0), ({"A": 1, "B": 1}, {}, 2.0)]


def test_initial_assignments_are_worked_out() -> None:
    assignments = (
        '<listOfInitialAssignments><initialAssignment symbol="A"><math xmlns="http://www.w3.org/1998/Math/MathML">'
        "<apply><times/><ci>k1</ci><cn>4</cn></apply></math></initialAssignment></listOfInitialAssignments>"
    )
    net = read_sbml(model({"r": Step("A", "", "k*A")}, more=assignments)).network
    assert [s.initial for s in net.species] == [12, 10]


def test_concentrations_in_a_compartment_of_size_two() -> None:
    """Laws in concentrations, times the compartment: k c [A] [B] = k/c n_A n_B, and 2A -> B has k/c n_A^2."""
    flags = 'hasOnlySubstanceUnits="false"'
    listed = species("A", 'initialConcentration="5"', flags) + species("B", 'initialAmount="4"', flags)
    text = model(
        {
            "one": Step("A", "B", "c*k*A"),
            "two": Step("A + B", "", "c*k*A*B"),
            "zero": Step("", "A", "c*k"),
            "pair": Step("2 A", "B", "c*k*A^2"),
        },
        listed,
        size='size="2"',
    )
    net = read_sbml(text).network
    assert [s.initial for s in net.species] == [10, 4]
    assert [constant for _, _, constant in steps(net)] == pytest.approx([2.0, 1.0, 4.0, 1.0], rel=1e-14)


def test_boundary_and_constant_species_are_clamped() -> None:
    listed = species("A", flags='boundaryCondition="true"') + species("B", flags='constant="true"') + species("C")
    net = read_sbml(model({"r": Step("A", "C", "k*A"), "s": Step("A", "C", "k1")}, listed)).network
    assert net.clamped == ("A", "B")
    np.testing.assert_allclose(Matrices.of(net).derivative([10, 10, 0]), [0, 0, 2 * 10 + 3])


LEVEL_2 = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4">
  <model id="old">
    <listOfCompartments><compartment id="c" size="4"/></listOfCompartments>
    <listOfSpecies>
      <species id="A" compartment="c" initialAmount="8"/>
      <species id="B" compartment="c" initialConcentration="0.5" boundaryCondition="true"/>
    </listOfSpecies>
    <listOfParameters><parameter id="k" value="3"/></listOfParameters>
    <listOfReactions>
      <reaction id="r" reversible="false">
        <listOfReactants><speciesReference species="A"/><speciesReference species="B"/></listOfReactants>
        <kineticLaw>
          <math xmlns="http://www.w3.org/1998/Math/MathML">
            <apply><times/><ci>c</ci><ci>k</ci><ci>q</ci><ci>A</ci><ci>B</ci></apply>
          </math>
          <listOfParameters><parameter id="q" value="2"/></listOfParameters>
        </kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>"""


def test_level_2_version_4() -> None:
    net = read_sbml(LEVEL_2).network
    assert [(s.id, s.initial, s.clamped) for s in net.species] == [("A", 8, False), ("B", 2, True)]
    # d[A]c/dt = -4 * 3 * 2 * [A] [B] with [A] = 2 and [B] = 0.5.
    assert Matrices.of(net).derivative([8, 2]).tolist() == pytest.approx([-24, 0])


@pytest.mark.parametrize(
    ("steps_of", "names", "parameters"),
    [
        ({"r": Step("A", "", "2*k*A")}, ["A", "k_r"], {"k": 1.0}),
        ({"r": Step("A", "", "2*k*A"), "k_r": Step("A", "", "k*A")}, ["A"], {"k": 1.0}),
        (
            {"r": Step("", "A", "k + k1*A", modifiers=("A",)), "r_1": Step("A", "", "k1*A")},
            ["A"],
            {"k": 1.0, "k1": 1.0},
        ),
        ({"r": Step("", "A", "k + k1*A", modifiers=("A",))}, ["A", "r_1"], {"k": 1.0, "k1": 1.0}),
        ({"r": Step("A", "", "k*A")}, ["A", "model"], {"k": 1.0}),
    ],
    ids=["species k_r", "reaction k_r", "reaction r_1", "species r_1", "species model"],
)
def test_names_made_while_reading_avoid_those_in_the_file(
    steps_of: dict[str, Step], names: list[str], parameters: dict[str, float]
) -> None:
    listed = "".join(species(name) for name in names)
    net = read_sbml(model(steps_of, listed, parameters, model_id="")).network
    assert [s.id for s in net.species] == names
    assert len(net.reactions) >= len(steps_of)


@pytest.mark.parametrize(
    "first",
    [
        "",
        '<?xml version="1.0"?>',
        "<?xml version='1.0' standalone='yes'?>\n",
        '\ufeff<?xml version="1.0" encoding="utf-8"?>',
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
    ],
)
def test_first_lines_that_xml_allows(tmp_path: Path, first: str) -> None:
    """Without an encoding it is UTF-8 (XML 1.0, section 4.3.3); a text that is read is no bytes any more."""
    text = model({"r": Step("A", "B", "k*A")}, model_id='id="m" name="größe"')
    path = tmp_path / "m.xml"
    path.write_text(first + text.partition("?>")[2], encoding="utf-8")
    assert read_sbml_file(path) == read_sbml(text)
    assert read_sbml_file(path).metadata.title == "größe"


@pytest.mark.parametrize(
    "name", ["Pi", "pi", "PI", "exponentiale", "true", "False", "avogadro", "time", "Infinity", "e"]
)
def test_ids_that_look_like_constants_in_level_1(name: str) -> None:
    """The formula k * id * A names a parameter of value 3, whatever libSBML's parser makes of it."""
    given = f'<parameter name="{name}" value="3"/>'
    assert steps(read_sbml(LEVEL_1.format(ids=given, law=f"k*{name}*A")).network) == [({"A": 1}, {}, 6.0)]
    local = LEVEL_1.format(ids="", law=f"k*{name}*A").replace(
        'A"/></reaction>', f'A"><listOfParameters>{given}</listOfParameters></kineticLaw></reaction>'
    )
    assert steps(read_sbml(local).network) == [({"A": 1}, {}, 6.0)]
    rule = LEVEL_1.format(ids=given + '<parameter name="q"/>', law="q*A").replace(
        "<listOfReactions>", f'<listOfRules><parameterRule name="q" formula="2*{name}"/></listOfRules><listOfReactions>'
    )
    assert steps(read_sbml(rule).network) == [({"A": 1}, {}, 6.0)]
    as_species = LEVEL_1.format(ids="", law=f"k*A*{name}").replace(
        "</listOfSpecies>", f'<species name="{name}" compartment="c" initialAmount="7"/></listOfSpecies>'
    )
    (step,) = (net := read_sbml(as_species).network).reactions
    assert step.inputs == (("A", 1), (name, 1))
    assert Matrices.of(net).derivative([10, 7]).tolist() == [-2 * 10 * 7, 0]


def test_constants_of_level_1_that_are_no_ids() -> None:
    assert steps(read_sbml(LEVEL_1.format(ids="", law="k*pi*A")).network) == [({"A": 1}, {}, 2 * np.pi)]


@pytest.mark.parametrize("name", ["inf", "INF", "nan", "NaN"])
def test_ids_of_level_1_that_are_lost(name: str) -> None:
    given = f'<parameter name="{name}" value="3"/>'
    with pytest.raises(UnsupportedError, match=f"'r'.*'{name}'.*rename"):
        read_sbml(LEVEL_1.format(ids=given, law=f"k*{name}*A"))
    assert steps(read_sbml(LEVEL_1.format(ids=given, law="k*A")).network) == [({"A": 1}, {}, 2.0)]


def test_a_model_with_the_id_of_a_species(tmp_path: Path) -> None:
    path = tmp_path / "twice.xml"
    path.write_text(model({"r": Step("A", "B", "k*A")}, model_id='id="A"'))
    with pytest.raises(FormatError, match=f"^{re.escape(str(path))}: .*'A' is used twice"):
        read_sbml_file(path)

"""Small files that expand without bound, and damaged elements of good ones: one line, little memory, little time."""

import random
import resource
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from crn2sbml.errors import CrnError
from crn2sbml.formats.sbml_read import read_sbml
from tests.formats.sbml_text import LEVEL_1, Step, model, species
from tests.formats.test_sbml_values import assigned, defined, ruled

MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
MANY = "".join(species(f"S{i}") for i in range(30)) + species("A") + species("B")
SUM = " + ".join(f"S{i}" for i in range(30))
DOUBLING = {"f0": "x + x"} | {f"f{i}": f"f{i - 1}(f{i - 1}(x))" for i in range(1, 41)}


def law(text: str, all_species: str = "AB", **more: str) -> str:
    return model({"r": Step("A", "B", text)}, all_species, **more)  # type: ignore[arg-type]


def raw_law(inside: str, parameters: dict[str, float] | None = None) -> str:
    whole = model({"r": Step("A", "B", "k*A")}, parameters=parameters)
    start = whole.index("<math", whole.index("<kineticLaw"))
    return whole[:start] + MATH + inside + whole[whole.index("</math>", start) :]


def applied(operator: str, *operands: str) -> str:
    return f"<apply><{operator}/>{''.join(operands)}</apply>"


A, K = "<ci>A</ci>", "<ci>k</ci>"
BOMBS = {
    "sum to a power": (law(f"({SUM})^12", MANY), "too many"),
    "product of sums": (law("*".join([f"({SUM})"] * 12), MANY), "too many"),
    "large power": (law("k*A^1000000000"), "A^1000000000"),
    "power of powers": (law("((A^12)^12)^12"), "power"),
    "large power of a constant": (raw_law(applied("times", applied("power", K, "<cn>1e300</cn>"), A)), "nan"),
    "overflow": (raw_law(applied("times", applied("power", K, "<cn>3</cn>"), A), {"k": 1e200}), "nan"),
    "division by nothing": (raw_law(applied("divide", A, K), {"k": 0.0}), "nan"),
    "infinity": (raw_law(applied("times", "<infinity/>", A)), "inf"),
    "not a number": (raw_law(applied("times", "<notanumber/>", A)), "nan"),
    "doubling functions": (law("f40(A)", functions=defined(**DOUBLING)), "multiply out"),
    "doubling assignments": (law("k*A", functions=defined(**DOUBLING), more=assigned(k="f40(1)")), "multiply out"),
    "function of itself": (law("f(A)", functions=defined(f="f(x)")), "calls itself"),
    "functions of each other": (law("f(A)", functions=defined(f="g(x)", g="f(x)")), "f -> g -> f"),
    "no function": (law("f(A)"), "'f'"),
    "wrong number of arguments": (law("f(A, k)", functions=defined(f="x")), "2 arguments, not 1"),
    "many functions": (
        law("f900(A)", functions=defined(f0="x", **{f"f{i}": f"f{i - 1}(x)" for i in range(1, 901)})),
        "functions deep",
    ),
    "many falling factorials": (law("*".join(f"S{i}^12" for i in range(8)), MANY), "not mass action"),
    "stoichiometry": (model({"r": Step("1e9 A", "B", "k*A")}), "1000000000"),
    "nested minus": (raw_law("<apply><minus/>" * 10_000 + A + "</apply>" * 10_000), "nested"),
    "nested products": (
        raw_law(f"<apply><times/>{K}<apply><plus/>" * 1000 + A + "<cn>1</cn></apply></apply>" * 1000),
        "r",
    ),
} | {
    f"{operator} of {len(operands)}": (raw_law(applied(operator, *operands)), "'r'")
    for operator, operands in [
        *(("exp", ()), ("minus", ()), ("divide", (A,)), ("power", (A,)), ("root", ()), ("exp", (K, K)), ("gt", ())),
        *(("log", ()), ("max", ()), ("not", ()), ("factorial", (A,)), ("minus", (A, A, A))),
    ]
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str) -> None:
    text, word = BOMBS[name]
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(CrnError) as refusal:
        read_sbml(text)
    assert word in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 500
    assert time.process_time() - start < 15  # half a million steps of Python, on a slow machine
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


def test_deep_formulas_that_programs_write() -> None:
    """Sums of 1,000 terms as nested binary ones, as written for lumped reactions, and a chain of minus signs."""
    deep = "<apply><plus/>" * 999 + A + f"{applied('times', K, A)}</apply>" * 999
    net = read_sbml(raw_law(deep)).network
    assert sorted(net.rate_constants[r.rate] for r in net.reactions) == [1.0, 2.0 * 999]
    (step,) = (net := read_sbml(raw_law("<apply><minus/>" * 1900 + A + "</apply>" * 1900)).network).reactions
    assert net.rate_constants[step.rate] == 1.0


@pytest.mark.parametrize("part", ["notes", "annotation"])
@pytest.mark.parametrize("name", ["p", "math"])
def test_deep_notes(part: str, name: str) -> None:
    inside = f'<{name} xmlns="urn:x">' * 10_000 + f"</{name}>" * 10_000
    with pytest.raises(CrnError, match="nested"):
        read_sbml(model({}).replace('<model id="m">', f'<model id="m"><{part}>{inside}</{part}>'))


def test_no_bomb_goes_off_in_a_small_process(tmp_path: Path) -> None:
    """What would overflow the stack of C++ ends the process without a word: so the deepest go to another one."""
    path = tmp_path / "deep.xml"
    path.write_text(raw_law("<apply><minus/>" * 200_000 + A + "</apply>" * 200_000))
    script = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "from crn2sbml.errors import CrnError\n"
        "from crn2sbml.formats.sbml_read import read_sbml_file\n"
        "try:\n    read_sbml_file(sys.argv[1])\nexcept CrnError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert "nested" in done.stdout


@pytest.mark.parametrize("formula", ["-" * 200_000 + "k", "abs(" * 200_000 + "k" + ")" * 200_000, "k" + "+k" * 200_000])
def test_no_formula_of_level_1_ends_the_process(tmp_path: Path, formula: str) -> None:
    """200,000 levels overflow libSBML's stack."""
    path = tmp_path / "deep.xml"
    path.write_text(LEVEL_1.format(ids="", law=formula))
    script = (
        "import sys\n"
        "from crn2sbml.errors import CrnError\n"
        "from crn2sbml.formats.sbml_read import read_sbml_file\n"
        "try:\n    read_sbml_file(sys.argv[1])\nexcept CrnError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a formula of" in done.stdout


VALUES = [
    "1e999",
    "NaN",
    "INF",
    "-INF",
    "-1",
    "",
    "0",
    "1e-320",
    "1e300",
    "9" * 400,
    "true",
    "-0",
    "0.5",
    "A",
    "é",
    "3 4",
]
TAGS = (
    *("times", "plus", "minus", "divide", "power", "root", "exp", "ln", "log", "piecewise", "lambda"),
    *("ci", "cn", "apply", "bvar", "csymbol", "species", "parameter"),
)
WHOLE = model(
    {
        "r": Step("A+B", "2 B", "f(k*A)*B"),
        "s": Step("2 B", "", "k1*B*(B-1)/2"),
        "t": Step("", "B", "q*A/k^2 + k1*sqrt(4)*B", modifiers=("A",), local=(("q", 3.0),)),
        "u": Step("A", "B", "c*(k1*A - k2*B)"),
    },
    species("A", flags='hasOnlySubstanceUnits="false"') + species("B"),
    functions=defined(f="x/2"),
    more=assigned(A="k*4 + exp(1)", k1="A/2") + ruled(k2="3*k"),
    size='size="2"',
)


@pytest.mark.parametrize("seed", range(300))
def test_elements_changed_at_random(seed: int) -> None:
    """Removed, doubled, renamed; attributes removed or of other values. Any network or any one line is fine."""
    rng = random.Random(seed)
    root = ET.fromstring(WHOLE)
    for _ in range(rng.choice([1, 1, 2, 4])):
        elements = list(root.iter())
        parent = {child: element for element in elements for child in element}
        chosen, other = rng.choice(elements), rng.choice(elements)
        action = rng.choice(["remove", "double", "set", "unset", "text", "rename"])
        if action == "remove" and chosen in parent:
            parent[chosen].remove(chosen)
        elif action == "double" and chosen in parent:
            parent[chosen].insert(0, ET.fromstring(ET.tostring(other)))
        elif action == "set" and chosen.attrib:
            chosen.set(rng.choice(list(chosen.attrib)), rng.choice([*VALUES, other.get("id", "q")]))
        elif action == "unset" and chosen.attrib:
            del chosen.attrib[rng.choice(list(chosen.attrib))]
        elif action == "text":
            chosen.text = rng.choice([*VALUES, other.text or ""])
        else:
            chosen.tag = f"{chosen.tag.rpartition('}')[0]}}}{rng.choice(TAGS)}"
    try:
        said = str(read_sbml(ET.tostring(root, encoding="unicode")).network)
    except CrnError as error:
        said = str(error)
        assert "\n" not in said
        assert len(said) < 500
    assert said


def test_the_whole_that_is_changed_is_good() -> None:
    assert len(read_sbml(WHOLE).network.reactions) == 6

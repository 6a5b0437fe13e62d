"""BNGL text: read by a small parser of this file, and run by BioNetGen itself where that is installed.

`pip install --no-deps bionetgen` brings BioNetGen (a Perl program and a compiled simulator) in its wheel; Perl must be
there. BNGPATH may name another folder that holds BNG2.pl.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import product
from math import factorial, prod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from numpy.typing import NDArray

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.errors import FormatError
from crn2sbml.formats.bngl_write import LARGEST_STOICHIOMETRY, RESERVED, write_bngl
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from tests.engines.models import dimers, driven
from tests.formats.test_sbml_write import METADATA, pairs, single
from tests.reference.random_networks import networks

Block = dict[str, str]
Array = NDArray[np.float64]


def bionetgen() -> Path | None:
    """BNG2.pl of BNGPATH or of the Python package `bionetgen`."""
    found = importlib.util.find_spec("bionetgen")
    folders = [Path(os.environ["BNGPATH"])] if "BNGPATH" in os.environ else []
    folders += [Path(place) / "bng-linux" for place in (found and found.submodule_search_locations) or ()]
    return next((folder / "BNG2.pl" for folder in folders if (folder / "BNG2.pl").is_file()), None)


BNG = bionetgen()
needs_bionetgen = pytest.mark.skipif(
    BNG is None or shutil.which("perl") is None,
    reason="BioNetGen or Perl is not installed: pip install --no-deps bionetgen, or set BNGPATH",
)


def run_bionetgen(text: str, folder: Path) -> str:
    """Runs the text as model.bngl; returns what was printed."""
    (folder / "model.bngl").write_text(text, "utf-8")
    done = subprocess.run(["perl", str(BNG), "model.bngl"], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S607
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def gdat(file: Path) -> dict[str, Array]:
    """Columns of BioNetGen's output by observable."""
    names = file.read_text().splitlines()[0].lstrip("#").split()
    return dict(zip(names, np.loadtxt(file, ndmin=2).T, strict=True))


def block(text: str, name: str) -> list[str]:
    found = re.search(rf"^begin {name}\n(.*?)^end {name}$", text, re.DOTALL | re.MULTILINE)
    assert found is not None, name
    return [line.strip() for line in found[1].splitlines()]


def rules(text: str) -> list[tuple[str, list[str], list[str], float, str]]:
    """Id, molecules on the left and on the right, factor and rate constant of each rule."""
    parsed = []
    for line in block(text, "reaction rules"):
        name, left, right, rate = re.fullmatch(r"(\w+): (.*) -> (.*) (\S+)", line).groups()  # type: ignore[union-attr]
        sides = [[] if side == "0" else side.replace("()", "").split(" + ") for side in (left, right)]
        factor, _, constant = rate.rpartition("*")
        parsed.append((name, *sides, float(factor or 1), constant))
    return parsed  # type: ignore[return-value]


def document_of(net: Network) -> Document:
    return Document(net, reading="deterministic" if net.has_repeated_reactants else "any")


def outputs_of(net: Network) -> list[str]:
    return [s.id for s in net.species]


def orders() -> Network:
    """Every way to take up to four A and keep some; B as a catalyst of some."""
    reactions = [
        Reaction(f"r{taken}{kept}{cat}", _terms(A=taken, B=cat), _terms(A=kept, B=cat, C=1), f"k{taken + cat}")
        for taken, kept, cat in product(range(5), range(6), range(3))
        if taken + cat < 5
    ]
    constants = tuple(Parameter(f"k{i}", v) for i, v in enumerate((3.0, 0.4, 0.01, 2e-4, 1e-6)))
    species = (Species("A", 6), Species("B", 4), Species("C", 0), Species("X", 5, clamped=True))
    return Network("orders", species, constants, tuple(reactions))


def _terms(**counts: int) -> tuple[tuple[str, int], ...]:
    return tuple((name, count) for name, count in counts.items() if count)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_random_networks_are_all_there(net: Network) -> None:
    """Species, counts, constants and reactions, each found by a parser that knows nothing of the writer."""
    changing = [r for r in net.reactions if r.net_change]
    assume(changing)
    text = write_bngl(document_of(net), 1.0, [net.species[0].id])
    seeds = dict(line.split("() ") for line in block(text, "seed species"))
    assert {k: float(v) for k, v in seeds.items()} == {"$" * s.clamped + s.id: s.initial for s in net.species}
    values = {k: float(v) for k, v in (line.split() for line in block(text, "parameters"))}
    assert values == net.rate_constants
    assert len(rules(text)) == len(changing)
    for reaction, (name, left, right, _, rate) in zip(changing, rules(text), strict=True):
        assert (reaction.id, reaction.rate) == (name, rate)
        for terms, side in ((reaction.inputs, left), (reaction.outputs, right)):
            assert {n: side.count(n) for n in side} == dict(terms)


def test_statistical_factors() -> None:
    """A rule is applied to each ordered choice of molecules, once for those that it does not tell apart.

    So k x (x - 1) ... of n equal reactants of which m are kept needs m! (n - m)!.
    """
    for name, left, _, factor, _ in rules(write_bngl(document_of(orders()), 1.0, ["A"])):
        taken, kept, cat = (int(digit) for digit in name[1:])
        kept = min(taken, kept)
        assert factor == factorial(kept) * factorial(taken - kept) * factorial(cat)
        assert len(left) == taken + cat


@pytest.mark.parametrize("value", [0.1, 1 / 3, 2e-300, 12345678.90123456, 0.0])
def test_constants_keep_seventeen_digits(value: float) -> None:
    net = replace(driven(), parameters=(Parameter("w", value), Parameter("g", 1)))
    assert float(block(write_bngl(Document(net), 1.0, ["A"]), "parameters")[0].split()[1]) == value


@pytest.mark.parametrize("name", [*sorted(RESERVED), "_rateLaw1", "_InitialConc2"])
def test_reserved_names_of_parameters_are_refused(name: str) -> None:
    net = driven()
    odd = replace(
        net,
        parameters=(Parameter(name, 2.0), Parameter("g", 0.5)),
        reactions=(replace(net.reactions[0], rate=name), net.reactions[1]),
    )
    with pytest.raises(FormatError, match="reserved word") as refusal:
        write_bngl(Document(odd), 1.0, ["A"])
    assert repr(name) in str(refusal.value)


@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_items_that_a_rule_would_list_one_by_one(side: str) -> None:
    def burst(count: int) -> Document:
        many, one = (("B", count),), (("A", 1),)
        reaction = Reaction("burst", one, many, "k") if side == "outputs" else Reaction("burst", many, one, "k")
        return document_of(Network("n", (Species("A", 9), Species("B", 9)), (Parameter("k", 1.0),), (reaction,)))

    assert write_bngl(burst(LARGEST_STOICHIOMETRY), 1.0, ["B"]).count("B() + ") == LARGEST_STOICHIOMETRY - 1
    for count in (LARGEST_STOICHIOMETRY + 1, 1_000_000):
        with pytest.raises(FormatError, match=f"'burst' has {count:,} 'B'.* 10 is the limit"):
            write_bngl(burst(count), 1.0, ["B"])


def test_what_cannot_be_written_is_named() -> None:
    document = Document(driven())
    for t_end, outputs, seed, words in (
        (0.0, ["A"], 1, "t_end is 0"),
        (float("inf"), ["A"], 1, "t_end is inf"),
        (1.0, ["B"], 1, "no species 'B'"),
        (1.0, [], 1, "at least one output"),
        (1.0, ["A"], 0, "seed is 0"),
    ):
        with pytest.raises(FormatError, match=words) as refusal:
            write_bngl(document, t_end, outputs, seed)
        assert "\n" not in str(refusal.value)


def test_a_network_in_which_nothing_changes() -> None:
    idle = Reaction("idle", (("A", 1),), (("A", 1),), "g")
    with pytest.raises(FormatError, match="no reaction of network 'still'"):
        write_bngl(Document(Network("still", (Species("A", 1),), (Parameter("g", 1.0),), (idle,))), 1.0, ["A"])


def test_counts_that_are_not_whole_get_no_ssa() -> None:
    assert "ssa" in write_bngl(Document(driven(2)), 1.0, ["A"])
    text = write_bngl(Document(driven(2.5)), 1.0, ["A"])
    assert "ssa" not in text
    assert "# No SSA" in text


def test_notes_cannot_break_out_of_a_comment() -> None:
    document = Document(single(), replace(METADATA, title="one\nend model", notes=("a\r\nbegin model\u2028b",)))
    lines = write_bngl(document, 1.0, ["P"]).splitlines()
    assert [line for line in lines if line in ("begin model", "end model")] == ["begin model", "end model"]


RUN = [
    pytest.param(Document(driven()), id="birth-death"),
    pytest.param(Document(single()), id="rectifier"),
    pytest.param(Document(dimers(), reading="deterministic"), id="dimers"),
    pytest.param(Document(pairs(), METADATA, reading="deterministic"), id="pairs"),
    pytest.param(Document(orders(), reading="deterministic"), id="orders"),
]


@needs_bionetgen
@pytest.mark.parametrize("document", RUN)
def test_bionetgen_s_ode_is_libroadrunner_s(document: Document, tmp_path: Path) -> None:
    names, t_end = outputs_of(document.network), 2.0
    run_bionetgen(write_bngl(document, t_end, names), tmp_path)
    columns = gdat(tmp_path / "model_ode.gdat")
    expected = RoadRunnerEngine().load(write_sbml(document)).ode([0.0, t_end], {}).sel(species=names)
    # Both integrate with tolerances of 1e-10; BioNetGen rounds 1/6 and 1/24 to eight digits.
    for name, value in zip(names, expected.values[0, -1], strict=True):
        assert columns[name][-1] == pytest.approx(value, rel=2e-7, abs=1e-7), name


@needs_bionetgen
@pytest.mark.parametrize("document", RUN)
def test_bionetgen_s_network_has_our_constants(document: Document, tmp_path: Path) -> None:
    """Multiplicity times factor is one for each reaction that BioNetGen makes, in the .net file that it simulates."""
    net = document.network
    run_bionetgen(write_bngl(document, 0.1, outputs_of(net)), tmp_path)
    network = (tmp_path / "model.net").read_text()
    values = {line.split()[1]: line.split()[2] for line in block(network, "parameters")}
    numbers = {line.split()[0]: line.split()[1].strip("$()") for line in block(network, "species")}
    got: dict[tuple[tuple[str, ...], ...], float] = {}
    for line in block(network, "reactions"):
        _, left, right, rate, *_ = line.split()
        key = tuple(tuple(sorted(numbers[n] for n in side.split(",") if n != "0")) for side in (left, right))
        constant = 1.0
        for part in rate.split("*"):
            while part in values:
                part = values[part]  # a derived parameter is a product of its own
            constant *= prod(float(values.get(p, p)) for p in part.split("*"))
        got[key] = got.get(key, 0.0) + constant
    expected: dict[tuple[tuple[str, ...], ...], float] = {}
    for reaction in (r for r in net.reactions if r.net_change):
        key = tuple(tuple(sorted(n for n, c in side for _ in range(c))) for side in (reaction.inputs, reaction.outputs))
        expected[key] = expected.get(key, 0.0) + net.rate_constants[reaction.rate]
    assert got == pytest.approx(expected, rel=3e-8)


@needs_bionetgen
def test_bionetgen_takes_any_other_name(tmp_path: Path) -> None:
    words = ["time", "sin", "pi", "e", "exp", "if", "end", "Trash", "null", "Species", "Molecules", "model", "_x", "E1"]
    species = (Species("Z", 9), *(Species(word, 0) for word in words))
    parameters = tuple(Parameter(name, 0.25) for name in ("t", "inf", "rate", "Time", "observables", "k_", "counter"))
    reactions = tuple(
        Reaction(f"{word}_", (("Z", 1),), ((word, 1),), parameters[i % len(parameters)].id)
        for i, word in enumerate(words)
    )
    net = Network("begin_", species, parameters, reactions)
    run_bionetgen(write_bngl(Document(net), 4.0, words), tmp_path)
    columns = gdat(tmp_path / "model_ode.gdat")
    total = 0.25 * len(words)
    for word in words:
        assert columns[word][-1] == pytest.approx(9 / len(words) * (1 - np.exp(-total * 4)), rel=1e-7), word
    with pytest.raises(FormatError, match="'begin' is a reserved word"):
        write_bngl(Document(replace(net, species=(*species, Species("begin")))), 1.0, words)


def long_run(document: Document, name: str, tmp_path: Path, step: float, count: int) -> Array:
    """Snapshots of one SSA run of BioNetGen, `step` seconds apart; the first ten are dropped."""
    text = write_bngl(document, step * count, [name], seed=7)
    text = re.sub(r"simulate\(\{method=>\"ode\".*\n", "", text).replace("n_steps=>200", f"n_steps=>{count}")
    run_bionetgen(text, tmp_path)
    return gdat(tmp_path / "model_ssa.gdat")[name][11:]


@needs_bionetgen
@pytest.mark.parametrize(
    ("document", "name"),
    [
        pytest.param(Document(driven()), "A", id="birth-death"),
        pytest.param(Document(dimers(), reading="stochastic"), "A", id="dimers"),
        pytest.param(Document(single()), "P", id="rectifier"),
    ],
)
def test_bionetgen_s_ssa_has_libroadrunner_s_moments(document: Document, name: str, tmp_path: Path) -> None:
    """Snapshots ten relaxation times apart are independent; the two samples' means and variances agree."""
    step = 20.0 if document.network.id == "driven" else 10.0
    theirs = long_run(document, name, tmp_path, step, 2000)
    assert (theirs == np.round(theirs)).all()
    times = np.arange(2001) * step
    ours = (
        RoadRunnerEngine().load(write_sbml(document)).ssa(times.tolist(), {}, seed=3).sel(species=name).values[0, 11:]
    )
    error = np.sqrt(theirs.var() / len(theirs) + ours.var() / len(ours))
    assert abs(theirs.mean() - ours.mean()) / error < 4
    # The variance of a sample variance is 2 sd^4 / n where the distribution is near a normal one.
    ratio = np.log(theirs.var() / ours.var()) / np.sqrt(2 / len(theirs) + 2 / len(ours))
    assert abs(ratio) < 4

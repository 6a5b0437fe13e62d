import numpy as np
import pytest
from hypothesis import given, settings

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.errors import FormatError
from crn2sbml.formats.antimony_read import antimony_to_sbml, read_antimony
from crn2sbml.formats.antimony_write import CONSTANTS, RESERVED, write_antimony
from crn2sbml.formats.document import Document, Metadata
from tests.formats.test_sbml_write import documents, pairs, single
from tests.reference.random_networks import networks


def assert_same_kinetics(net: Network, back: Network) -> None:
    assert back.id == net.id
    assert [(s.id, s.initial, s.clamped) for s in back.species] == [(s.id, s.initial, s.clamped) for s in net.species]
    assert [(r.id, dict(r.inputs), dict(r.outputs)) for r in back.reactions] == [
        (r.id, dict(r.inputs), dict(r.outputs)) for r in net.reactions
    ]
    # 15 significant digits are written.
    np.testing.assert_allclose(
        [back.rate_constants[r.rate] for r in back.reactions],
        [net.rate_constants[r.rate] for r in net.reactions],
        rtol=5e-15,
    )
    # Sparse: that of `mnist` has 700 million entries.
    assert abs(Matrices.of(back).stoichiometry - Matrices.of(net).stoichiometry).nnz == 0


@documents
def test_round_trip(document: Document) -> None:
    back = read_antimony(write_antimony(document))
    assert back.reading == document.reading
    assert_same_kinetics(document.network, back.network)
    assert [r.rate for r in back.network.reactions] == [r.rate for r in document.network.reactions]


@settings(max_examples=40, deadline=None)
@given(networks(distinct=True))
def test_random_networks_round_trip(net: Network) -> None:
    renamed = {"time": "t_", "pi": "p_"}

    def terms(side: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        return tuple((renamed.get(name, name), count) for name, count in side)

    free = Network(
        net.id,
        tuple(Species(renamed.get(s.id, s.id), s.initial, s.clamped) for s in net.species),
        net.parameters,
        tuple(Reaction(r.id, terms(r.inputs), terms(r.outputs), r.rate) for r in net.reactions),
    )
    for reading in ("deterministic", "stochastic") if free.has_repeated_reactants else ("any",):
        text = write_antimony(Document(free, reading=reading))  # type: ignore[arg-type]
        assert_same_kinetics(free, read_antimony(text).network)


def named(name: str, where: str) -> Network:
    """A network in which one thing has this name."""
    ids = {"species": "A", "parameter": "g", "reaction": "fade", "network": "net"} | {where: name}
    return Network(
        ids["network"],
        (Species(ids["species"], 5), Species("B", 2)),
        (Parameter(ids["parameter"], 2.0),),
        (Reaction(ids["reaction"], ((ids["species"], 1),), (("B", 1),), ids["parameter"]),),
    )


@pytest.mark.parametrize("where", ["species", "parameter", "reaction", "network"])
@pytest.mark.parametrize("name", ["time", "species", "model", "end", "in", "at", "pi", "DNA"])
def test_reserved_words_are_refused(name: str, where: str) -> None:
    assert name in RESERVED | CONSTANTS
    with pytest.raises(FormatError, match="reserved") as refusal:
        write_antimony(Document(named(name, where)))
    assert repr(name) in str(refusal.value)


@pytest.mark.parametrize("where", ["species", "parameter", "reaction", "network"])
def test_no_word_on_the_lists_is_written(where: str) -> None:
    for name in sorted(RESERVED | CONSTANTS | {word.upper() for word in CONSTANTS}):
        with pytest.raises(FormatError, match="reserved"):
            write_antimony(Document(named(name, where)))


WORDS = [
    *("sin", "exp", "ln", "log", "log10", "root", "sqrt", "pow", "abs", "ceil", "floor", "factorial", "delay", "max"),
    *("and", "or", "not", "xor", "gt", "lt", "eq", "neq", "geq", "leq", "plus", "times", "divide", "minus", "power"),
    *("piecewise", "rateOf", "implies", "quotient", "rem", "normal", "uniform", "poisson", "gamma"),
    *("substance", "volume", "area", "length", "extent", "time_unit", "second", "item", "litre", "mole", "metre"),
    *("e", "E", "Pi", "PI", "TIME", "INF", "NaN", "TRUE", "Species", "Model", "default_compartment", "_x", "gene_1"),
    *("maximize", "minimize", "equals", "geneProduct", "__main", "SBO", "sbo", "Sbo", "Maximize", "main", "flux"),
    *("truncatedExponential", "truncatedGamma", "truncatedNormal", "truncatedPoisson", "truncatedUniform", "import"),
    *("S1", "cell", "unused", "substanceOnly_", "constant", "begin", "if", "else", "while", "identity", "name"),
]


def comes_back_or_is_refused(net: Network, name: str) -> bool:
    """Refusing to write, by name, is as good as coming back; text that Antimony then misreads is not."""
    try:
        text = write_antimony(Document(net))
    except FormatError as refusal:
        return repr(name) in str(refusal)
    try:
        assert_same_kinetics(net, read_antimony(text).network)
    except (FormatError, AssertionError):
        return False
    return True


@pytest.mark.parametrize("where", ["species", "parameter", "reaction", "network"])
def test_any_other_name_comes_back_or_is_refused(where: str) -> None:
    assert [name for name in WORDS if not comes_back_or_is_refused(named(name, where), name)] == []


def test_notes_cannot_break_out_of_a_comment() -> None:
    metadata = Metadata(title="one\nmodel two", notes=("a\r\nA => ; 5*A\n", "*/ end \u2028 end"))
    net = single()
    assert_same_kinetics(net, read_antimony(write_antimony(Document(net, metadata))).network)


def test_the_text_says_what_it_means() -> None:
    text = write_antimony(Document(pairs(), reading="stochastic"))
    lines = [line.strip() for line in text.splitlines()]
    assert "dimerise: 2 A => B; k2 * A * (A - 1);" in lines
    assert "make:  => A; k0;" in lines
    assert any(line.startswith("crowd: 3 C => C; k3 * C * (C - 1) * (C - 2)") for line in lines)
    assert "substanceOnly species $X in cell = 7;" in lines
    assert "k3 = 3e-05;  // 1/(item^2 second)" in lines


def test_antimony_of_another_hand() -> None:
    document = read_antimony("model m\n  species A in c; compartment c = 1; A = 6; k = 2;\n  r: A -> ; k*A;\nend\n")
    assert [(dict(r.inputs), document.network.rate_constants[r.rate]) for r in document.network.reactions] == [
        ({"A": 1}, 2.0)
    ]


@pytest.mark.parametrize("text", ["model m\n A -> B k*A;\nend", "model", "<sbml/>", "r: A -> B; k*"])
def test_text_that_antimony_does_not_read(text: str) -> None:
    with pytest.raises(FormatError, match="Antimony") as refusal:
        antimony_to_sbml(text)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "\n  \n", "// only a comment\n", "\x00"])
def test_text_without_a_model(text: str) -> None:
    with pytest.raises(FormatError, match="no model"):
        read_antimony(text)


def test_a_failed_load_leaves_nothing_behind() -> None:
    with pytest.raises(FormatError):
        read_antimony("model broken\n A -> B k*A;\nend")
    back = read_antimony(write_antimony(Document(single())))
    assert_same_kinetics(single(), back.network)

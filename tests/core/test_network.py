import math
from typing import Any

import pytest

from crn2sbml.core.network import Network, Parameter, Place, Reaction, Species
from crn2sbml.errors import CrnError, NetworkError


def dimer(**changes: Any) -> Network:
    parts: dict[str, Any] = {
        "id": "dimer",
        "species": (Species("A", 10), Species("B"), Species("X", 3, clamped=True)),
        "parameters": (Parameter("bind", 0.5), Parameter("leave", 2.0)),
        "reactions": (
            Reaction("binding", (("A", 2),), (("B", 1),), "bind"),
            Reaction("loss", (("B", 1),), (), "leave"),
        ),
    }
    return Network(**parts | changes)


def test_a_sound_network_knows_its_parts() -> None:
    net = dimer()
    assert net.floating == ("A", "B")
    assert net.clamped == ("X",)
    assert dict(net.orders) == {"bind": 2, "leave": 1}
    assert net.has_repeated_reactants
    assert net.reactions[0].net_change == (("A", -2), ("B", 1))


@pytest.mark.parametrize(("count", "whole"), [(10, True), (10.0, True), (1e300, True), (2.5, False), (1e-9, False)])
def test_whole_counts(count: float, whole: bool) -> None:
    assert dimer().with_counts({"X": count}).has_whole_counts is whole
    assert dimer(species=(), reactions=()).has_whole_counts


def test_a_catalyst_is_no_net_change() -> None:
    reaction = Reaction("r", (("E", 1), ("S", 1)), (("E", 1), ("P", 1)), "k")
    assert reaction.order == 2
    assert reaction.net_change == (("S", -1), ("P", 1))


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "é", "a\n", "a.b", "А"])  # noqa: RUF001 the last is Cyrillic
def test_names_that_are_no_sbml_identifier(name: str) -> None:
    for changes in (
        {"id": name},
        {"species": (Species(name),), "reactions": ()},
        {"parameters": (Parameter(name, 1.0),), "reactions": ()},
        {"reactions": (Reaction(name, (), (), "bind"),)},
    ):
        with pytest.raises(NetworkError) as refusal:
            dimer(**changes)
        assert repr(name) in str(refusal.value)
        assert "identifier" in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "culprit"),
    [
        ({"species": (Species("A"), Species("B"), Species("A"))}, "'A'"),
        ({"parameters": (Parameter("bind", 1), Parameter("leave", 1), Parameter("bind", 1))}, "'bind'"),
        ({"parameters": (Parameter("bind", 1), Parameter("leave", 1), Parameter("A", 1))}, "'A'"),
        ({"reactions": (Reaction("B", (), (), "bind"),)}, "'B'"),
        ({"reactions": (Reaction("bind", (), (), "bind"),)}, "'bind'"),
        ({"id": "A"}, "'A'"),
    ],
    ids=["species twice", "parameter twice", "species as parameter", "species as reaction", "own rate", "own network"],
)
def test_ids_used_twice(changes: dict[str, Any], culprit: str) -> None:
    with pytest.raises(NetworkError, match="twice") as refusal:
        dimer(**changes)
    assert culprit in str(refusal.value)


@pytest.mark.parametrize("value", [-1, -1e-300, math.nan, math.inf, -math.inf])
def test_counts_and_constants_that_are_negative_or_not_finite(value: float) -> None:
    with pytest.raises(NetworkError) as refusal:
        dimer(species=(Species("A", value), Species("B")))
    assert "'A'" in str(refusal.value)
    assert str(value) in str(refusal.value)
    with pytest.raises(NetworkError) as refusal:
        dimer(parameters=(Parameter("bind", 1.0), Parameter("leave", value)))
    assert "'leave'" in str(refusal.value)
    assert str(value) in str(refusal.value)


@pytest.mark.parametrize(
    ("reaction", "culprits"),
    [
        (Reaction("odd", (("Aa", 1),), (), "leave"), ["'odd'", "'Aa'", "did you mean 'A'"]),
        (Reaction("odd", (), (("C", 1),), "leave"), ["'odd'", "'C'"]),
        (Reaction("odd", (("A", 1),), (), "leafe"), ["'odd'", "'leafe'", "did you mean 'leave'"]),
        (Reaction("odd", (("A", 1), ("A", 1)), (), "bind"), ["'odd'", "twice"]),
        (Reaction("odd", (("A", 1),), (("B", 1), ("B", 1)), "leave"), ["'odd'", "twice"]),
        (Reaction("odd", (("A", 1.5),), (), "leave"), ["'odd'", "not whole"]),  # type: ignore[arg-type]
        (Reaction("odd", (("A", 1),), (("B", 2.0),), "leave"), ["'odd'", "not whole"]),  # type: ignore[arg-type]
        (Reaction("odd", (("A", 0),), (), "leave"), ["'odd'", "< 1"]),
        (Reaction("odd", (("A", 1),), (("B", -1),), "leave"), ["'odd'", "< 1"]),
    ],
    ids=["input", "output", "rate", "input twice", "output twice", "half", "float", "count zero", "count negative"],
)
def test_reactions_that_make_no_sense(reaction: Reaction, culprits: list[str]) -> None:
    with pytest.raises(NetworkError) as refusal:
        dimer(reactions=(reaction,))
    for culprit in culprits:
        assert culprit in str(refusal.value)


def test_a_parameter_shared_by_orders_has_no_unit() -> None:
    with pytest.raises(NetworkError) as refusal:
        dimer(reactions=(Reaction("one", (("A", 1),), (), "bind"), Reaction("two", (("A", 1), ("B", 1)), (), "bind")))
    assert "'bind'" in str(refusal.value)
    assert "order 1 and 2" in str(refusal.value)
    assert "'two'" in str(refusal.value)


def test_every_refusal_is_one_line_and_a_crn_error() -> None:
    with pytest.raises(CrnError) as refusal:
        dimer(species=(Species("A", -1),))
    assert "\n" not in str(refusal.value)


def test_with_counts_changes_only_what_is_named() -> None:
    before = dimer()
    after = before.with_counts({"X": 7, "A": 2.5})
    assert [s.initial for s in after.species] == [2.5, 0, 7]
    assert [s.initial for s in before.species] == [10, 0, 3]
    assert after.with_counts({"X": 3, "A": 10}) == before


@pytest.mark.parametrize(("counts", "culprit"), [({"Y": 1}, "'Y'"), ({"A": -1}, "'A'"), ({"A": math.nan}, "'A'")])
def test_with_counts_refuses(counts: dict[str, float], culprit: str) -> None:
    with pytest.raises(NetworkError) as refusal:
        dimer().with_counts(counts)
    assert culprit in str(refusal.value)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Place(0, "input", 0, 3, 12), "input0_0_3_12"),
        (Place(1, "conv", 2, 0, 0, "P"), "conv1_P_2_0_0"),
        (Place(4, "readout", 9, rail="M"), "readout4_M_9"),
        (Place(2, "pool"), "pool2_0"),
    ],
)
def test_a_place_gives_an_id(place: Place, name: str) -> None:
    assert place.id == name

import re
from collections.abc import Sequence
from itertools import combinations, pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crn2sbml.core.network import Place
from crn2sbml.formats.layout_geometry import MOST_REACTIONS, MOST_SPECIES, picture
from crn2sbml.formats.layout_picture import Box, Picture
from crn2sbml.formats.layout_scheme import Scheme, Step, groups, levels

NAMES = ("A", "B", "C", "D", "a_rather_long_name_of_a_species", "pi")


def scheme(steps: Sequence[Step], clamped: str = "", places: dict[str, Place] | None = None, more: str = "") -> Scheme:
    """Species in the order in which they are met: those with places, the reactions' own, then `more`."""
    met = [*(places or {}), *(n for s in steps for n in (*s.substrates, *s.catalysts, *s.products)), *more.split()]
    return Scheme(tuple(dict.fromkeys(met)), frozenset(clamped.split()), places or {}, tuple(steps))


def step(name: str, substrates: str = "", products: str = "", catalysts: str = "") -> Step:
    return Step(name, tuple(substrates.split()), tuple(products.split()), tuple(catalysts.split()))


def chain(length: int) -> Scheme:
    return scheme([step(f"r{i}", f"s{i}", f"s{i + 1}") for i in range(length)])


def layers() -> dict[str, Place]:
    """An 8 x 8 input, 4 channels of 6 x 6 on two rails, 10 units on two rails."""
    pixels = [Place(0, "input", 0, row, column) for row in range(8) for column in range(8)]
    conv = [Place(1, "conv", c, row, col, r) for r in "PM" for c in range(4) for row in range(6) for col in range(6)]
    units = [Place(2, "readout", unit, rail=rail) for unit in range(10) for rail in "PM"]
    return {place.id: place for place in (*pixels, *conv, *units)}


def cascade(places: dict[str, Place]) -> Scheme:
    """Each unit of layers 1 and 2 is made by one species of the layer before."""
    before = {1: "input0_0_0_0", 2: "conv1_P_0_0_0"}
    steps = [step(f"gain_{name}", "", name, before[p.layer]) for name, p in places.items() if p.layer]
    steps += [step(f"lose_{name}", name) for name, p in places.items() if p.layer]
    return scheme(steps, " ".join(name for name, p in places.items() if not p.layer), places)


def check(drawn: Picture) -> None:
    """Nothing lies on anything else or outside."""
    arrows = [box for arrow in drawn.arrows for _, box in arrow.parts]
    names = [label.box for label in drawn.labels]
    for box in (*drawn.boxes, *arrows, *names):
        assert box.x >= 0 <= box.y
        assert box.right <= drawn.width
        assert box.bottom <= drawn.height
        assert min(box.width, box.height) > 0
    # Sorted by their left border, a box can only meet those that begin before it ends.
    boxes = sorted(drawn.boxes, key=lambda box: box.x)
    for i, box in enumerate(boxes):
        for other in boxes[i + 1 :]:
            if other.x >= box.right:
                break
            assert not box.overlaps(other), (box, other)
    solid = [thing.box for things in (drawn.species, drawn.blocks) for thing in things]
    for label in drawn.labels:
        if label.lettering in ("name", "inside"):
            assert any(box.x <= label.box.x and label.box.right <= box.right for box in solid)
    assert not any(arrow.overlaps(box) for arrow in arrows for box in solid)


def texts(drawn: Picture) -> list[str]:
    return [label.text for label in drawn.labels]


def on_border(point: tuple[float, float], box: Box) -> bool:
    across = min(abs(point[0] - box.x), abs(point[0] - box.right))
    along = min(abs(point[1] - box.y), abs(point[1] - box.bottom))
    inside = box.x - 1e-6 <= point[0] <= box.right + 1e-6 and box.y - 1e-6 <= point[1] <= box.bottom + 1e-6
    return inside and min(across, along) < 1e-6


@st.composite
def small_schemes(draw: st.DrawFn) -> Scheme:
    some = st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(" ".join)
    steps = [step(f"r{i}", draw(some), draw(some), draw(some)) for i in range(draw(st.integers(0, 12)))]
    place = st.builds(Place, st.integers(0, 2), st.just("x"), st.integers(0, 1), rail=st.sampled_from(["", "P", "M"]))
    places = draw(st.dictionaries(st.sampled_from(NAMES), place))
    return scheme(steps, draw(some), places, " ".join(NAMES))


@given(small_schemes())
@settings(deadline=None)
def test_small_networks_are_drawn_whole_and_nothing_overlaps(given_scheme: Scheme) -> None:
    drawn = picture(given_scheme)
    check(drawn)
    assert sorted(s.species for s in drawn.species) == sorted(given_scheme.species)
    steps = [s for s in given_scheme.steps if s.substrates or s.products or s.catalysts]
    assert [r.reaction for r in drawn.reactions] == [s.id for s in steps]
    boxes = {s.species: s.box for s in drawn.species}
    for reaction, told in zip(drawn.reactions, steps, strict=True):
        parts = [(curve.species, curve.part) for curve in reaction.curves]
        wanted = [(n, "substrate") for n in told.substrates] + [(n, "activator") for n in told.catalysts]
        assert sorted(parts) == sorted(wanted + [(n, "product") for n in told.products])
        for curve in reaction.curves:
            ends = curve.pieces[0][0], curve.pieces[-1][-1]
            start, stop = ends if curve.part != "product" else ends[::-1]
            assert on_border(start, boxes[curve.species])
            assert on_border(stop, reaction.box)
            assert all(one[-1] == other[0] for one, other in pairwise(curve.pieces))


@given(small_schemes())
@settings(deadline=None, max_examples=30)
def test_the_same_scheme_gives_the_same_picture(given_scheme: Scheme) -> None:
    assert picture(given_scheme) == picture(given_scheme)


def test_a_network_without_anything_is_a_picture_too() -> None:
    check(picture(scheme([])))


@given(st.integers(1, 12), st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11))))
def test_levels_are_longest_paths(count: int, pairs: set[tuple[int, int]]) -> None:
    """Against networkx, on graphs without cycles: no level but 0 without a step up, all steps go up."""
    edges = [(min(p), max(p)) for p in pairs if max(p) < count and p[0] != p[1]]
    steps = [step(f"r{i}", f"s{a}", f"s{b}") for i, (a, b) in enumerate(edges)]
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(range(count))
    longest: dict[int, int] = {}
    for node in nx.topological_sort(graph):
        longest[node] = max((longest[before] + 1 for before in graph.predecessors(node)), default=0)
    shuffled = [f"s{i}" for i in sorted(range(count), key=lambda i: (i * 7 + 3) % 12)]
    assert dict(zip(shuffled, levels(shuffled, steps, ()), strict=True)) == {f"s{i}": longest[i] for i in range(count)}


@pytest.mark.parametrize(
    ("steps", "clamped", "expected"),
    [
        ([step("r", "A B", "C"), step("back", "C", "A B")], "", {"A": 0, "B": 0, "C": 1}),
        ([step("ab", "A", "B"), step("bc", "B", "C"), step("ca", "C", "A")], "", {"A": 0, "B": 1, "C": 2}),
        ([step("bias", "", "A"), step("read", "", "A", "X")], "X", {"A": 1, "X": 0}),
        ([step("made", "", "X", "A"), step("read", "", "B", "X")], "X", {"A": 1, "X": 0, "B": 1}),
        ([step("flow", "A", "waste")], "waste", {"A": 0, "waste": 1}),
        ([step("pair", "P M"), step("cut", "P", "", "E")], "", {"P": 1, "M": 0, "E": 0}),
        ([step("grow", "A", "A")], "", {"A": 0}),
    ],
    ids=["reversible", "cycle", "input", "written input", "sink", "annihilation", "itself"],
)
def test_levels_by_hand(steps: list[Step], clamped: str, expected: dict[str, int]) -> None:
    names = scheme(steps).species
    assert dict(zip(names, levels(names, steps, clamped.split()), strict=True)) == expected


def test_images_are_grids_with_their_rails_beside_each_other() -> None:
    places = layers()
    drawn = picture(cascade(places))
    check(drawn)
    boxes = {s.species: s.box for s in drawn.species}
    assert boxes.keys() == places.keys()
    assert not drawn.reactions
    pitch = boxes["input0_0_0_1"].x - boxes["input0_0_0_0"].x
    for name, place in places.items():
        if place.row is not None and place.column is not None:
            origin = boxes[Place(place.layer, place.kind, place.channel, 0, 0, place.rail).id]
            assert boxes[name].x - origin.x == pytest.approx(place.column * pitch)
            assert boxes[name].y - origin.y == pytest.approx(place.row * pitch)
        if place.rail == "P":
            partner = boxes[name.replace("_P_", "_M_")]
            assert partner.y == boxes[name].y
            assert partner.x > boxes[name].right - 1e-6
    tops = [boxes[f"conv1_P_{channel}_0_0"] for channel in range(4)]
    assert all(a.y < b.y and a.x == b.x for a, b in pairwise(tops))
    sides = [[boxes[n] for n, p in places.items() if p.layer == layer] for layer in range(3)]
    assert all(max(b.right for b in one) < min(b.x for b in other) for one, other in pairwise(sides))


def test_headings_and_arrows_say_what_there_is() -> None:
    said = texts(picture(cascade(layers())))
    for text in (
        *("input 0", "8 x 8", "64 species"),
        *("conv 1", "4 channels of 6 x 6, 2 rails", "288 species, 288 reactions inside"),
        *("readout 2", "10 units, 2 rails", "20 species, 20 reactions inside"),
        *("288 reactions", "20 reactions"),
    ):
        assert text in said


def test_roles_follow_rails_and_clamping() -> None:
    roles = {s.species: s.role for s in picture(cascade(layers())).species}
    assert roles["input0_0_3_3"] == "input"
    assert (roles["conv1_P_1_2_3"], roles["conv1_M_1_2_3"]) == ("positive", "negative")
    assert {s.role for s in picture(chain(3)).species} == {"other"}


def test_connections_that_skip_a_layer_or_go_back_run_below() -> None:
    base = cascade(layers())
    extra = (step("skip", "", "readout2_P_0", "input0_0_0_0"), step("back", "conv1_P_0_0_0", "", "readout2_M_1"))
    drawn = picture(scheme([*base.steps, *extra], " ".join(base.clamped), dict(base.places)))
    check(drawn)
    below = [arrow for arrow in drawn.arrows if len(arrow.parts) > 1]
    assert len(below) == 2
    lowest = max(s.box.bottom for s in drawn.species)
    assert all(arrow.parts[1][1].y > lowest for arrow in below)
    assert texts(drawn).count("1 reaction") == 2


@pytest.mark.parametrize("length", [MOST_REACTIONS, MOST_REACTIONS + 1, 700, MOST_SPECIES + 1])
def test_long_chains_without_places(length: int) -> None:
    drawn = picture(chain(length))
    check(drawn)
    assert (len(drawn.reactions) > 0) == (length <= MOST_REACTIONS)
    assert len(drawn.species) == (length + 1 if length < MOST_SPECIES else 0)
    inside = [int(m[1]) for text in texts(drawn) if (m := re.search(r"(\d+) reactions inside", text))]
    between = sum(int(text.split()[0]) for text in texts(drawn) if re.fullmatch(r"\d+ reactions?", text))
    if length > MOST_REACTIONS:
        assert sum(inside) + between == length
        assert len(groups(chain(length))) <= 16


def test_many_species_on_one_level_fill_a_square() -> None:
    steps = [step(f"r{i}", "", f"species_{i}", "source") for i in range(1500)]
    drawn = picture(scheme(steps))
    check(drawn)
    assert drawn.width / drawn.height < 3


def test_a_network_of_many_connections_keeps_to_a_few_lanes() -> None:
    names = [f"s{i}" for i in range(12)]
    steps = [step(f"{a}_{b}", "", b, a) for a, b in combinations(names, 2)]
    drawn = picture(scheme([*steps, *(step(f"lose_{name}", name) for name in names)]))
    check(drawn)
    assert "and 45 more connections: 45 reactions" in texts(drawn)


def test_large_layers_are_blocks_that_say_their_size() -> None:
    conv = [Place(1, "conv", c, i, j, r) for r in "PM" for c in range(4) for i in range(26) for j in range(26)]
    many = [Place(2, "conv", c, i, j) for c in range(12) for i in range(10) for j in range(10)]
    places = {place.id: place for place in (*conv, *many)}
    loose = [step("loose", "", "reporter", many[0].id)]
    drawn = picture(scheme(loose, places=places))
    check(drawn)
    said = texts(drawn)
    assert not drawn.species
    assert not drawn.reactions
    assert said.count("26 x 26 = 676 species") == 8
    assert {"channel 3 M", "4 channels of 26 x 26, 2 rails", "12 x 10 x 10 = 1,200 species", "1 reaction"} <= set(said)


def test_strange_places_are_drawn_all_the_same() -> None:
    """Two species on one place, pixels far apart, a row without a column, kinds and rails of any length."""
    odd = [
        *(Place(0, "image", 0, 10**9 - 1, i) for i in range(40)),
        *(Place(0, "image", 0, 10**9 - 1, i % 3) for i in range(10)),
        *(Place(3, "image", 7, None, i) for i in range(10)),
        *(Place(3, "image", 7, i, None, "Q" * 80) for i in range(10)),
        *(Place(10**9 - 1, "k" * 300, i) for i in range(5)),
    ]
    places = {f"s{i}": place for i, place in enumerate(odd)}
    steps = [step(f"r{i}", f"s{i}", f"s{i + 1}") for i in range(len(odd) - 1)]
    drawn = picture(scheme(steps, places=places))
    check(drawn)
    assert sorted(s.species for s in drawn.species) == sorted(places)
    assert drawn.width < 5000
    assert drawn.height < 2000

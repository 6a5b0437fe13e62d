"""Random mass-action networks for hypothesis: catalysts, equal reactants, clamped inputs, orders 0 to 3."""

from hypothesis import strategies as st

from crn2sbml.core.network import Network, Parameter, Reaction, Species, Terms

_NAMES = ("A", "B", "C", "time", "cell", "pi")

# Writers print 15 significant digits, so these decimals survive a file exactly.
_CONSTANTS = st.integers(0, 10**6).map(lambda thousandths: thousandths / 1000)


def _terms(names: list[str], largest: int) -> st.SearchStrategy[Terms]:
    """Some species with counts, `largest` molecules at most."""
    return st.lists(st.sampled_from(names), max_size=largest).map(
        lambda drawn: tuple((name, drawn.count(name)) for name in dict.fromkeys(drawn))
    )


@st.composite
def networks(draw: st.DrawFn, largest_order: int = 3, distinct: bool = False) -> Network:
    """A network of up to six species and eight reactions; `distinct` gives each reaction its own constant."""
    names = list(_NAMES[: draw(st.integers(1, len(_NAMES)))])
    species = tuple(Species(name, draw(st.integers(0, 200)), draw(st.booleans())) for name in names)
    parameters: dict[str, Parameter] = {}
    reactions = []
    for number in range(draw(st.integers(0, 8))):
        inputs, outputs = draw(_terms(names, largest_order)), draw(_terms(names, 4))
        order = sum(count for _, count in inputs)
        rate = f"k{order}_{number if distinct else draw(st.integers(0, 1))}"
        if rate not in parameters:
            parameters[rate] = Parameter(rate, draw(_CONSTANTS))
        reactions.append(Reaction(f"r{number}", inputs, outputs, rate))
    return Network("random_net", species, tuple(parameters.values()), tuple(reactions))

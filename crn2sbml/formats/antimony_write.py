"""Antimony text: the same network for people to read, layer by layer.

A second view beside the SBML file; Antimony cannot hold everything that file says (units of extent, SBO, RDF).
"""

from collections.abc import Iterator

from crn2sbml.core.feeding import Feeding
from crn2sbml.core.network import Network, Reaction, Species, Terms
from crn2sbml.core.units import rate_constant_unit
from crn2sbml.errors import FormatError
from crn2sbml.formats.comments import comment_lines
from crn2sbml.formats.document import Document
from crn2sbml.formats.feeding import EVENT, NEXT, THRESHOLD, halved
from crn2sbml.formats.sbml_write import compartment_id, free_id

_WORDS = """
    at after compartment const constraint delete ext extension formula function gene has has_dist import in is model
    module operator priority reaction species substanceOnly t0 time unit var end DNA event persistent fromTrigger
    default_compartment equals geneProduct maximize minimize __main
    substance volume area length extent time_unit item mole second litre metre
    sin cos tan sec csc cot sinh cosh tanh sech csch coth asin acos atan asec acsc acot arcsin arccos arctan arcsec
    arccsc arccot asinh acosh atanh asech acsch acoth arcsinh arccosh arctanh arcsech arccsch arccoth
    exp ln log log10 sqr sqrt root pow power abs ceil ceiling floor factorial delay max min quotient rem piecewise
    rateOf implies and or not xor gt lt geq leq eq neq plus minus times divide
    normal uniform poisson gamma bernoulli binomial cauchy chisquare exponential laplace lognormal rayleigh
    truncatedExponential truncatedGamma truncatedNormal truncatedPoisson
"""
RESERVED = frozenset(_WORDS.split())
"""Words that Antimony reads as something else than a name."""
CONSTANTS = frozenset(
    ["infinity", "inf", "nan", "pi", "avogadro", "exponentiale", "notanumber", "true", "false", "sbo"]
)
"""Names of numbers, and `sbo`, whose colon begins a term, which Antimony knows in any case; here in lower case."""


def write_antimony(document: Document) -> str:
    """The document's network as Antimony text, one elementary reaction a line.

    Raises: FormatError: an id of the network is a reserved word of Antimony.
    """
    net = document.network
    ids = (net.id, *net.species_index, *net.rate_constants, *(reaction.id for reaction in net.reactions))
    for name in ids:
        if name in RESERVED or name.lower() in CONSTANTS:
            raise FormatError(f"Antimony: {name!r} is a reserved word; rename it in network {net.id!r}")
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    net, cell = document.network, compartment_id(document.network)
    yield from comment_lines(document.metadata, "//")
    if document.reading != "any":
        yield f"// Laws of equal reactants are in the {document.reading} reading."
    yield f"model {net.id}"
    yield f"  compartment {cell} = 1;"
    yield "  unit substance = item;"
    yield ""
    yield "  // Counts in items; $ marks inputs, which stay as they are set."
    for species in net.species:
        yield f"  {_declaration(species, cell)}"
    yield ""
    yield "  // Rate constants"
    for parameter in net.parameters:
        order = net.orders.get(parameter.id)
        unit = "unused" if order is None else rate_constant_unit(order)
        yield f"  {parameter.id} = {parameter.value:.15g};  // {unit}"
    layer: object = None
    clamped = set(net.clamped)
    for reaction in net.reactions:
        here = _layer(net, reaction)
        if here != layer:
            layer = here
            yield from ("", f"  // {here}")
        left, right = _side(reaction.inputs, clamped), _side(reaction.outputs, clamped)
        yield f"  {reaction.id}: {left} => {right}; {law_formula(reaction, document.reading == 'stochastic')};"
    if document.feeding is not None:
        yield from ("", "  // Examples, fed one by one")
        yield from _fed(document.feeding, *(free_id(name, net) for name in (NEXT, THRESHOLD, EVENT)))
    yield "end"


def _fed(feeding: Feeding, next_example: str, threshold: str, event: str) -> Iterator[str]:
    """An event that looks up what it sets; see `formats.feeding`."""
    count = len(feeding.examples)
    tables = {name: [e[place] for e in feeding.examples] for place, name in enumerate(feeding.species)}
    tables[next_example] = [(number + 1) % count for number in range(count)]
    yield f"  var {next_example} = 0;"
    yield f"  {threshold} = {feeding.threshold:.15g};"
    yield f"  {event}: at {feeding.clock} > {threshold}, t0=true, persistent=true:"
    for name, values in tables.items():
        numbers = [f"{value:.15g}" for value in values]
        found = halved(numbers, lambda low, bound, high: f"piecewise({low}, {next_example} < {bound}, {high})")
        yield f"    {name} = {found}{';' if name == next_example else ','}"


def law_formula(reaction: Reaction, discrete: bool) -> str:
    """The rate law of one reaction as text: k * A * B, k * A^2, or k * A * (A - 1) in the discrete reading."""
    factors = [reaction.rate]
    for name, count in reaction.inputs:
        if count > 1 and discrete:
            factors += [name, *(f"({name} - {i})" for i in range(1, count))]
        else:
            factors.append(name if count == 1 else f"{name}^{count}")
    return " * ".join(factors)


def _declaration(species: Species, cell: str) -> str:
    mark = "$" if species.clamped else ""
    return f"substanceOnly species {mark}{species.id} in {cell} = {species.initial:.15g};"


def _side(terms: Terms, clamped: set[str]) -> str:
    def one(name: str, count: int) -> str:
        return (f"{count} " if count > 1 else "") + ("$" if name in clamped else "") + name

    return " + ".join(one(name, count) for name, count in terms)


def _layer(net: Network, reaction: Reaction) -> str:
    """The layer that a reaction makes or unmakes, in words."""
    for name, _ in reaction.net_change:
        place = net.species[net.species_index[name]].place
        if place is not None and place.layer:
            return f"Layer {place.layer} ({place.kind})"
    return "Reactions"

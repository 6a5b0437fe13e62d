"""The linear noise approximation as SBML: mean and covariance over time in any simulator that integrates ODEs.

The file holds the network as `write_sbml` writes it, whose species are the means, and for each covariance a parameter
with a rate rule. KiSAO has no term for the method, so it is the model that says it.
Source: Elf, Ehrenberg 2003, doi:10.1101/gr.1196503.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import libsbml

from crn2sbml.core.lump import lump
from crn2sbml.core.names import free_name
from crn2sbml.core.network import Network
from crn2sbml.formats import math_trees
from crn2sbml.formats.document import Document, Metadata, Reading, check_not_fed
from crn2sbml.formats.libsbml_checks import made, ok
from crn2sbml.formats.sbml_write import compartment_id, write_sbml
from crn2sbml.lna.moment_equations import MomentEquations, Pair, Polynomial, Term

MOST_COVARIANCES = 8_000
MOST_TERMS = 65_000
"""What libRoadRunner (LLJIT) loads within a minute; COPASI integrates half as many covariances in about as long."""

_SQUARE, _SBO_PARAMETER = "item_squared", 2
_SOURCE = ("bqmodel:isDescribedBy", "https://identifiers.org/doi:10.1101/gr.1196503")
_NOTES = (
    "Linear noise approximation (LNA) of a reaction network, for deterministic simulation: each species is the mean of "
    "its count in items; var_A is the variance of the count of A and cov_A_B the covariance of the counts of A and B, "
    "in items squared (a name that was taken has a number behind it). The standard deviation is the square root of the "
    "variance.",
    "dx/dt = S v(x) and dC/dt = J C + C J^T + S diag(v) S^T with stoichiometry S, deterministic rates v and their "
    "Jacobian J. Covariances start at 0: the initial counts are known. Pairs without a parameter never correlate; "
    "species that no reaction changes have no noise. Exact where every rate is affine in the counts, else the leading "
    "order in the size of the system.",
)


def write_lna(document: Document, picture: bool = True) -> str:
    """Mean and covariance equations of a document's network as SBML L3V2 text, for deterministic simulation.

    Species are means (items), `var_A` a variance and `cov_A_B` a covariance (items^2; `covariance_ids` tells their
    names). Covariances start at 0: the initial counts are known. Rates are the deterministic ones whatever the
    document's reading, since the LNA expands around them. `picture`: as in `write_sbml`.

    Raises: FormatError: more covariances or terms than simulators load; the text has their numbers; or examples
        that are fed.
    """
    check_not_fed(document, "the LNA")
    net = document.network
    equations = MomentEquations.of(net, MOST_COVARIANCES, MOST_TERMS)
    listed = list(equations.equations())
    names = _names(net, equations.pairs)
    taken = {*_taken(net), *names.values()}
    factors = {term.factor for _, parts, _ in listed for polynomial in parts.values() for term in polynomial}
    factors |= {term.factor for _, _, noise in listed for term in noise}
    numbers = {n: free_name(f"times_{n}", taken) for n in sorted({abs(factor) for factor in factors} - {1})}
    numbers[1] = free_name("one_item", taken)
    reading: Reading = "deterministic" if net.has_repeated_reactants else "any"
    # The rules name the constants, which must therefore be known outside of the laws.
    means = replace(document, reading=reading, metadata=_described(net, document.metadata), local=frozenset())
    sbml = libsbml.readSBMLFromString(write_sbml(means, picture=picture))
    model = sbml.getModel()
    ok(model.setId(free_name(f"{net.id}_lna", {*taken, *numbers.values()})), "model id")
    if names:
        _write_unit(model)
        for number, name in numbers.items():
            words, units = ("one item", "substance") if number == 1 else (f"the number {number}", "dimensionless")
            _write_parameter(model, name, words, number, units, constant=True)
    for pair, name in names.items():
        _write_parameter(model, name, _words(pair), 0, _SQUARE, constant=False)
    for pair, parts, noise in listed:
        rule = made(model.createRateRule(), names[pair])
        ok(rule.setVariable(names[pair]), names[pair])
        ok(rule.setMath(_Laws(names, numbers).derivative(parts, noise)), f"rate rule of {names[pair]!r}")
    return str(libsbml.writeSBMLToString(sbml))


def covariance_ids(document: Document) -> dict[Pair, str]:
    """The parameter of each pair of species in the file that `write_lna` makes; a pair that is absent stays 0.

    Raises: FormatError: as `write_lna`.
    """
    net = document.network
    return _names(net, MomentEquations.of(net, MOST_COVARIANCES, MOST_TERMS).pairs)


def _names(net: Network, pairs: Iterable[Pair]) -> dict[Pair, str]:
    taken, names = _taken(net), {}
    for a, b in pairs:
        names[a, b] = free_name(f"var_{a}" if a == b else f"cov_{a}_{b}", taken)
        taken.add(names[a, b])
    return names


def _taken(net: Network) -> set[str]:
    """Ids in either shape of the file, so that the names do not depend on it."""
    reactions = {reaction.id for reaction in net.reactions} | {channel.id for channel in lump(net)}
    return {net.id, compartment_id(net), *net.species_index, *net.rate_constants} | reactions


def _words(pair: Pair) -> str:
    return f"variance of {pair[0]}" if pair[0] == pair[1] else f"covariance of {pair[0]} and {pair[1]}"


def _described(net: Network, metadata: Metadata) -> Metadata:
    terms = metadata.terms if _SOURCE in metadata.terms else (*metadata.terms, _SOURCE)
    title = f"{metadata.title or net.id}: mean and covariance (linear noise approximation)"
    return replace(metadata, title=title, notes=(*_NOTES, *metadata.notes), terms=terms)


def _write_unit(model: Any) -> None:
    definition = made(model.createUnitDefinition(), _SQUARE)
    ok(definition.setId(_SQUARE), f"unit {_SQUARE!r}")
    unit = made(definition.createUnit(), _SQUARE)
    ok(unit.setKind(libsbml.UNIT_KIND_ITEM), _SQUARE)
    ok(unit.setExponent(2), _SQUARE)
    ok(unit.setScale(0), _SQUARE)
    ok(unit.setMultiplier(1), _SQUARE)


def _write_parameter(model: Any, name: str, words: str, value: int, units: str, constant: bool) -> None:
    parameter = made(model.createParameter(), name)
    ok(parameter.setId(name), f"parameter {name!r}")
    ok(parameter.setName(words), name)
    ok(parameter.setValue(value), name)
    ok(parameter.setUnits(units), name)
    ok(parameter.setConstant(constant), name)
    ok(parameter.setSBOTerm(_SBO_PARAMETER), name)


@dataclass(frozen=True)
class _Laws:
    """Right-hand sides. `numbers` names each factor: numbers with units, which the units of a law need, stand in the
    way of Antimony and of programs that turn laws into text; parameters do not. The one of 1 holds one item.
    """

    names: Mapping[Pair, str]
    numbers: Mapping[int, str]

    def derivative(self, parts: Mapping[Pair, Polynomial], noise: Polynomial) -> Any:
        """Sum of covariances, each times its polynomial, and of the noise; what is taken off stands together."""
        products = [(polynomial, self.names[pair]) for pair, polynomial in parts.items()]
        if noise:
            # A rate is items per second; the noise that it makes is that times one item.
            products.append((noise, self.numbers[1]))
        up: list[Any] = []
        down: list[Any] = []
        for polynomial, other in products:
            negative = all(term.factor < 0 for term in polynomial)
            shown = tuple(t._replace(factor=abs(t.factor)) for t in polynomial) if negative else polynomial
            factors = self._factors(shown[0]) if len(shown) == 1 else [self._sum(shown)]
            (down if negative else up).append(math_trees.product([*factors, math_trees.name(other)]))
        return _difference(up, down)

    def _sum(self, polynomial: Polynomial) -> Any:
        up, down = (
            [math_trees.product(self._factors(term)) for term in polynomial if (term.factor < 0) == negative]
            for negative in (False, True)
        )
        return _difference(up, down)

    def _factors(self, term: Term) -> list[Any]:
        """Factors of a term, its sign left out."""
        size = abs(term.factor)
        names = [*([] if size == 1 else [self.numbers[size]]), term.rate]
        return [*map(math_trees.name, names), *(math_trees.power(name, power) for name, power in term.powers)]


def _difference(up: list[Any], down: list[Any]) -> Any:
    if not down:
        return math_trees.total(up)
    taken = math_trees.total(down)
    return math_trees.difference(math_trees.total(up), taken) if up else math_trees.negative(taken)

"""BioNetGen language text: every species a molecule without structure, every reaction a rule.

BioNetGen counts equal reactants as this package does, k x^2 in the ODE and k x (x - 1) in the SSA, so one text serves
both readings. Its rules carry a statistical factor, which is undone here: a rule that takes n of a species and keeps m
of them fires at k / (m! (n - m)!) for each ordered choice of reactants.
Source: Harris et al. 2016, doi:10.1093/bioinformatics/btw469; the factors as BioNetGen 2.9.3 writes them out.
"""

import re
from collections.abc import Iterator, Sequence
from math import factorial

from crn2sbml.core.network import Network, Reaction, Terms
from crn2sbml.errors import FormatError
from crn2sbml.formats.comments import comment_lines
from crn2sbml.formats.document import Document, check_not_fed
from crn2sbml.formats.run_settings import check_run

_WORDS = """
    begin end time if min max sum avg rint sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp ln log2
    log10 abs sqrt sign mratio TFUN tfun TotalRate _pi _e
"""
RESERVED = frozenset(_WORDS.split())
"""Names that a parameter cannot have. Of species and rules only `begin` is refused by BioNetGen."""
_DERIVED = re.compile(r"_(rateLaw|InitialConc)\w*")
_STEPS = 200
LARGEST_STOICHIOMETRY = 10
"""Items of one species on one side of a reaction. A rule lists them one by one, and BioNetGen tries all their orders:
eight take it some seconds, each further one about ten times as long."""


def write_bngl(document: Document, t_end: float, outputs: Sequence[str], seed: int = 1) -> str:
    """The document's network as BNGL text with an ODE and an SSA run of `t_end` seconds; `outputs` are observables.

    The SSA run is left out, and a comment says so, if an initial count is not whole. Reactions that change nothing are
    left out, since BioNetGen drops their rules.
    Raises: FormatError: no output or an unknown one, a reserved name, `t_end` or `seed` out of range, no reaction,
    examples that are fed, a stoichiometry above `LARGEST_STOICHIOMETRY`.
    """
    net = document.network
    check_not_fed(document, "BNGL")
    check_run("BNGL", net, t_end, outputs, seed, smallest_seed=1)
    _check(net)
    return "\n".join(_lines(document, t_end, outputs, seed)) + "\n"


def rule_factor(reaction: Reaction) -> int:
    """What the rate constant of a rule must be multiplied by: the product of m! (n - m)! over the reactants."""
    made, factor = dict(reaction.outputs), 1
    for name, taken in reaction.inputs:
        kept = min(taken, made.get(name, 0))
        factor *= factorial(kept) * factorial(taken - kept)
    return factor


def _check(net: Network) -> None:
    if not any(reaction.net_change for reaction in net.reactions):
        raise FormatError(f"BNGL: no reaction of network {net.id!r} changes anything; BioNetGen needs one that does")
    for parameter in net.parameters:
        if parameter.id in RESERVED or _DERIVED.fullmatch(parameter.id):
            raise FormatError(f"BNGL: {parameter.id!r} is a reserved word; rename it in network {net.id!r}")
    for name in (*net.species_index, *(reaction.id for reaction in net.reactions)):
        if name == "begin":
            raise FormatError(f"BNGL: {name!r} is a reserved word; rename it in network {net.id!r}")
    for reaction in net.reactions:
        for name, count in (*reaction.inputs, *reaction.outputs):
            if count > LARGEST_STOICHIOMETRY:
                raise FormatError(
                    f"BNGL: reaction {reaction.id!r} has {count:,} {name!r}, of which BioNetGen tries all orders; "
                    f"{LARGEST_STOICHIOMETRY} is the limit"
                )


def _lines(document: Document, t_end: float, outputs: Sequence[str], seed: int) -> Iterator[str]:
    net = document.network
    yield from comment_lines(document.metadata, "#")
    yield "# Counts are items, times are seconds; $ marks inputs, which stay as they are set."
    if net.has_repeated_reactants:
        yield "# Factors before rate constants undo BioNetGen's statistical factor of equal reactants."
        if any(rule_factor(reaction) % 3 == 0 for reaction in net.reactions):
            yield "# BioNetGen rounds the factors 1/6 and 1/24 to eight digits: such rates are good to 2e-8."
    yield "begin model"
    yield from _block("parameters", (f"{p.id} {float(p.value)!r}" for p in net.parameters))
    yield from _block("molecule types", (f"{s.id}()" for s in net.species))
    seeds = (f"{'$' * s.clamped}{s.id}() {float(s.initial)!r}" for s in net.species)
    yield from _block("seed species", seeds)
    yield from _block("observables", (f"Molecules {name} {name}()" for name in dict.fromkeys(outputs)))
    yield from _block("reaction rules", (_rule(r) for r in net.reactions if r.net_change))
    yield "end model"
    yield ""
    # All species are there from the start, so one round of rule application makes the whole network.
    yield "generate_network({overwrite=>1,max_iter=>1})"
    run = f"t_end=>{float(t_end)!r},n_steps=>{_STEPS}"
    yield f'simulate({{method=>"ode",suffix=>"ode",{run},atol=>1e-10,rtol=>1e-10}})'
    if net.has_whole_counts:
        yield "resetConcentrations()"
        yield f'simulate({{method=>"ssa",suffix=>"ssa",{run},seed=>{seed}}})'
    else:
        yield "# No SSA: an initial count is not whole."


def _block(name: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"begin {name}"
    yield from (f"  {line}" for line in lines)
    yield f"end {name}"


def _rule(reaction: Reaction) -> str:
    factor = rule_factor(reaction)
    rate = reaction.rate if factor == 1 else f"{factor}*{reaction.rate}"
    return f"{reaction.id}: {_side(reaction.inputs)} -> {_side(reaction.outputs)} {rate}"


def _side(terms: Terms) -> str:
    return " + ".join(f"{name}()" for name, count in terms for _ in range(count)) or "0"

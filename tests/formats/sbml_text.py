"""Small SBML texts, as another program might have written them: nothing here comes from the package's writer."""

from dataclasses import dataclass

import libsbml

L3 = '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"{more}>'

LEVEL_1 = (
    '<?xml version="1.0" encoding="UTF-8"?><sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2">'
    '<model name="m"><listOfCompartments><compartment name="c"/></listOfCompartments><listOfSpecies>'
    '<species name="A" compartment="c" initialAmount="10"/></listOfSpecies><listOfParameters>'
    '<parameter name="k" value="2"/>{ids}</listOfParameters><listOfReactions><reaction name="r" reversible="false">'
    '<listOfReactants><speciesReference species="A"/></listOfReactants><kineticLaw formula="{law}"/></reaction>'
    "</listOfReactions></model></sbml>"
)
"""A reaction of A by a formula of Level 1; `ids` are further parameters."""


@dataclass(frozen=True)
class Step:
    """A reaction by its parts; `law` is an infix formula, sides are as in "2 A + B"."""

    left: str
    right: str
    law: str
    attributes: str = 'reversible="false"'
    modifiers: tuple[str, ...] = ()
    local: tuple[tuple[str, float], ...] = ()


def mathml(formula: str) -> str:
    tree = libsbml.parseL3Formula(formula)
    assert tree is not None, libsbml.getLastParseL3Error()
    return str(libsbml.writeMathMLToString(tree)).split("?>", 1)[1]


def reaction(name: str, step: Step) -> str:
    parts = [_side("Reactants", step.left), _side("Products", step.right)]
    if step.modifiers:
        listed = "".join(f'<modifierSpeciesReference species="{m}"/>' for m in step.modifiers)
        parts.append(f"<listOfModifiers>{listed}</listOfModifiers>")
    if step.law:
        local = "".join(f'<localParameter id="{n}" value="{v}"/>' for n, v in step.local)
        local = f"<listOfLocalParameters>{local}</listOfLocalParameters>" if local else ""
        parts.append(f"<kineticLaw>{mathml(step.law)}{local}</kineticLaw>")
    return f'<reaction id="{name}" {step.attributes}>{"".join(parts)}</reaction>'


def species(name: str, start: str = 'initialAmount="10"', flags: str = "", home: str = "c") -> str:
    items = "" if "hasOnlySubstanceUnits" in flags else 'hasOnlySubstanceUnits="true"'
    boundary = "" if "boundaryCondition" in flags else 'boundaryCondition="false"'
    constant = "" if " constant=" in f" {flags}" else 'constant="false"'
    return f'<species id="{name}" compartment="{home}" {start} {items} {boundary} {constant} {flags}/>'


def model(
    steps: dict[str, Step],
    all_species: str = "AB",
    parameters: dict[str, float] | None = None,
    size: str = 'size="1"',
    more: str = "",
    declared: str = "",
    functions: str = "",
    namespaces: str = "",
    model_id: str = 'id="m"',
) -> str:
    """A whole Level 3 Version 2 document.

    `all_species` is a word of one-letter species of 10 items each, or elements; `more` follows the parameters (initial
    assignments, rules, constraints), `declared` follows the reactions (events).
    """
    if "<" not in all_species:
        all_species = "".join(species(name) for name in all_species)
    values = {"k": 2.0, "k1": 3.0, "k2": 0.5} if parameters is None else parameters
    listed = "".join(f'<parameter id="{n}" value="{v}" constant="true"/>' for n, v in values.items())
    reactions = "".join(reaction(name, step) for name, step in steps.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + L3.format(more=namespaces)
        + f"<model {model_id}>{functions}"
        + f'<listOfCompartments><compartment id="c" spatialDimensions="3" {size} constant="true"/></listOfCompartments>'
        + (f"<listOfSpecies>{all_species}</listOfSpecies>" if all_species else "")
        + (f"<listOfParameters>{listed}</listOfParameters>" if listed else "")
        + more
        + (f"<listOfReactions>{reactions}</listOfReactions>" if reactions else "")
        + declared
        + "</model></sbml>"
    )


def _side(which: str, text: str) -> str:
    listed = ""
    for term in filter(None, (part.strip() for part in text.split("+"))):
        *count, name = term.split()
        number = count[0] if count else "1"
        listed += f'<speciesReference species="{name}" stoichiometry="{number}" constant="true"/>'
    return f"<listOf{which}>{listed}</listOf{which}>" if listed else ""

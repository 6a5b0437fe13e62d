"""libSBML beside libSEDML in one process.

Both come from SWIG and share one table of types. Whichever is imported last owns the classes that formulas are shown
in; if that is libSEDML (Tellurium imports it), libSBML's own `getType()` returns an object that equals no constant, and
no law can be read any more. The other way round both work.
"""

import libsbml

_REGISTER = "_swigregister"


def restore_libsbml_classes() -> None:
    """Make libSBML the owner of its classes again, if another library took them over; cheap when none did."""
    if type(libsbml.parseFormula("x")) is libsbml.ASTNode:
        return
    compiled = vars(libsbml._libsbml)
    for name, register in compiled.items():
        if name.endswith(_REGISTER) and hasattr(libsbml, name.removesuffix(_REGISTER)):
            register(getattr(libsbml, name.removesuffix(_REGISTER)))

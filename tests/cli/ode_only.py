"""An engine of somebody else's that has no stochastic method."""

from types import MappingProxyType

from crn2sbml.engines.engine import Limit, Simulation


class OdeOnly:
    """Asked for a method that it lacks, it must not even be given the model."""

    name, version = "ode-only", "1"
    methods = MappingProxyType({"ode": ("euler",)})
    limits: tuple[Limit, ...] = ()

    def load(self, sbml: str) -> Simulation:
        raise AssertionError("loaded before its methods were looked at")

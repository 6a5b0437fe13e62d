import numpy as np
import pytest
from scipy.stats import poisson

from crn2sbml.core.network import Network, Parameter, Species
from crn2sbml.motifs.elementary import annihilation, birth_death_level, catalysis, decay, production
from tests.reference.master_equation import edge_mass, mean_and_covariance, stationary_law
from tests.reference.steady_ode import steady_counts


def test_the_four_reactions() -> None:
    assert (production("A", "k").inputs, production("A", "k").outputs) == ((), (("A", 1),))
    assert (decay("A", "k").inputs, decay("A", "k").outputs) == ((("A", 1),), ())
    read = catalysis("X", "A", "k")
    assert (read.inputs, read.net_change) == ((("X", 1),), (("A", 1),))
    gone = annihilation("P", "M", "k")
    assert (gone.order, gone.net_change) == (2, (("P", -1), ("M", -1)))


def birth_death(birth: float, death: float, catalyst: float) -> Network:
    return Network(
        "birth_death",
        (Species("A"), Species("X", catalyst, clamped=True)),
        (Parameter("b", birth), Parameter("w", birth), Parameter("g", death)),
        (production("A", "b"), catalysis("X", "A", "w"), decay("A", "g")),
    )


@pytest.mark.parametrize(("birth", "death", "catalyst"), [(3.0, 1.0, 0.0), (0.25, 2.0, 10.0), (40.0, 0.5, 2.0)])
def test_level_is_the_root_of_the_ode(birth: float, death: float, catalyst: float) -> None:
    found = steady_counts(birth_death(birth, death, catalyst))["A"]
    assert birth_death_level(birth * (1 + catalyst), death) == pytest.approx(found, rel=1e-10)


def test_counts_are_poisson_about_the_level() -> None:
    birth, death = 6.0, 1.5
    steps = [
        ((dict(r.inputs).get("A", 0),), (dict(r.outputs).get("A", 0),), constant)
        for r, constant in ((production("A", "b"), birth), (decay("A", "g"), death))
    ]
    law = stationary_law(steps, (40,))
    level = birth_death_level(birth, death)
    # 40 states hold all but 1e-25 of a Poisson law of mean 4.
    np.testing.assert_allclose(law, poisson.pmf(np.arange(40), level), atol=1e-13)
    assert edge_mass(law) < 1e-15
    mean, covariance = mean_and_covariance(law)
    assert mean[0] == pytest.approx(level, rel=1e-12)
    assert covariance[0, 0] == pytest.approx(level, rel=1e-12)


def test_levels_of_arrays() -> None:
    np.testing.assert_array_equal(birth_death_level(np.array([0.0, 1.0, 4.0]), 2.0), [0.0, 0.5, 2.0])

"""Build a network by hand, write it as SBML, and run what was written.

A is made and decays; it makes B, which decays too. Everything is affine, so the linear noise approximation is exact.
"""

from crn2sbml import Document, Network, Parameter, Reaction, Species, get_engine, write_sbml

network = Network(
    "cascade",
    (Species("A"), Species("B")),
    (Parameter("birth", 50.0), Parameter("gain", 2.0), Parameter("loss", 1.0)),
    (
        Reaction("A_is_made", (), (("A", 1),), "birth"),
        Reaction("A_makes_B", (("A", 1),), (("A", 1), ("B", 1)), "gain"),
        Reaction("A_decays", (("A", 1),), (), "loss"),
        Reaction("B_decays", (("B", 1),), (), "loss"),
    ),
)
simulation = get_engine("roadrunner").load(write_sbml(Document(network)))
noise = simulation.lna({}, t_end=50.0)
for name in network.floating:
    mean = float(noise["mean"].sel(species=name))
    variance = float(noise["covariance"].sel(species=name, species_=name))
    print(f"{name}: mean {mean:.3f} items, variance {variance:.3f} items^2")

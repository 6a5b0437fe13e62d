"""Which reactions make a species noisy, how fast its noise fluctuates, and what averaging leaves of it.

A gene switches on and off, makes messengers when on, and messengers make protein: all affine, so the linear noise
approximation is exact.
"""

from crn2sbml import analyse_noise, read_antimony

network = read_antimony(
    """
    model expression
      off = 1; on = 0; mrna = 0; protein = 0
      activate: off -> on; 0.1 * off
      inactivate: on -> off; 0.4 * on
      transcribe: on -> on + mrna; 20 * on
      lose_mrna: mrna -> ; 1 * mrna
      translate: mrna -> mrna + protein; 5 * mrna
      lose_protein: protein -> ; 0.2 * protein
    end
    """
).network
noise = analyse_noise(network, ["protein"], average=60, lags=[1, 5, 20]).isel(output=0)
mean, sd, fano_factor = (float(noise[name]) for name in ("mean", "sd", "fano_factor"))
print(f"protein: mean {mean:.1f} and sd {sd:.2f} items, Fano factor {fano_factor:.1f}")
for reaction in noise.reaction.values:
    print(f"  {reaction}: {float(noise['by_reaction'].sel(reaction=reaction) / noise['sd'] ** 2):.1%} of the variance")
print(f"  averaged over 60 s: sd {float(noise['sd_of_average']):.1f} items")
print("  correlation after 1, 5, 20 s:", noise["autocorrelation"].values.round(3))

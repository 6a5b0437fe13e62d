"""Integrals of power spectra over frequency: the nodes, and what averaging over time does to a spectrum.

A spectrum whose decay rates lie between `slowest` m and `fastest` M has its poles on the imaginary axis between i m and
i M. The substitution w = m sc(u) with the elliptic modulus that puts all of them on the edge of a strip makes the
trapezoidal rule converge like exp(-pi^2 nodes / log(4 M / m)), the best there is.
Source: Hale, Higham, Trefethen 2008, doi:10.1137/070700607 (the map); Trefethen, Weideman 2014, doi:10.1137/130932132.
"""

import numpy as np
from scipy import special

from crn2sbml.core.matrices import Array


def frequencies(slowest: float, fastest: float, places: Array) -> tuple[Array, Array]:
    """Frequencies w (rad/s) at places between 0 (w = 0) and 1 (w infinite), both excluded, and dw / dplace / pi.

    The mean over places of that measure times the spectrum is the variance, the integral over all w of S(w) / 2 pi.
    """
    ratio = min(slowest / fastest, 1.0) ** 2
    quarter = special.ellipkm1(ratio)
    # w(1 - p) = m M / w(p); only the half where the elliptic functions are accurate for any ratio is computed.
    mirrored = places > 0.5
    sine, cosine, delta, _ = special.ellipj(np.where(mirrored, 1 - places, places) * quarter, 1 - ratio)
    where, slope = slowest * sine / cosine, slowest * delta / cosine**2
    product = slowest * max(fastest, slowest)
    return (
        np.where(mirrored, product / where, where),
        np.where(mirrored, product / where**2, 1.0) * slope * (quarter / np.pi),
    )


def midpoints(slowest: float, fastest: float, nodes: int) -> tuple[Array, Array]:
    """So many frequencies (rad/s), and measures so that a variance is the sum of measure times power spectrum."""
    where, measure = frequencies(slowest, fastest, (np.arange(nodes) + 0.5) / nodes)
    return where, measure / nodes


def averaged(frequencies: Array, seconds: float) -> Array:
    """Part of the power at each frequency that is left in an average over so many seconds: sinc^2(w T / 2)."""
    return np.asarray(np.sinc(frequencies * seconds / (2 * np.pi)) ** 2)

"""Confidence intervals of proportions."""

from math import sqrt


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson score interval of a proportion, by default at 95 %.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    if trials == 0:
        return 0.0, 1.0
    p, share = successes / trials, z * z / trials
    centre, spread = p + share / 2, z * sqrt(p * (1 - p) / trials + share / trials / 4)
    return max(0.0, (centre - spread) / (1 + share)), min(1.0, (centre + spread) / (1 + share))

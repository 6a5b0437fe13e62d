import math

import numpy as np
import pytest

from crn2sbml.core.pmf import Pmf, parse_pmf, total_variation
from crn2sbml.errors import PmfError


def test_what_people_write() -> None:
    pmf = parse_pmf("5:.3, 0:.2,2:.5")
    assert pmf.support == ((0,), (2,), (5,))
    assert pmf.probabilities == (0.2, 0.5, 0.3)
    lines = parse_pmf("# counts of A and B\n0 1: .5\n\n3 0: 5e-1\n1 1:0\n")
    assert lines.support == ((0, 1), (3, 0))
    assert lines.points.shape == (2, 2)
    np.testing.assert_array_equal(lines.weights, [0.5, 0.5])


def test_rounded_probabilities_are_made_to_sum_to_one() -> None:
    assert math.fsum(parse_pmf("0:.3333333333,1:.3333333333,2:.3333333333").probabilities) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "0 points"),
        ("0:.2,1:.7", "sum to 0.9,"),
        ("0:-.2,1:1.2", "(0) is -0.2"),
        ("0:nan,1:1", "(0) is nan"),
        ("-1:1", "count of (-1)"),
        ("1 .5:1", "count of (1, 0.5)"),
        ("inf:1", "inf"),
        ("0:.5,0:.5", "(0) is named twice"),
        ("0:.5,1 1:.5", "(1, 1) has 2 counts"),
        ("three:1", "'three:1'"),
        ("3", "'3'"),
        (":1", "':1'"),
    ],
)
def test_bad_text_is_refused(text: str, says: str) -> None:
    with pytest.raises(PmfError, match=r"^pmf: ") as refusal:
        parse_pmf(text)
    assert says in str(refusal.value)


def test_as_many_probabilities_as_points() -> None:
    with pytest.raises(PmfError, match="2 points with 1 prob"):
        Pmf(((0,), (1,)), (1.0,))


def test_total_variation() -> None:
    pmf = parse_pmf("0:.25,1:.75")
    assert total_variation([((0,), 0.25), ((1,), 0.75)], pmf) == 0
    assert total_variation([((1,), 1.0)], pmf) == 0.25
    assert total_variation([((7,), 1.0)], pmf) == 1

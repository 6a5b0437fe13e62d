import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from crn2sbml.errors import SteadyStateError
from crn2sbml.lna import moieties
from crn2sbml.lna.moieties import find_moieties

stoichiometries = arrays(float, st.tuples(st.integers(1, 8), st.integers(0, 8)), elements=st.integers(-3, 3).map(float))


@settings(max_examples=200, deadline=None)
@given(stoichiometries, st.booleans())
def test_independent_rows_give_all(changes: np.ndarray, with_a_sum: bool) -> None:
    """S = L S_r, with as many independent rows as the rank (by singular values)."""
    changes = np.vstack([changes, -changes.sum(axis=0)]) if with_a_sum else changes
    found = find_moieties(sparse.csr_array(changes))
    rank = np.linalg.matrix_rank(changes) if changes.size else 0
    assert (len(found.independent), found.count) == (rank, len(changes) - rank)
    np.testing.assert_allclose(found.link @ changes[found.independent], changes, atol=1e-9)
    np.testing.assert_array_equal(found.link[found.independent], np.eye(rank))
    assert (np.diff(found.independent) > 0).all()


def test_an_enzyme() -> None:
    """E + S <-> ES -> E + P keeps E + ES and S + ES + P."""
    changes = np.array([[-1.0, 1, 1], [-1, 1, 0], [1, -1, -1], [0, 0, 1]])
    assert find_moieties(sparse.csr_array(changes)).count == 2


def test_too_many_species_to_look_for_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moieties, "LARGEST", 3)
    with pytest.raises(SteadyStateError, match=r"4 floating species.*3 at most"):
        find_moieties(sparse.csr_array(np.ones((4, 1))))

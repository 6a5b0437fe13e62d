"""Against SciPy's dense solver (Bartels-Stewart on the whole matrix), for matrices of every structure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, sparse

from crn2sbml.lna.block_triangular import BlockTriangular


def stable(size: int, density: float, seed: int, margin: float = 0.1) -> np.ndarray:
    """A random matrix with eigenvalues left of -margin, real and complex."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(size, size)) * (rng.random((size, size)) < density)
    return matrix - np.eye(size) * (margin + max(0.0, np.linalg.eigvals(matrix).real.max(initial=0)))


def noise(size: int, seed: int) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(size, size))
    return np.asarray(root @ root.T)


def assert_equal_to_scipy(matrix: np.ndarray, intensity: np.ndarray) -> BlockTriangular:
    blocks = BlockTriangular.of(sparse.csr_array(matrix))
    found, expected = blocks.lyapunov(sparse.csr_array(intensity)), linalg.solve_continuous_lyapunov(matrix, -intensity)
    np.testing.assert_allclose(found, expected, atol=1e-10 * np.abs(expected).max())
    np.testing.assert_array_equal(found, found.T)
    return blocks


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 30), st.sampled_from([0.0, 0.02, 0.06, 0.15, 0.5]), st.integers(0, 10**6))
def test_random_structures(size: int, density: float, seed: int) -> None:
    matrix = stable(size, density, seed)
    blocks = assert_equal_to_scipy(matrix, noise(size, seed))
    assert sorted(blocks.order) == list(range(size))
    ordered = matrix[np.ix_(blocks.order, blocks.order)]
    for group in blocks.groups:
        assert not ordered[group.span, group.end :].any()  # nothing upstream feels what lies downstream
    for value in blocks.eigenvalues:  # of a matrix that is nearest to this one
        smallest = np.linalg.svd(matrix - value * np.eye(size), compute_uv=False)[-1]
        assert smallest < 1e-12 * np.linalg.norm(matrix)


def joined(parts: list[np.ndarray], seed: int) -> np.ndarray:
    """Blocks on a diagonal, each fed by all before it, in random order."""
    rng, matrix = np.random.default_rng(seed), linalg.block_diag(*parts)
    start = 0
    for part in parts:
        matrix[start : start + len(part), :start] = rng.normal(size=(len(part), start))
        start += len(part)
    shuffled = rng.permutation(len(matrix))
    return np.asarray(matrix[np.ix_(shuffled, shuffled)])


@pytest.mark.parametrize("sizes", [(40, 1, 1), (1, 40, 2), (30, 25), (5, 5, 5, 5, 1, 2), (12, 3, 12)])
def test_large_and_small_components(sizes: tuple[int, ...]) -> None:
    """Pairs of large ones go through LAPACK, the others through the substitution of whole groups."""
    blocks = assert_equal_to_scipy(joined([stable(n, 1.0, n) for n in sizes], 1), noise(sum(sizes), 2))
    assert sorted(group.blocks.size for group in blocks.groups) == sorted(sizes)


def test_many_equal_components_are_one_group() -> None:
    parts = [stable(2, 1.0, seed) for seed in range(20)]
    blocks = assert_equal_to_scipy(linalg.block_diag(*parts), noise(40, 3))
    assert [group.blocks.form.shape for group in blocks.groups] == [(20, 2, 2)]


def test_a_defective_component() -> None:
    """Jordan blocks have no basis of eigenvectors; Schur forms do not need one."""
    jordan = np.array([[-1.0, 1, 0], [0, -1, 1], [0, 0, -1]])
    turned = linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    assert_equal_to_scipy(joined([turned @ jordan @ turned.T] * 3, 4), noise(9, 5))


def test_a_long_chain() -> None:
    """Each level holds one component; 300 levels."""
    assert_equal_to_scipy(-np.eye(300) + 0.5 * np.eye(300, k=-1), np.eye(300))


def test_the_row_behind_an_eigenvalue() -> None:
    """Slowest is the second of a pair, fed from upstream and feeding a faster row."""
    matrix = np.array([[-5.0, 0, 0, 0], [1, -3, 0.01, 0], [0, 0.01, -0.1, 0], [0, 0, 7, -9]])
    blocks = BlockTriangular.of(sparse.csr_array(matrix))
    assert blocks.row_of(int(np.argmax(blocks.eigenvalues.real))) == 2


def test_nothing_at_all() -> None:
    blocks = BlockTriangular.of(sparse.csr_array((0, 0)))
    assert (blocks.eigenvalues.size, blocks.lyapunov(sparse.csr_array((0, 0))).shape) == (0, (0, 0))

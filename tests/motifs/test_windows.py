import jax.numpy as jnp
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from crn2sbml.errors import ShapeError
from crn2sbml.motifs.motif import Shape
from crn2sbml.motifs.windows import channel_windows, gather, scatter, window_grid, window_indices

GRIDS = [((1, 4, 4), 2, 2), ((3, 5, 7), 3, 1), ((2, 7, 5), 2, 3), ((1, 6, 6), 6, 1), ((2, 3, 3), 1, 2)]


@pytest.mark.parametrize(("in_shape", "size", "stride"), GRIDS)
def test_windows_are_those_of_numpy(in_shape: Shape, size: int, stride: int) -> None:
    channels, rows, columns = in_shape
    numbered = np.arange(channels * rows * columns).reshape(in_shape)
    views = sliding_window_view(numbered, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    assert window_grid(in_shape, size, stride) == views.shape[1:3]
    np.testing.assert_array_equal(window_indices(in_shape, size, stride), views[0].reshape(-1, size * size))
    expected = views.transpose(1, 2, 0, 3, 4).reshape(-1, channels * size * size)
    np.testing.assert_array_equal(channel_windows(in_shape, size, stride), expected)


@pytest.mark.parametrize(("size", "stride"), [(5, 1), (0, 1), (-1, 1), (2, 0), (2, -2)])
def test_windows_that_do_not_fit(size: int, stride: int) -> None:
    with pytest.raises(ShapeError) as refusal:
        window_grid((1, 6, 4), size, stride)
    assert f"window of {size} with stride {stride}" in str(refusal.value)
    assert "6 x 4" in str(refusal.value)


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_gather_takes_from_the_last_axis_in_both_libraries(leading: tuple[int, ...]) -> None:
    inputs = np.random.default_rng(0).random((*leading, 9)).astype(np.float32)
    indices = np.array([[8, 0, 3], [1, 1, 2]])
    np.testing.assert_array_equal(gather(inputs, indices), inputs[..., indices])
    np.testing.assert_array_equal(np.asarray(gather(jnp.asarray(inputs), indices)), inputs[..., indices])


@pytest.mark.parametrize(("in_shape", "size", "stride"), GRIDS)
def test_scatter_is_the_adjoint_of_gather(in_shape: Shape, size: int, stride: int) -> None:
    """<gather(x), y> = <x, scatter(y)>, with leading axes, in both libraries; some inputs are in no window."""
    rng, inputs = np.random.default_rng(0), int(np.prod(in_shape))
    windows = channel_windows(in_shape, size, stride)
    x, y = rng.random((2, inputs)), rng.random((2, *windows.shape))
    found = scatter(y, windows, inputs)
    assert found.shape == x.shape
    np.testing.assert_allclose((gather(x, windows) * y).sum(axis=(1, 2)), (x * found).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(np.asarray(scatter(jnp.asarray(y), windows, inputs)), found, rtol=1e-6)

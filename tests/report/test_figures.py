from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure

from crn2sbml.report.figures import layer_image, plot_image, plot_layer, plot_readouts, plot_trace
from tests.verify.tiny_trip import IMAGES, tiny_trip, trained_tiny


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def net_and_state() -> tuple:
    """Counts that tell where they are: the position of the species in the network."""
    trained = trained_tiny()
    net = trained.classifier.network(trained.weights)
    names = [s.id for s in net.species]
    return net, xr.DataArray(np.arange(float(len(names))), {"species": names}, ("species",))


def test_an_image_is_shown_as_it_is(ax: Axes) -> None:
    assert plot_image(ax, IMAGES[0], "a <title>") is ax
    np.testing.assert_array_equal(ax.images[0].get_array(), IMAGES[0])
    assert ax.get_title() == "a <title>"


@pytest.mark.parametrize(("layer", "kind", "size"), [(0, "input0_{}", 4), (1, "conv1_P_{}", 3), (2, "pool2_{}", 2)])
def test_channels_of_a_layer_stand_side_by_side(layer: int, kind: str, size: int) -> None:
    net, state = net_and_state()
    channels = 1 if layer == 0 else 2
    picture = layer_image(net, state, layer)
    assert picture.shape == (size, channels * (size + 1) - 1)
    for channel in range(channels):
        for row in range(size):
            for column in range(size):
                name = kind.format(f"{channel}_{row}_{column}")
                assert picture[row, channel * (size + 1) + column] == float(state.sel(species=name))
    assert np.isnan(picture[:, size :: size + 1]).all()


def test_a_layer_without_a_grid_is_one_row() -> None:
    net, state = net_and_state()
    expected = [[float(state.sel(species=f"readout3_P_{i}")) for i in range(3)]]
    np.testing.assert_array_equal(layer_image(net, state, 3), expected)


def test_a_layer_names_its_largest_count(ax: Axes) -> None:
    picture = np.array([[1.0, np.nan, 41.6]])
    assert plot_layer(ax, picture, "layer 1: conv") is ax
    assert "layer 1: conv" in ax.get_title()
    assert "up to 42 items" in ax.get_title()
    np.testing.assert_array_equal(np.ma.filled(ax.images[0].get_array(), np.nan), picture)


def test_read_outs_are_bars_and_whiskers(ax: Axes) -> None:
    row = tiny_trip().table.isel(example=1)
    assert plot_readouts(ax, row) is ax
    bars = next(c for c in ax.containers if isinstance(c, BarContainer))
    np.testing.assert_allclose([bar.get_height() for bar in bars], row["closed_form"])
    whiskers = [c for c in ax.containers if isinstance(c, ErrorbarContainer)]
    for container, mean, sd in zip(whiskers, ("lna_mean", "ssa_mean"), ("lna_sd", "ssa_sd"), strict=True):
        np.testing.assert_allclose(np.asarray(container.lines[0].get_ydata(), dtype=float), row[mean])
        ends = np.array([segment[:, 1] for segment in container.lines[2][0].get_segments()], dtype=float)
        np.testing.assert_allclose(ends, np.stack([row[mean] - row[sd], row[mean] + row[sd]], axis=1))
    assert (ax.get_ylabel(), len(ax.get_xticks())) == ("items", 3)


def test_a_trace_is_drawn_over_its_band(ax: Axes) -> None:
    run = tiny_trip().runs[0]
    order = np.argsort(-run["lna_mean"].values)
    assert plot_trace(ax, run, str(run.output.values[order[0]]), others=1) is ax
    steps = [line for line in ax.lines if len(line.get_ydata()) == run.sizes["time"]]
    assert [line.get_label() for line in steps] == run.output.values[order[:2]].tolist()
    for line, position in zip(steps, order, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), run["trace"].values[:, position])
        np.testing.assert_array_equal(line.get_xdata(), run.time)
    bands = [(patch.get_y(), patch.get_y() + patch.get_height()) for patch in ax.patches]
    mean, sd = run["lna_mean"].values[order[:2]], run["lna_sd"].values[order[:2]]
    np.testing.assert_allclose(bands, np.stack([mean - 2 * sd, mean + 2 * sd], axis=1))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "items")


def test_plots_neither_show_nor_save(ax: Axes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("show", "savefig", "figure"):
        monkeypatch.setattr(plt, name, lambda *a, **k: pytest.fail("pyplot was used"))
    plot_image(ax, IMAGES[0])
    plot_readouts(ax, tiny_trip().table.isel(example=0))
    plot_trace(ax, tiny_trip().runs[0], "readout3_P_0")
    assert plt.get_fignums() == []
    assert list(tmp_path.iterdir()) == []

import math
import re
from typing import Any

import numpy as np
import pytest
import xarray as xr

from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.report.model_folder import model_document
from crn2sbml.verify import round_trip as module
from crn2sbml.verify import stationary_samples
from crn2sbml.verify.decisions import stochastic_readouts
from crn2sbml.verify.round_trip import RoundTrip, ode_readouts, round_trip
from crn2sbml.verify.runs import samples_of
from tests.reference.steady_ode import steady_counts
from tests.verify.tiny_trip import (
    IMAGES,
    LABELS,
    PRECISION,
    SEED,
    closed_form,
    tiny_sbml,
    tiny_trip,
    tiny_usage,
    trained_tiny,
)

CLOSED, ODE, LNA, SSA, SPREAD, PRECISE = (
    "closed form and ODE",
    "ODE and COPASI's ODE",
    "LNA and COPASI's LNA",
    "SSA and LNA",
    "spread of SSA and LNA",
    "precision of the SSA",
)


def trip(sbml: str, expected: Any = None, precision: float = PRECISION, **more: Any) -> RoundTrip:
    expected = closed_form() if expected is None else expected
    return round_trip(sbml, tiny_usage(), IMAGES, expected, LABELS, SEED, precision, **more)


def broken(result: RoundTrip) -> set[str]:
    return {agreement.name for agreement in result.agreements if not agreement.holds}


def tampered(factor: float = 1.02) -> str:
    """The file with one weight of the read-out changed."""
    text, changes = re.subn(
        r'(<parameter [^>]*id="readout3_weight_0_1"[^>]* value=")([^"]+)',
        lambda found: f"{found[1]}{float(found[2]) * factor:.15g}",
        tiny_sbml(),
    )
    assert changes == 1
    return text


def test_all_answers_agree() -> None:
    result = tiny_trip()
    assert [agreement.name for agreement in result.agreements] == [CLOSED, ODE, LNA, SSA, SPREAD, PRECISE]
    assert broken(result) == set()
    assert result.holds
    assert result.examples == 2


def test_read_outs_against_a_solver_of_its_own() -> None:
    """Closed form and ODE could be wrong together; SciPy on plain Python laws is neither."""
    trained = trained_tiny()
    for number, image in enumerate(IMAGES):
        found = steady_counts(trained.classifier.network(trained.weights, image), horizon=80)
        row = tiny_trip().table.isel(example=number)
        expected = [found[name] for name in trained.classifier.output_ids]
        for method in ("closed_form", "ode", "lna_mean", "copasi_ode"):
            np.testing.assert_allclose(row[method], expected, rtol=1e-6, err_msg=method)


def test_the_table_is_made_of_the_runs() -> None:
    table = tiny_trip().table
    for number, run in enumerate(tiny_trip().runs):
        samples, row = samples_of(run).values, table.isel(example=number)
        assert len(samples) == int(row.samples) >= 8
        np.testing.assert_allclose(row["ssa_mean"], samples.mean(axis=0))
        np.testing.assert_allclose(row["ssa_sd"], samples.std(axis=0, ddof=1))
        expected = row["lna_mean"] + row["lna_correction"]
        np.testing.assert_allclose(row["z"], (row["ssa_mean"] - expected) / row["ssa_standard_error"])
        assert float(row.snapshots_right) == np.mean(np.argmax(samples, axis=1) == LABELS[number])
        assert run.attrs["engine"] == "roadrunner"
        assert run.attrs["seed"] == SEED + number
    assert table.attrs["seed"] == SEED
    assert table.label.values.tolist() == LABELS
    assert {array.attrs["units"] for name, array in table.items() if name != "z"} == {"item"}


def test_the_same_seed_gives_the_same_table_and_progress_is_told() -> None:
    told: list[int] = []
    first, again = tiny_trip().table, trip(tiny_sbml(), report=told.append).table
    # COPASI orders its sums by where objects lie in memory, so its last digits change from load to load.
    theirs = [name for name in first if str(name).startswith("copasi")]
    xr.testing.assert_identical(again.drop_vars(theirs), first.drop_vars(theirs))
    xr.testing.assert_allclose(again[theirs], first[theirs], rtol=1e-7)
    assert told == [1, 2, 3]  # COPASI and two examples


@pytest.mark.parametrize("wrong", [1.00001, np.nan])
def test_a_wrong_closed_form_is_noticed(wrong: float) -> None:
    expected = closed_form()
    expected[1, 2] *= wrong
    assert broken(trip(tiny_sbml(), expected)) == {CLOSED}


def test_a_wrong_constant_in_the_file_is_noticed() -> None:
    """Every simulator runs the wrong file and agrees with every other; only the closed form knows better."""
    result = trip(tampered())
    assert broken(result) == {CLOSED}
    assert not result.holds


def test_a_simulator_that_runs_another_model_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    copasi_runs = module.copasi_runs
    monkeypatch.setattr(module, "copasi_runs", lambda sbml, *rest: copasi_runs(tampered(), *rest))
    assert broken(trip(tiny_sbml())) == {ODE, LNA}


def test_a_biased_ssa_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    run_one = module.roadrunner_run

    def biased(*arguments: Any) -> Any:
        run = run_one(*arguments)
        return run.assign(trace=run["trace"] + 5 * run["standard_error"])

    monkeypatch.setattr(module, "roadrunner_run", biased)
    assert broken(trip(tiny_sbml())) == {SSA}


def test_an_ssa_of_another_spread_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    run_one = module.roadrunner_run

    def strayed(*arguments: Any) -> Any:
        run = run_one(*arguments)
        mean = samples_of(run).mean("time")
        return run.assign(trace=(run["trace"] - mean) * 2 + mean)

    monkeypatch.setattr(module, "roadrunner_run", strayed)
    assert broken(trip(tiny_sbml())) == {SPREAD}


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (0.6, False), (1.4, False)])
def test_spreads_of_all_examples_count_together(factor: float, holds: bool) -> None:
    """Ten examples of 12 samples: 110 degrees of freedom, so that a variance off by 60 % is 4.7 of its errors off."""
    sd = np.random.default_rng(3).normal(0, 50, (10, 12)).std(axis=1, ddof=1)
    numbers = {"samples": np.full(10, 12), "ssa_sd": sd * factor, "lna_sd": np.full(10, 50.0)}
    winners = xr.Dataset({name: ("example", values) for name, values in numbers.items()})
    assert (module._z_of_spread(winners) <= module.Z_LIMIT) == holds


@pytest.mark.parametrize(
    ("column", "name"), [("z", SSA), ("ssa_standard_error", PRECISE), ("ssa_sd", SPREAD), ("ode", CLOSED)]
)
def test_a_nan_in_any_example_is_no_agreement(column: str, name: str) -> None:
    table = tiny_trip().table.copy(deep=True)
    table[column][1] = np.nan
    assert name in {agreement.name for agreement in module._agreements(table, 0.0, PRECISION) if not agreement.holds}


def test_too_few_samples_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stationary_samples, "_MOST", 8)
    result = trip(tiny_sbml(), precision=1e-5)
    assert broken(result) == {PRECISE}
    assert result.table.samples.values.tolist() == [8, 8]


def test_every_shape_gives_the_same_read_outs() -> None:
    document = model_document(trained_tiny())
    elementary = write_sbml(type(document)(document.network, document.metadata, "elementary"))
    assert elementary != tiny_sbml()
    for text in (tiny_sbml(), elementary):
        found = np.concatenate(list(ode_readouts(text, tiny_usage(), IMAGES)))
        np.testing.assert_allclose(found, closed_form(), rtol=1e-6)


def test_ode_readouts_keep_the_order_in_any_number_of_processes() -> None:
    images = np.random.default_rng(5).random((45, 4, 4))
    blocks = list(ode_readouts(tiny_sbml(), tiny_usage(), images, jobs=2))
    assert len(blocks) > 1
    trained = trained_tiny()
    np.testing.assert_allclose(np.concatenate(blocks), trained.classifier.readouts(trained.weights, images), rtol=1e-6)


def test_snapshots_of_the_ssa() -> None:
    """Independent draws from a law whose mean and spread the LNA tells."""
    runs = 200
    found = stochastic_readouts(tiny_sbml(), tiny_usage(), IMAGES[:1], 3, replicates=runs, settle=25)[0]
    row = tiny_trip().table.isel(example=0)
    z = (found.mean(axis=0) - row["lna_mean"] - row["lna_correction"]) / (row["lna_sd"] / math.sqrt(runs))
    assert float(abs(z).max()) < 4


def test_input_counts_are_rounded_as_io_json_says() -> None:
    usage = tiny_usage()
    counts = usage.input_counts(IMAGES[0])
    assert list(counts) == list(usage.inputs)
    assert list(counts.values()) == [round(value * 200) for value in IMAGES[0].ravel()]
    assert list(counts.values()) == trained_tiny().classifier.input_counts(IMAGES[0]).tolist()
    with pytest.raises(ValueError, match="argument"):
        usage.input_counts(IMAGES[0][:3])

import csv
import io

import numpy as np

from crn2sbml.report.tables import csv_table, winners_table
from tests.verify.tiny_trip import LABELS, tiny_trip


def test_winners() -> None:
    lines = winners_table(tiny_trip()).splitlines()
    assert "in items" in lines[0]
    rows = [line.split() for line in lines[-2:]]
    for number, cells in enumerate(rows):
        row = tiny_trip().table.isel(example=number)
        answer = int(np.argmax(row["ode"].values))
        best = row.isel(output=answer)
        assert cells[:4] == [str(LABELS[number]), str(answer), f"{best['closed_form']:.4f}", f"{best['ode']:.4f}"]
        lna, ssa = ([f"{best[f'{way}_mean']:.0f}", "±", f"{best[f'{way}_sd']:.0f}"] for way in ("lna", "ssa"))
        assert cells[4:11] == [*lna, f"{best['lna_correction']:+.1f}", *ssa]
        assert cells[11:15] == [str(int(row.samples)), "x", f"{row.spacing:.1f}", "s"]
        assert cells[15:] == [f"{100 * (best['ssa_mean'] / best['lna_mean'] - 1):+.1f}%", f"{best['z']:+.1f}"]
    assert max(len(line) for line in lines) <= 100


def test_csv_holds_every_number() -> None:
    table = tiny_trip().table
    rows = list(csv.DictReader(io.StringIO(csv_table(tiny_trip()))))
    assert len(rows) == table.sizes["example"] * table.sizes["output"]
    assert {name for name in table.data_vars if name not in rows[0]} == set()
    for row in rows:
        chosen = table.isel(example=int(row["example"])).sel(output=row["output"])
        assert int(row["label"]) == int(chosen.label)
        for name in table.data_vars:
            # Ten digits are written.
            np.testing.assert_allclose(float(row[str(name)]), float(chosen[name]), rtol=1e-9)

"""`python -m bench.likelihood`: the tables, the time limit, and what is asked of the default."""

import json
import math
import sys
import time

import numpy as np
import pytest

reason = "bench/ is no part of a source distribution"
real = pytest.importorskip("bench._real", reason=reason)
entries = pytest.importorskip("bench._entries", reason=reason)
verdicts = pytest.importorskip("bench._verdicts", reason=reason)
likelihood = pytest.importorskip("bench.likelihood", reason=reason)


@pytest.mark.parametrize(
    "column, step",
    [
        (np.r_[0.0, 5.0, 7.0, 9.0], 2.0),  # integers: their smallest distance
        (np.full(7, 3.0), 1.0),
        (np.r_[np.zeros(10), np.arange(1, 100) / 10], 0.1),  # tied
        (np.r_[np.zeros(10), 0.25 * np.arange(1, 2000)], 0.0),  # ten of 2,009 rows are no tie
        (np.linspace(0, 1, 50) ** 2, None),  # a row of 50 is more than 1 % of them
    ],
)
def test_the_step_of_a_column(column, step):
    expected = np.median(np.diff(column)) if step is None else step
    assert real.grid_step(column) == pytest.approx(expected)


def test_a_split_has_every_row_once_and_its_noise(rng):
    X = np.column_stack([np.arange(200.0), rng.standard_normal(200)])
    rows = real.split(X, 0)
    assert [len(part) for part in (rows.train, rows.val, rows.test)] == [160, 20, 20]
    together = np.concatenate([rows.train, rows.val, rows.test])
    assert sorted(np.floor(together[:, 0])) == list(range(200)) and rows.noisy == [0]
    assert set(together[:, 1]) == set(X[:, 1])
    assert np.array_equal(real.split(X, 0).test, rows.test)
    few = real.split(X, 1, 50)
    assert [len(part) for part in (few.train, few.val, few.test)] == [40, 5, 5] and few.noisy == [0]


def test_a_clock_stops_what_it_times():
    with entries.Clock(0.05) as clock:
        time.sleep(10)
    assert clock.capped and clock.seconds < 5
    with pytest.raises(KeyboardInterrupt), entries.Clock(10) as clock:
        raise KeyboardInterrupt  # the user's own
    assert not clock.capped


@pytest.mark.parametrize("entry", ["default", "gaussian", "mixture", "kde", "linear"])
def test_a_density_is_in_the_columns_units(entry, rng):
    rows = real.split(rng.standard_normal((1000, 2)) * [1.0, 1e3] + 5.0, 0)
    fitted = entries.fit(entry, rows, 0, entries.Clock(60), 1)
    truth = -1.0 - math.log(2 * math.pi) - math.log(1e3)
    assert abs(fitted.log_prob(rows.test).mean() - truth) < 0.3


def made_up(means, seconds, seeds=2):
    """Cells whose test rows differ from those of other entries by noise, and their rows."""
    cells, rows = [], {}
    for seed in range(seeds):
        noise = np.random.default_rng(seed).standard_normal(100)
        for number, (entry, mean) in enumerate(means.items()):
            own = 0.1 * np.random.default_rng([seed, number]).standard_normal(100)
            rows[seed, entry] = noise + own + mean
            cells.append({
                "table": "made up", "seed": seed, "entry": entry, "validation": mean, "mean": mean, "median": mean,
                "seconds": seconds[entry], "capped": False, "rows": 1000, "columns": 3, "noisy": [1], "threads": 1,
                "limit": 60.0,
            })  # fmt: skip
    return cells, lambda found: rows[found["seed"], found["entry"]]


@pytest.mark.parametrize(
    "means, seconds, misses",
    [
        ((1.0, 0.0, 0.5), (10, 0, 1), ""),
        ((1.0, 0.0, 1.5), (10, 0, 1), "1"),
        ((1.0, 2.0, 0.5), (10, 0, 1), "1, 2"),
        ((1.0, 0.0, 0.5), (100, 0, 1), ""),  # slow, and worth it
        ((1.0, 0.0, 1.5), (100, 0, 1), "1, 3"),
    ],
)
def test_what_is_asked_of_the_default(means, seconds, misses):
    who = ("default", "gaussian", "mixture")
    cells, rows_of = made_up(dict(zip(who, means, strict=True)), dict(zip(who, seconds, strict=True)))
    line = verdicts.page(cells, rows_of).split("\n| made up")[1].splitlines()[0]
    assert line.split("|")[-2].strip() == misses


def test_differences_are_of_the_same_rows():
    cells, rows_of = made_up({"default": 1.0, "gaussian": 0.0}, {"default": 1.0, "gaussian": 1.0})
    gain = verdicts.Table(cells, rows_of).gain("gaussian")
    assert gain.mean == pytest.approx(1.0, abs=0.05)
    assert gain.error == pytest.approx(math.sqrt(2 / 200) * 0.1, rel=0.2)


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    out, page = tmp_path / "cells.jsonl", tmp_path / "page.md"
    command = ["likelihood", "--out", str(out), "--tables", "iris", "--seeds", "1", "--threads", "1"]

    def main(*more):
        monkeypatch.setattr(sys, "argv", [*command, *more])
        likelihood.main()
        return [json.loads(line)["entry"] for line in out.read_text().splitlines()]

    assert main("--entries", "gaussian") == ["gaussian"]
    assert main("--entries", "gaussian", "default", "--markdown", str(page)) == ["gaussian", "default"]
    assert capsys.readouterr().out.count("iris, seed 0, gaussian: ") == 1
    assert "## iris: 150 rows, 4 columns" in page.read_text()

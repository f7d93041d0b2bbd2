"""What `bench.likelihood` found, as a page: what is asked of the default, and the figures of each table.

Differences are means over the test rows of all seeds that both entries have, row by row, and their standard errors. The
best entry of a table is that with the highest mean over its seeds of the validation rows' log-likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nflows_np.presets import PRESETS

from ._markdown import markdown
from ._real import Array

Found = dict[str, Any]

SHARE = 0.8  # of the tables on which the default has to be as good as the best
TIMES, MORE_SECONDS = 2.0, 20.0  # how long it may take beside the mixture


@dataclass(frozen=True)
class Gain:
    """What the default gains over another entry, nats per row."""

    mean: float
    error: float

    def __str__(self) -> str:
        return f"{self.mean:+.3f} ± {self.error:.3f}"


class Table:
    """All cells of one table: by entry, the seeds."""

    def __init__(self, cells: list[Found], rows_of: Callable[[Found], Array]) -> None:
        self.name = cells[0]["table"]
        self.errors = [found for found in cells if "error" in found]
        self.cells: dict[str, dict[int, Found]] = {}
        for found in cells:
            if "error" not in found:
                self.cells.setdefault(found["entry"], {})[found["seed"]] = found
        self.rows = {
            entry: {seed: rows_of(found) for seed, found in seeds.items()}
            for entry, seeds in self.cells.items()
        }

    def mean(self, entry: str, figure: str) -> float:
        return float(np.mean([found[figure] for found in self.cells[entry].values()]))

    def best(self) -> str:
        """The entry that the validation rows call best."""
        scores = {entry: self.mean(entry, "validation") for entry in self.cells}
        return max(scores, key=lambda entry: -math.inf if math.isnan(scores[entry]) else scores[entry])

    def gain(self, entry: str) -> Gain | None:
        """None where no seed has both."""
        ours, theirs = self.rows.get("default", {}), self.rows.get(entry, {})
        both = sorted(ours.keys() & theirs.keys())
        if not both:
            return None
        differences = np.concatenate([ours[seed] - theirs[seed] for seed in both])
        return Gain(float(differences.mean()), float(differences.std() / math.sqrt(len(differences))))

    def as_good_as_the_best(self) -> bool | None:
        gain = self.gain(self.best()) if self.cells else None
        return None if gain is None else gain.mean >= -gain.error

    def below_the_gaussian(self) -> bool | None:
        """By more than a standard error."""
        gain = self.gain("gaussian")
        return None if gain is None else gain.mean < -gain.error

    def too_slow(self) -> bool | None:
        """Longer than the mixture allows, without a gain of a standard error."""
        gain = self.gain("mixture")
        if gain is None:
            return None
        allowed = TIMES * self.mean("mixture", "seconds") + MORE_SECONDS
        return self.mean("default", "seconds") > allowed and gain.mean <= gain.error


def page(cells: list[Found], rows_of: Callable[[Found], Array]) -> str:
    """Totals, a line for each table, and its entries."""
    by_name: dict[str, list[Found]] = {}
    for found in cells:
        by_name.setdefault(found["table"], []).append(found)
    tables = [Table(of, rows_of) for of in by_name.values()]
    judged = [table for table in tables if "default" in table.cells]
    parts = [totals(judged), overview(judged)] if judged else ["The default has not been run."]
    parts += [details(table) for table in tables if table.cells]
    wrong = [
        f"- {e['table']}, seed {e['seed']}, {e['entry']}: {e['error']}" for t in tables for e in t.errors
    ]
    if wrong:
        parts.append("## Entries that failed\n\n" + "\n".join(wrong))
    return "\n\n".join(parts)


def totals(tables: list[Table]) -> str:
    """The three things that are asked of the default."""

    def named(of: list[Table]) -> str:
        return ", ".join(table.name for table in of) or "none"

    good = [table for table in tables if table.as_good_as_the_best()]
    others = [table for table in tables if table not in good]
    beside_gaussian = sum(table.below_the_gaussian() is not None for table in tables)
    beside_mixture = sum(table.too_slow() is not None for table in tables)
    return "\n".join(
        [
            f"1. Within one standard error of the entry that validation rows call best: {len(good)} of {len(tables)} "
            f"tables, {len(good) / len(tables):.0%} (must: {SHARE:.0%}). Not: {named(others)}.",
            f"2. Below the Gaussian by more than a standard error, of {beside_gaussian} tables: "
            f"{named([table for table in tables if table.below_the_gaussian()])} (must: none).",
            f"3. Longer than {TIMES:g} times the tuned mixture + {MORE_SECONDS:g} s without a gain of a standard "
            f"error over it, of {beside_mixture} tables: "
            f"{named([table for table in tables if table.too_slow()])} (must: none).",
        ]
    )


def overview(tables: list[Table]) -> str:
    header = ["table", "rows", "columns", "noisy", "seeds", "entries", "best by validation", "default - best",
              "default - Gaussian", "default - mixture", "default, s", "mixture, s", "misses"]  # fmt: skip
    lines = []
    for table in tables:
        seeds, best = table.cells["default"], table.best()
        about = next(iter(seeds.values()))
        misses = [
            "1" * (table.as_good_as_the_best() is False),
            "2" * bool(table.below_the_gaussian()),
            "3" * bool(table.too_slow()),
        ]
        lines.append([
            table.name, f"{about['rows']:,}", str(about["columns"]), str(len(about["noisy"])), str(len(seeds)),
            str(len(table.cells)), best, *(str(table.gain(entry) or "-") for entry in (best, "gaussian", "mixture")),
            f"{table.mean('default', 'seconds'):.1f}",
            f"{table.mean('mixture', 'seconds'):.1f}" if "mixture" in table.cells else "-",
            ", ".join(filter(None, misses)),
        ])  # fmt: skip
    return markdown(header, lines)


def details(table: Table) -> str:
    """All entries of a table, the best on test rows first."""
    lines = []
    for entry in sorted(
        table.cells, key=lambda entry: -np.nan_to_num(table.mean(entry, "mean"), nan=-np.inf)
    ):
        seeds = table.cells[entry].values()
        pooled = np.concatenate(list(table.rows[entry].values()))
        capped = "*" * any(found["capped"] for found in seeds)
        epochs = [found["epochs"] for found in seeds if "epochs" in found]
        shown = seeds if entry not in PRESETS else ()  # a preset's name says it
        chosen = "; ".join(dict.fromkeys(found["chosen"] for found in shown if "chosen" in found))
        lines.append([
            entry, f"{table.mean(entry, 'mean'):.3f}", f"{np.median(pooled):.3f}",
            f"{table.mean(entry, 'validation'):.3f}", "" if entry == "default" else str(table.gain(entry) or "-"),
            f"{pooled.min():.1f}", f"{table.mean(entry, 'seconds'):.1f}{capped}",
            f"{np.mean(epochs):.0f}" if epochs else "", chosen,
        ])  # fmt: skip
    cells = [found for seeds in table.cells.values() for found in seeds.values()]
    threads, limits = (sorted({found[what] for found in cells}) for what in ("threads", "limit"))
    about, n_seeds = cells[0], max(len(seeds) for seeds in table.cells.values())
    noisy = ", ".join(map(str, about["noisy"])) or "none"
    if len(about["noisy"]) == about["columns"]:
        noisy = "all"
    header = [
        "",
        "mean",
        "median",
        "validation",
        "default - entry",
        "lowest row",
        "seconds",
        "epochs",
        "chosen",
    ]
    title = f"## {table.name}: {about['rows']:,} rows, {about['columns']} columns, {n_seeds} seed{'s' * (n_seeds > 1)}"
    return (
        f"{title}\n\nColumns with noise: {noisy}. Threads: {', '.join(map(str, threads))}; at most "
        f"{', '.join(f'{limit:g}' for limit in limits)} s a fit.\n\n{markdown(header, lines)}"
    )

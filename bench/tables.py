"""The figures of a contest as tables in Markdown."""

from __future__ import annotations

from typing import Any

from ._markdown import markdown
from .configs import BARS, CONFIGS, Config
from .peers import COMPILED, OURS, PEERS, SCORERS, YARDSTICK
from .peers.matmul import FLOP

Figure = dict[str, Any]

TITLES = {
    "step": "Training step: forward, backward, Adam (milliseconds)",
    "epoch": "Epoch as users run it: shuffled, in batches (microseconds per row)",
    "score": "Scoring (rows per second)",
    "sample": "Sampling (rows per second)",
}
NAMES = {
    COMPILED: "zuko, torch.compile",
    SCORERS[0]: "GaussianMixture, 16",
    SCORERS[1]: "KernelDensity, 10,000 rows",
}
# How often a row goes through the networks: forward, and backward to the data and to the weights.
PASSES = {"step": 3, "score": 1, "sample": 1}
LIMIT = (
    "Times faster than the best peer; the limit is that ratio if every multiply-add that is needed ran at the rate of\n"
    "NumPy's matrix product, timed in the same rounds, and all else took no time."
)
QUIET = 1.25  # the yardstick may vary so much within a run
BARS_HOLD_FOR = (2, "float32")  # threads and precision


class Figures:
    """The figures of a run, by where they were measured."""

    def __init__(self, figures: list[Figure]) -> None:
        self._by_place = {(f["threads"], f["measure"], f["config"], f["contestant"]): f for f in figures}
        self.threads = list(dict.fromkeys(f["threads"] for f in figures))
        self.configs = [c for name, c in CONFIGS.items() if any(f["config"] == name for f in figures)]
        self.contestants = list(dict.fromkeys(f["contestant"] for f in figures))

    def get(self, threads: int, measure: str, config: Config, contestant: str) -> Figure | None:
        return self._by_place.get((threads, measure, config.name, contestant))

    def seconds_per_row(self, *place: Any) -> float | None:
        figure = self.get(*place)
        return figure["seconds"] / figure["rows"] if figure else None

    def best_peer(self, threads: int, measure: str, config: Config) -> float | None:
        found = [self.seconds_per_row(threads, measure, config, peer) for peer in PEERS]
        return min((seconds for seconds in found if seconds), default=None)

    def gain(self, threads: int, measure: str, config: Config) -> float | None:
        """Time of the best peer / time of nflows_np."""
        ours, best = (
            self.seconds_per_row(threads, measure, config, OURS),
            self.best_peer(threads, measure, config),
        )
        return best / ours if ours and best else None

    def limit(self, threads: int, measure: str, config: Config) -> float | None:
        """`gain`, had nflows_np nothing to do but multiply and add, as fast as NumPy does."""
        best, yardstick = (
            self.best_peer(threads, measure, config),
            self.get(threads, measure, config, YARDSTICK),
        )
        if not best or not yardstick or measure not in PASSES:
            return None
        return best * FLOP / (2 * PASSES[measure] * config.multiply_adds() * yardstick["seconds"])


def report(result: dict[str, Any]) -> str:
    """All tables of a contest."""
    figures, dtype = Figures(result["figures"]), result["dtype"]
    parts = []
    for threads in figures.threads:
        parts.append(f"## {threads} thread{'s' * (threads > 1)}, {dtype}")
        parts += [measure_table(figures, threads, measure, dtype) for measure in TITLES]
        parts += [
            scorers_table(figures, threads),
            precision_table(figures, threads),
            memory_table(figures, threads),
        ]
    if result["notes"]:
        parts.append("## Notes\n\n" + "\n".join(f"- {note}" for note in result["notes"]))
    return "\n\n".join(part for part in parts if part)


def yardstick(result: dict[str, Any]) -> str:
    """How fast the machine was, from first to last."""
    figures, lines = Figures(result["figures"]), []
    for threads in figures.threads:
        found = [figures.get(threads, measure, c, YARDSTICK) for measure in TITLES for c in figures.configs]
        seconds = [f["seconds"] for f in found if f]
        if seconds:
            rates = f"{FLOP / max(seconds) / 1e9:.0f} to {FLOP / min(seconds) / 1e9:.0f} GFLOP/s"
            if max(seconds) > QUIET * min(seconds):
                rates += " (the machine had other things to do: do not trust these tables)"
            lines.append(
                f"NumPy's matrix product (1024 x 1024), {threads} thread(s), all along the run: {rates}"
            )
    return "\n\n".join(lines)


def measure_table(figures: Figures, threads: int, measure: str, dtype: str) -> str:
    """One row for each configuration, and how many times faster than the best peer nflows_np is."""
    places = [c for c in figures.configs if figures.get(threads, measure, c, OURS)]
    columns = [
        n for n in (OURS, *PEERS, COMPILED) if any(figures.get(threads, measure, c, n) for c in places)
    ]
    if not places:
        return ""
    barred = (threads, dtype) == BARS_HOLD_FOR and measure in BARS
    header = ["configuration", "batch", *(NAMES.get(n, n) for n in columns), "times faster"]
    rows = []
    for config in places:
        cells = [shown(figures.get(threads, measure, config, name)) for name in columns]
        row = [config.title, str(config.batch), *cells, ratio(figures.gain(threads, measure, config))]
        if measure in PASSES:
            row.append(ratio(figures.limit(threads, measure, config)))
        if barred:
            bar = BARS[measure].get(config.name)
            row.append(f"{bar[0]:g} / {bar[1]:g}" if bar else "")
        rows.append(row)
    header += ["limit"] * (measure in PASSES) + ["must / aim"] * barred
    note = f"\n\n{LIMIT}" if measure == "step" else ""
    return f"### {TITLES[measure]}{note}\n\n" + markdown(header, rows)


def scorers_table(figures: Figures, threads: int) -> str:
    places = [c for c in figures.configs if any(figures.get(threads, "score", c, n) for n in SCORERS)]
    if not places:
        return ""
    columns = (OURS, *SCORERS)
    rows = [[c.title, *(shown(figures.get(threads, "score", c, n)) for n in columns)] for c in places]
    header = ["configuration", *(NAMES.get(n, n) for n in columns)]
    return "### Scoring beside scikit-learn (rows per second)\n\n" + markdown(header, rows)


def precision_table(figures: Figures, threads: int) -> str:
    """The speed of nflows_np in float64 as a share of that in float32."""
    double, measures = f"{OURS} float64", ("step", "score")
    rows = []
    for config in figures.configs:
        shares = []
        for measure in measures:
            single, other = (figures.seconds_per_row(threads, measure, config, n) for n in (OURS, double))
            shares.append(ratio(single / other if single and other else None))
        rows.append([config.title, str(config.batch), *shares])
    if double not in figures.contestants:
        return ""
    header = ["configuration", "batch", *measures]
    return "### Speed of nflows_np in float64 / in float32\n\n" + markdown(header, rows)


def memory_table(figures: Figures, threads: int) -> str:
    """Peaks of training and of scoring."""
    columns = [n for n in (OURS, *PEERS) if n in figures.contestants]
    header = ["configuration", "batch", *(NAMES.get(n, n) for n in columns)]
    rows = []
    for config in figures.configs:
        cells = []
        for name in columns:
            found = [figures.get(threads, measure, config, name) for measure in ("epoch", "score")]
            cells.append(" / ".join(f"{f['megabytes']:.0f}" if f else "-" for f in found))
        rows.append([config.title, str(config.batch), *cells])
    title = "### Peak memory above the import, an epoch / scoring (MB)"
    return f"{title}\n\n" + markdown(header, rows)


def shown(figure: Figure | None) -> str:
    """A figure in the unit of its measure, with its quartiles' distance."""
    if figure is None:
        return "-"
    seconds, rows = figure["seconds"], figure["rows"]
    percent = 50 * (figure["high"] - figure["low"]) / seconds
    spread = f" ± {percent:.0f} %" if percent >= 1 else ""
    match figure["measure"]:
        case "step":
            return f"{1e3 * seconds:.3g}{spread}"
        case "epoch" | "fit":
            return f"{1e6 * seconds / rows:.3g}{spread}"
    return f"{float(f'{rows / seconds:.3g}'):,.0f}{spread}"


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"

"""The figures of `bench.growth` as tables and as a picture of small multiples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ._markdown import markdown
from .peers import OURS

Figure = dict[str, Any]

SWEEPS = {  # sweep: title, label of its axis
    "rows": ("Rows (D = 6)", "rows of the table"),
    "columns": ("Columns", "columns D"),
    "width": ("Width of the networks (D = 16)", "width"),
    "layers": ("Layers (D = 8)", "layers"),
}
MEASURES = {"fit": "fit, one epoch", "step": "training step", "score": "scoring"}
COLOURS = {OURS: "#c1272d", "zuko": "#1f5fa8", "flowjax": "#3b8a4a"}
SPEED_UP, FROM_BATCH = 1.8, 1024  # what two threads have to reach, and from which batch on


def microseconds(figure: Figure) -> float:
    """Per row."""
    return float(1e6 * figure["seconds"] / figure["rows"])


def curves(result: dict[str, Any], sweep: str) -> dict[tuple[str, str], dict[int, float]]:
    """Microseconds per row at every point, by measure and contestant."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for figure in result["figures"]:
        if figure["sweep"] == sweep:
            curve = found.setdefault((figure["measure"], figure["contestant"]), {})
            curve[figure["x"]] = microseconds(figure)
    order = [(measure, name) for measure in MEASURES for name in COLOURS]
    return {key: found[key] for key in order if key in found}


def speed_ups(result: dict[str, Any]) -> dict[tuple[str, int], dict[int, float]]:
    """Over one thread at every batch, by measure and number of threads."""
    figures = {
        (f["measure"], f["threads"], f["x"]): f["seconds"] for f in result["figures"] if f["sweep"] == "batch"
    }
    found: dict[tuple[str, int], dict[int, float]] = {}
    for (measure, threads, x), seconds in sorted(figures.items()):
        if threads > 1 and (measure, 1, x) in figures:
            found.setdefault((measure, threads), {})[x] = figures[measure, 1, x] / seconds
    return found


def report(result: dict[str, Any]) -> str:
    """A table for each sweep."""
    parts = []
    for sweep, (title, _) in SWEEPS.items():
        lines = curves(result, sweep)
        points = sorted({x for curve in lines.values() for x in curve})
        if points:
            header = [sweep, *(f"{MEASURES[measure]}: {name}" for measure, name in lines)]
            rows = [[f"{x:,}", *(_shown(curve.get(x)) for curve in lines.values())] for x in points]
            parts.append(f"### {title}, microseconds per row\n\n{markdown(header, rows, left=0)}")
    lines_ = speed_ups(result)
    points = sorted({x for curve in lines_.values() for x in curve})
    if points:
        header = [
            "batch",
            *(f"{MEASURES[measure]}: {threads} threads" for measure, threads in lines_),
            "bar, 2 threads",
        ]
        rows = [
            [f"{x:,}", *(_shown(curve.get(x)) for curve in lines_.values()), f"{_bar(x):g}"] for x in points
        ]
        parts.append(f"### Speed-up over one thread (D = 8)\n\n{markdown(header, rows, left=0)}")
    if result["notes"]:
        parts.append("\n".join(f"- {note}" for note in result["notes"]))
    return "\n\n".join(parts)


def picture(result: dict[str, Any], file: Path) -> None:
    """One panel for each sweep, the last for threads, and one legend."""
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogFormatter

    drawing = Drawing(figsize=(12, 7), layout="constrained")
    axes = drawing.subplots(2, 3).ravel()
    for ax, (sweep, (title, label)) in zip(axes, SWEEPS.items(), strict=False):
        for (measure, name), curve in curves(result, sweep).items():
            x = sorted(curve)
            ax.plot(x, [curve[i] for i in x], _style(measure), color=COLOURS[name], marker="o", markersize=4)
        ax.set(xscale="log", yscale="log", title=title, xlabel=label, ylabel="µs per row")
        ax.yaxis.set_major_formatter(LogFormatter())
        ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.2, 0.4)))
        if sweep != "rows":
            points = sorted({x for curve in curves(result, sweep).values() for x in curve})
            ax.set_xticks(points, map(str, points))
            ax.xaxis.minorticks_off()
    _draw_threads(axes[4], speed_ups(result))
    for ax in axes[:5]:
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    axes[5].axis("off")
    present = {figure["contestant"] for figure in result["figures"]}
    handles = [Line2D([], [], color=COLOURS[n], marker="o", label=n) for n in COLOURS if n in present]
    handles += [Line2D([], [], color="k", linestyle="-", label="training: one epoch, or a step at batch 512")]
    handles += [Line2D([], [], color="k", linestyle="--", label="scoring")]
    axes[5].legend(
        handles=handles, loc="center", frameon=False, fontsize=11, title="MAF x5, (64, 64), float32"
    )
    drawing.savefig(file, dpi=100, pil_kwargs={"optimize": True})


def _draw_threads(ax: Any, lines: dict[tuple[str, int], dict[int, float]]) -> None:
    for (measure, threads), curve in lines.items():
        x = list(curve)
        ax.plot(x, list(curve.values()), _style(measure), color=COLOURS[OURS], marker="o", markersize=4)
        ax.annotate(
            f"x {threads}", (x[-1], curve[x[-1]]), xytext=(5, 0), textcoords="offset points", va="center"
        )
    ax.axhline(1, color="0.6", linewidth=1)
    ax.axhline(SPEED_UP, color="0.6", linewidth=1, linestyle=":")
    points = sorted({x for curve in lines.values() for x in curve})
    ax.set(xscale="log", title="Threads (D = 8)", xlabel="batch", ylabel="speed-up over one thread")
    ax.set_ylim(bottom=0)
    ax.set_xticks(points, map(str, points))
    ax.minorticks_off()


def _style(measure: str) -> str:
    return "--" if measure == "score" else "-"


def _bar(batch: int) -> float:
    return SPEED_UP if batch >= FROM_BATCH else 1


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"

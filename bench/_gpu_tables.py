"""The tables of the page of `bench.gpu`, from its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _gpu_floors as floors_of
from ._markdown import markdown
from .configs import Config

Line = dict[str, Any]
Result = Mapping[str, Any]
CONTESTS = ("ours", "torch", "zuko", "flowjax")
OURS_ON_CPU = "nflows_np, CPU"
TITLES = {"step": "Training steps", "score": "Scoring", "sample": "Sampling"}
MOST_FAILURES = 20
FLOORS = (floors_of.__doc__ or "").partition("\n\n")[2].strip()


def lines(result: Result, part: str, what: str) -> list[Line]:
    """What a part found of a kind."""
    found = result["parts"].get(part, {}).get("lines", [])
    return [line for line in found if line["what"] == what]


def good(result: Result, part: str, what: str) -> list[Line]:
    """The same without what failed."""
    return [line for line in lines(result, part, what) if "error" not in line]


def about(result: Result, what: str) -> Line:
    """A description from the machine's part."""
    found = good(result, "machine", what)
    return {key: value for key, value in (found[0] if found else {}).items() if key != "what"}


def laws(result: Result) -> str:
    found = good(result, "laws", "laws")
    if not found:
        return ""
    rows = [
        [
            line["group"],
            *(f"{line[key]:,}" for key in ("passed", "failed", "skipped")),
            _yes(line["finished"]),
        ]
        for line in found
    ]
    text = "## Laws\n\n" + markdown(["tests of", "passed", "failed", "skipped", "ran to the end"], rows, 1)
    failed = [reason for line in found for reason in line["reasons"] or line["names"]]
    if failed:
        listed = [f"- `{reason}`" for reason in failed[:MOST_FAILURES]]
        if len(failed) > MOST_FAILURES:
            listed.append(f"- and {len(failed) - MOST_FAILURES} more")
        text += "\n\nFailed:\n\n" + "\n".join(listed)
    return text


def agreement(result: Result) -> str:
    """Distances from the CPU engine, one row a flow and dtype."""
    trained = {(line["flow"], line["dtype"]): line for line in good(result, "laws", "trained alike")}
    rows = []
    for line in good(result, "laws", "agreement"):
        losses = trained.get((line["flow"], line["dtype"]))
        gaps = [f"{value:.1e}" for value in line["distances"].values()]
        rows.append(
            [
                line["flow"],
                line["dtype"],
                *gaps,
                f"{losses['distance']:.1e}" if losses else "-",
                _yes(line["within"]),
            ]
        )
    if not rows:
        return ""
    header = [
        "flow",
        "dtype",
        *good(result, "laws", "agreement")[0]["distances"],
        "losses of training",
        "within",
    ]
    title = "## Distances from the CPU engine\n\nRelative to an array's largest number; at most so much."
    return f"{title}\n\n{markdown(header, rows, 2)}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def measured_floors(result: Result) -> dict[str, float]:
    """The card's figures by name, if all are there."""
    names = ("launch", "three launches", "copy", "product", "to the card", "from the card")
    found = {name: line for name in names for line in good(result, "floors", name)}
    if len(found) < len(names):
        return {}
    return {name: line.get("seconds", line.get("per second")) for name, line in found.items()}


def floors(result: Result) -> str:
    found = measured_floors(result)
    if not found:
        return "## Floors\n\nNot measured: without PyTorch on a card, or one of its figures, there are none."
    rows = [
        ["graph of one launch, µs", f"{found['launch'] * 1e6:.1f}"],
        ["graph of three launches, µs", f"{found['three launches'] * 1e6:.1f}"],
        ["copy on the card, read and written, GB/s", f"{found['copy'] / 1e9:,.0f}"],
        ["product of fp32 matrices, TFLOP/s", f"{found['product'] / 1e12:.1f}"],
        ["NumPy's memory to the card, GB/s", f"{found['to the card'] / 1e9:.1f}"],
        ["the card to NumPy's memory, GB/s", f"{found['from the card'] / 1e9:.1f}"],
    ]
    return f"## Floors\n\n{FLOORS}\n\n" + markdown(["of the card", ""], rows, 1)


def best_peers(result: Result, measure: str) -> list[float]:
    """The time of the best peer over that of nflows_np on the device, one number a configuration."""
    times: dict[Config, dict[str, list[float]]] = {}
    for part in CONTESTS:
        for line in good(result, part, measure):
            whose = "peers" if part != "ours" else "ours" if line["contestant"] != OURS_ON_CPU else "cpu"
            of = times.setdefault(Config.from_dict(line["config"]), {})
            of.setdefault(whose, []).append(line.get("from NumPy", line["seconds"]))
    return [min(of["peers"]) / of["ours"][0] for of in times.values() if "peers" in of and "ours" in of]


def contest(result: Result, measure: str) -> str:
    """The times of a measure, one row a contestant, by configuration."""
    found = [line for part in CONTESTS for line in good(result, part, measure)]
    if not found:
        return ""
    card = measured_floors(result)
    rows = []
    for config in dict.fromkeys(Config.from_dict(line["config"]) for line in found):
        of = [line for line in found if Config.from_dict(line["config"]) == config]
        n = config.batch if measure == "step" else of[0]["rows"]
        floor = None
        if card:
            step = measure == "step"
            floor = floors_of.of_step(config, card) if step else floors_of.of_pass(config, n, measure, card)
        names = [line["contestant"] for line in of]
        here = [i for i, name in enumerate(names) if name.startswith("nflows_np") and name != OURS_ON_CPU]
        ours = of[here[0]]["seconds"] if here else None
        for line in of:
            times = (
                line
                if "from NumPy" not in line
                else line | {"seconds": line["from NumPy"], "there": line["seconds"]}
            )
            shown = [_ms(times.get(name)) for name in ("seconds", *COLUMNS[measure].values())]
            relative = [times["seconds"] / other if other else None for other in (ours, floor)]
            rows.append([config.title, line["contestant"], f"{n:,}", *shown, *map(_ratio, relative)])
    size = "batch" if measure == "step" else "rows"
    header = [
        "flow",
        "by",
        size,
        "ms",
        *(f"{name}, ms" for name in COLUMNS[measure]),
        "by ours",
        "by the floor",
    ]
    return f"## {TITLES[measure]}\n\n{NOTES[measure]}\n\n" + markdown(header, rows, 2)


# Further times of a measure: the head of the column, and the name in a line.
COLUMNS = {
    "step": {"a call": "beside"},
    "score": {"one call": "one call", "on the card": "there"},
    "sample": {"one call": "one call", "by a counter": "by a counter", "on the card": "there"},
}
NOTES = {
    "step": """A step is forward, backward and Adam; rows lie on the card. A call of the trainer of nflows_np makes many
steps; what it costs beside them is a column of its own. The last columns divide by the time of nflows_np on the
device and by the floor.""",
    "score": """From NumPy to NumPy: nflows_np as `score_samples` does it, and in one call of the engine for all rows;
the peers also from the card to the card.""",
    "sample": """To NumPy: nflows_np as `sample` does it, in one call of the engine for all rows, and with the noise of
a counter, which the device makes itself; the peers also where rows stay on the card.""",
}


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e3:.3f}" if seconds < 0.1 else f"{seconds * 1e3:,.0f}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def power(result: Result) -> str:
    fits = good(result, "power", "fit")
    if not fits:
        return ""
    table = good(result, "power", "table")[0]
    rows = [
        [
            line["where"], str(line["max_iter"] or "default"), str(line["epochs"]), f"{line['seconds']:.1f}",
            f"{line['seconds an epoch']:.3f}", f"{line['held out']:.4f}", f"{line['seconds to score']:.2f}",
        ]
        for line in fits
    ]  # fmt: skip
    header = ["device", "most epochs", "epochs", "s", "s an epoch", "held out, nats", "s to score"]
    title = f"## FlowDensity\n\nThe {table['name']} table, {table['rows']:,} rows to fit, {table['columns']} columns."
    return f"{title}\n\n{markdown(header, rows, 1)}"

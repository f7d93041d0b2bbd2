"""The page of `bench.gpu`: what is proved, on which card, what is open, and the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._gpu_tables import (
    TITLES,
    Line,
    Result,
    about,
    agreement,
    best_peers,
    contest,
    floors,
    good,
    laws,
    power,
)
from ._markdown import described, markdown
from .configs import Config

COMMAND = "python -m bench.gpu --engine DIR --data DATA --json gpu.json --page bench/GPU.md"


def page(result: Result) -> str:
    """The whole page."""
    parts = [
        "# On a GPU", head(result), laws(result), agreement(result), floors(result),
        *(contest(result, measure) for measure in TITLES), power(result), failures(result),
    ]  # fmt: skip
    return "\n\n".join(text for text in parts if text) + "\n"


def head(result: Result) -> str:
    card = about(result, "device")
    texts = [f"`{COMMAND}` made this page.", f"**On**: {described(card) or result['device']}."]
    texts.append(
        f"**Beside it**: {described(about(result, 'machine'))}; {described(about(result, 'versions'))}"
    )
    texts[-1] += f"; commit {result.get('commit') or 'unknown'}. {_engine(result.get('engine', {}))}"
    if result["device"] != "cuda":
        texts.append("**The times below say nothing**: the kernels ran as plain loops on the host.")
    if result.get("quick"):
        texts.append("Sizes are those of `--quick`, and the tests were left out.")
    texts.append(f"**Proved here**: {'; '.join(_proved(result)) or 'nothing'}.")
    if measured := _measured(result):
        texts.append(f"**Measured here**: {'; '.join(measured)}.")
    texts.append(f"**Open**: {'; '.join(_open(result)) or 'nothing that this program asks'}.")
    return "\n\n".join(texts)


def _engine(engine: Mapping[str, Any]) -> str:
    if "error" in engine:
        return f"The engine could not be had: {engine['error'].splitlines()[0]}."
    time = f" in {engine['seconds']:.0f} s" if "seconds" in engine else ""
    return f"The engine was {engine.get('modules', 'unknown')}{time}."


def _proved(result: Result) -> list[str]:
    found = []
    for line in good(result, "laws", "laws"):
        of = line["passed"] + line["failed"]
        found.append(f"{line['passed']:,} of {of:,} tests of {line['group']} passed")
    cases = good(result, "laws", "agreement")
    if cases:
        within = sum(line["within"] for line in cases)
        of = f"{within} of {len(cases)} flows and precisions"
        found.append(f"{of} equal the CPU engine's within 1e-11 (float64) or 3e-4 (float32)")
    return found


def _measured(result: Result) -> list[str]:
    found = []
    for measure, title in TITLES.items():
        if ratios := best_peers(result, measure):
            text = f"{min(ratios):.2f} to {max(ratios):.2f} times as fast as the best peer"
            found.append(f"{title.lower()} {text} on {len(ratios)} flows")
    return found


def _open(result: Result) -> list[str]:
    still = ["everything that needs a card"] if result["device"] != "cuda" else []
    still += [f"{name} (left out)" for name in result.get("left out", ())]
    for name, part in result["parts"].items():
        if "error" in part:
            still.append(f"{name} ({part['error'][:80]})")
        left_out = [line for line in part["lines"] if line["what"] == "open"]
        if left_out:
            why = {line.get("why", "no time") for line in left_out}
            still.append(
                f"{', '.join(sorted({line['of'] for line in left_out}))} of {name} ({'; '.join(sorted(why))})"
            )
        n_failed = sum("error" in line for line in part["lines"])
        if n_failed:
            still.append(f"what failed in {name} ({n_failed})")
    still += [
        f"{line['group']}: {line['failed']} tests failed"
        + ("" if line["finished"] else ", and time ended the run")
        for line in good(result, "laws", "laws")
        if line["failed"] or not line["finished"]
    ]
    return still


def failures(result: Result) -> str:
    """Everything that failed, in its own words; what failed alike is one row."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for name, part in result["parts"].items():
        for line in part["lines"]:
            if "error" in line:
                why = line["error"].splitlines()[0][:120].replace("|", "/")
                alike.setdefault((name, line["what"], why), []).append(_named(line))
    if not alike:
        return ""
    rows = [
        [name, what, of[0] + (f" and {len(of) - 1} more" if len(of) > 1 else ""), why]
        for (name, what, why), of in alike.items()
    ]
    return "## What failed\n\n" + markdown(["part", "what", "of", "why"], rows)


def _named(line: Line) -> str:
    """What a line is about."""
    names = [str(line[key]) for key in ("contestant", "flow", "dtype", "group", "device") if key in line]
    if "config" in line:
        names.append(Config.from_dict(line["config"]).title)
    return ", ".join(names)

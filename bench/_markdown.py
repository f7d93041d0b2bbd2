"""Rows of figures as a Markdown table: the keys of the first row are its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """A heading and the rows below it, aligned, so that it reads well in a terminal too."""
    head = list(rows[0])
    lines = [head] + [[_shown(row[key]) for key in head] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    is_number = [not isinstance(rows[0][key], str) for key in head]
    lines.insert(
        1,
        ["-" * (width - 1) + (":" if right else "-") for width, right in zip(widths, is_number, strict=True)],
    )
    text = [
        "| "
        + " | ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        )
        + " |"
        for line in lines
    ]
    return "\n".join([f"## {title}", "", *text, ""])


def _shown(value: Any) -> str:
    """Three significant digits of a fraction; everything else as it is, nothing for None."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return "-" if value is None else str(value)

"""Tables in Markdown, aligned, so that they read well in a terminal too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]], left: int | None = None) -> str:
    """A table of text, its first `left` columns at the left, the others at the right; all at the left by default."""
    left = len(header) if left is None else left
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = ["-" * (width - 1) + ("-" if i < left else ":") for i, width in enumerate(widths)]
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in (header, rule, *rows)
    )


def table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """A heading and records below it: the keys of the first are the table's head."""
    head = list(rows[0])
    left = next((i for i, key in enumerate(head) if not isinstance(rows[0][key], str)), len(head))
    return f"### {title}\n\n" + markdown(head, [[_shown(row[key]) for key in head] for row in rows], left)


def described(about: Mapping[str, Any]) -> str:
    """A machine, or versions, in one line."""
    return ", ".join(f"{key} {value}" for key, value in about.items())


def _shown(value: Any) -> str:
    """Three significant digits of a fraction; everything else as it is, nothing for None."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return "-" if value is None else str(value)

"""Values in error messages: short ones, whatever was given."""

from __future__ import annotations

from reprlib import Repr
from typing import Any

_short = Repr()
_short.maxother = _short.maxstring = 80


def shown(value: Any) -> str:
    """A ``repr`` for error messages: short, and safe however large or deeply nested `value` is."""
    try:
        return _short.repr(value)
    except Exception:  # an object's own __repr__, or an integer of too many digits
        return f"<{type(value).__name__}>"


def clipped(message: Any, most: int = 400) -> str:
    """Another error's message in one line of at most so many characters."""
    text = " ".join(str(message).split())
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 :]}"

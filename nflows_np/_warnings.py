"""Warnings that point at the line of the user's, through whatever called the library on the way."""

from __future__ import annotations

import sys
import warnings

# Libraries whose lines are none of the user's: this one, and those that call it on the user's behalf.
_LIBRARIES = {"nflows_np", "sklearn", "joblib"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line outside the libraries; the outermost line where there is none."""
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)

"""What presets check before they build."""

from __future__ import annotations


def checked_layers(n_layers: int) -> int:
    if isinstance(n_layers, bool) or not hasattr(n_layers, "__index__") or n_layers < 1:
        raise ValueError(f"preset: n_layers must be an integer of at least 1; got {n_layers!r}.")
    return int(n_layers)

"""What presets check before they build."""

from __future__ import annotations

from nflows_np._limits import MAX_LAYERS
from nflows_np._messages import shown


def checked_layers(n_layers: int) -> int:
    if isinstance(n_layers, bool) or not hasattr(n_layers, "__index__") or not 1 <= n_layers <= MAX_LAYERS:
        raise ValueError(
            f"preset: n_layers must be an integer from 1 to {MAX_LAYERS}; got {shown(n_layers)}."
        )
    return int(n_layers)

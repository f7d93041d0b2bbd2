"""Devices: where a flow is computed, and what "auto" comes to.

A model's numbers know nothing of the device that they were fitted on. A fit asks for a device here, and is told clearly
where there is none; a model that moves to a machine without the device it was fitted on is computed on the CPU.
"""

from __future__ import annotations

from typing import Any

from nflows_np import _engine

DEVICES = ("cpu", "cuda")

# Parameters times rows of an epoch from which "auto" takes a GPU. Below, an epoch takes the CPU's engine some tenths of
# a second, and a fit has little to win.
WORTH_A_DEVICE = 10**9


def engine_of(device: str) -> Any:
    """The engine that computes there."""
    return _engine.engine if device == "cpu" else _engine.device(device)


def why_not(device: str) -> str | None:
    """Why a device cannot be used here; None if it can."""
    try:
        engine_of(device).check_usable()
    except (ImportError, RuntimeError) as error:
        return str(error)
    return None


def usable(device: str) -> str:
    """The device, or the CPU where that one cannot be used."""
    return "cpu" if why_not(device) else device


def chosen(device: str, flow: Any, n_features: int, n_rows: int) -> str:
    """The device that a parameter's value means for a fit of a resolved flow.

    Raises
    ------
    RuntimeError
        If it names a device that cannot be used here.
    """
    if device == "auto":
        n_parameters = _engine.engine.count_params(flow.to_dict(), n_features, WORTH_A_DEVICE)
        return usable("cuda") if n_rows * n_parameters >= WORTH_A_DEVICE else "cpu"
    reason = why_not(device)
    if reason:
        raise RuntimeError(f"device={device!r} cannot be used: {reason}. device='cpu' needs no GPU.")
    return device

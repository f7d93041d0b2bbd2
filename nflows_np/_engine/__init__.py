"""The engines: one compiled module for each instruction set, of which one is chosen once.

`engine` is the best variant that was built and that this CPU runs, or the one that the environment variable
NFLOWS_NP_ISA ("base", "avx2" or "avx512") asks for. An engine module holds one capsule; `_engine` (_engine.pyi) is
the door to all of them.
"""

from __future__ import annotations

import functools
import importlib
import os
from importlib.util import find_spec
from types import ModuleType

from . import _engine
from ._engine import missing, supports

VARIANTS = ("base", "avx2", "avx512")  # slowest first: each needs all that the one before it needs
ENVIRONMENT = "NFLOWS_NP_ISA"

__all__ = [
    "ENVIRONMENT",
    "VARIANTS",
    "EngineError",
    "available",
    "built",
    "choice",
    "device",
    "engine",
    "hooks",
    "load",
]


class EngineError(ImportError):
    """No variant of the engine, or not the one that was asked for, can be used here; the message says why."""


def built() -> list[str]:
    """Return the variants that this installation holds, slowest first."""
    return [isa for isa in VARIANTS if find_spec(f"{__name__}._engine_{isa}") is not None]


def available() -> list[str]:
    """Return the variants that this installation holds and that this CPU runs, slowest first."""
    return [isa for isa in built() if supports(isa)]


def load(isa: str) -> _engine.Engine:
    """Return the engine's variant `isa`. Several may be loaded side by side.

    Parameters
    ----------
    isa : {"base", "avx2", "avx512"}
        The instruction set.

    Raises
    ------
    EngineError
        If there is no such variant, if it was not built, or if this CPU cannot run it.
    """
    if isa not in VARIANTS:
        raise EngineError(f"unknown engine variant {isa!r}: the variants are {_names(VARIANTS)}")
    if isa not in built():
        raise EngineError(f"the engine variant {isa!r} was not built; those that were: {_names(built())}")
    lacking = missing(isa)
    if lacking:
        raise EngineError(
            f"the engine variant {isa!r} cannot run here: this CPU or its operating system lacks "
            f"{', '.join(lacking)}; it runs {_names(available())}"
        )
    return _opened(isa)


@functools.cache
def _opened(isa: str) -> _engine.Engine:
    """The engine of a module that runs here: one object for all who load it."""
    return _engine.Engine(importlib.import_module(f"{__name__}._engine_{isa}").engine)


@functools.cache
def device(name: str, isa: str | None = None) -> _engine.Engine:
    """Return the engine of a device, whose flows the engine `isa` makes and starts; by default the chosen one.

    Parameters
    ----------
    name : {"cuda", "host"}
        "host" carries out on this machine what a device does: tests run it, where it was built with the hooks.
    isa : {"base", "avx2", "avx512"}, optional
        The instruction set of the CPU engine beside it.

    Raises
    ------
    EngineError
        If there is no such engine in this build.
    """
    if find_spec(f"{__name__}._engine_{name}") is None:
        option = {"cuda": "NFLOWS_CUDA", "host": "NFLOWS_HOOKS"}[name]
        raise EngineError(
            f"this build has no engine for the device {name!r}: install with -Ccmake.define.{option}=ON"
        )
    cpu = engine if isa is None else load(isa)
    return cpu.device(importlib.import_module(f"{__name__}._engine_{name}").device)


def hooks(isa: str) -> ModuleType:
    """Return what tests and benches measure inside the variant `isa`: maths functions, products, transformers.

    Raises
    ------
    EngineError
        If this build has no hooks; the configuration NFLOWS_HOOKS=ON makes them.
    """
    load(isa)
    if find_spec(f"{__name__}._hooks_{isa}") is None:
        raise EngineError("this build has no measuring hooks: configure it with NFLOWS_HOOKS=ON")
    return importlib.import_module(f"{__name__}._hooks_{isa}")


def choice() -> dict:
    """Return the chosen variant and the grounds for it.

    Returns
    -------
    dict
        `isa`, the variant in use; `reason`, a phrase; `built` and `available`, lists of variants.
    """
    return {"isa": _chosen, "reason": _reason, "built": built(), "available": available()}


def _names(variants) -> str:
    return ", ".join(repr(isa) for isa in variants) or "none"


def _choose() -> tuple[str, str]:
    forced = os.environ.get(ENVIRONMENT, "")
    if forced:
        return forced, f"{ENVIRONMENT} asks for it"
    usable = available()
    if not usable:
        lacking = {isa: missing(isa) for isa in built()}
        raise EngineError(f"no engine can run here: built are {_names(lacking)}; this CPU lacks {lacking}")
    return usable[-1], "the best of those built that this CPU runs"


_chosen, _reason = _choose()
try:
    engine = load(_chosen)
except EngineError as error:
    raise EngineError(f"{ENVIRONMENT}={_chosen}: {error}") from None

"""zuko: its MAF, RealNVP and NSF as they are; its coupling spline is NICE with that of NSF."""

from __future__ import annotations

from functools import partial
from typing import Any

import zuko

from ..configs import N_BINS, Config
from ._torch import TorchFlow, prepare

SPLINE = {
    "univariate": zuko.transforms.MonotonicRQSTransform,
    "shapes": [(N_BINS,), (N_BINS,), (N_BINS - 1,)],
}  # on [-5, 5]
FLOWS: dict[str, Any] = {
    "maf": zuko.flows.MAF,
    "coupling": zuko.flows.RealNVP,
    "nsf": partial(zuko.flows.NICE, **SPLINE),
    "nsf_ar": partial(zuko.flows.NSF, bins=N_BINS),
}


def flow(config: Config) -> zuko.lazy.Flow:
    flow: zuko.lazy.Flow = FLOWS[config.model](
        config.n_features, transforms=config.n_layers, hidden_features=config.hidden
    )
    return flow


def build(name: str, config: Config, threads: int, dtype: str) -> TorchFlow:
    prepare(threads, dtype)
    lazy = flow(config)
    return TorchFlow(config, lazy, lambda x: lazy().log_prob(x), lambda n: lazy().sample((n,)))

"""zuko: its MAF and RealNVP as they are."""

from __future__ import annotations

import zuko

from ..configs import Config
from ._torch import TorchFlow, prepare

FLOWS = {"maf": zuko.flows.MAF, "coupling": zuko.flows.RealNVP}


def flow(config: Config) -> zuko.lazy.Flow:
    return FLOWS[config.model](config.n_features, transforms=config.n_layers, hidden_features=config.hidden)


def build(name: str, config: Config, threads: int, dtype: str) -> TorchFlow:
    prepare(threads, dtype)
    lazy = flow(config)
    return TorchFlow(config, lazy, lambda x: lazy().log_prob(x), lambda n: lazy().sample((n,)))

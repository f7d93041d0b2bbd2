"""zuko under torch.compile: the loss of a step and the log-density are compiled; it samples as zuko does."""

from __future__ import annotations

from typing import Any

import torch

from ..configs import Config
from ._torch import TorchFlow, prepare
from .zuko import flow


class CompiledFlow(TorchFlow):
    measures = ("step", "score")  # an epoch is steps; sampling is the eager zuko's
    compiles = True

    def __init__(self, config: Config) -> None:
        lazy = flow(config)
        super().__init__(
            config, lazy, torch.compile(lambda x: lazy().log_prob(x), dynamic=False), _no_sampler
        )
        self.loss = torch.compile(lambda x: -lazy().log_prob(x).mean(), dynamic=False)  # type: ignore[method-assign]

    def chunked_score(self, rows: torch.Tensor) -> torch.Tensor:
        return self.score(rows)  # each shape is compiled by itself, which takes a minute


def _no_sampler(n: int) -> Any:
    raise NotImplementedError("zuko under torch.compile samples as zuko does")


def build(name: str, config: Config, threads: int, dtype: str) -> CompiledFlow:
    prepare(threads, dtype)
    torch.compiler.reset()  # after a few flows it would stop compiling and run the next ones eagerly
    return CompiledFlow(config)

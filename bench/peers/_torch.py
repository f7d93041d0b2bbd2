"""What the three libraries on PyTorch share: steps, epochs and scores of a module with a log-density."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..configs import LEARNING_RATE, Config
from . import CHUNK, FLOW_MEASURES

LogProb = Callable[[torch.Tensor], torch.Tensor]


def prepare(threads: int, dtype: str) -> torch.dtype:
    """Before a model is built: its threads, its precision, its seed."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    precision: torch.dtype = getattr(torch, dtype)
    torch.set_default_dtype(precision)
    return precision


class TorchFlow:
    """A contestant from a module, its log-density and its sampler."""

    measures = FLOW_MEASURES
    compiles = False

    def __init__(
        self, config: Config, module: torch.nn.Module, log_prob: LogProb, sample: Callable[[int], Any]
    ) -> None:
        self.module = module.to(torch.get_default_dtype())
        self._log_prob, self._sample = log_prob, sample
        self._adam = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE)
        self.n_params = sum(p.numel() for p in module.parameters() if p.requires_grad)
        self.expected_params = config.n_params()

    def table(self, X: NDArray[np.float64]) -> torch.Tensor:
        return torch.from_numpy(X).to(torch.get_default_dtype())

    batch = table

    def loss(self, rows: torch.Tensor) -> torch.Tensor:
        return -self._log_prob(rows).mean()

    def step(self, rows: torch.Tensor) -> None:
        self._adam.zero_grad()
        self.loss(rows).backward()
        self._adam.step()

    def epoch(self, rows: torch.Tensor, batch: int) -> float:
        began = time.perf_counter()
        for part in torch.randperm(len(rows)).split(batch):  # a DataLoader would be slower
            self.step(rows[part])
        return time.perf_counter() - began

    def fit(self, rows: torch.Tensor, batch: int) -> None:
        self.epoch(rows, batch)

    def score(self, rows: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return self._log_prob(rows)

    def chunked_score(self, rows: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return torch.cat([self._log_prob(part) for part in rows.split(CHUNK)])

    def sample(self, n: int) -> Any:
        with torch.no_grad():
            return self._sample(n)

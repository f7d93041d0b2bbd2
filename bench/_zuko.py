"""One of zuko's flows, trained and scored: what benches that compare likelihoods do with it alike."""

from __future__ import annotations

from typing import Any

import torch


def train_epoch(flow: Any, optimizer: torch.optim.Optimizer, rows: torch.Tensor, batch_size: int) -> None:
    """A step for each batch of the rows, shuffled."""
    for batch in torch.randperm(len(rows)).split(batch_size):
        optimizer.zero_grad()
        (-flow().log_prob(rows[batch]).mean()).backward()
        optimizer.step()


def log_prob(flow: Any, rows: torch.Tensor) -> torch.Tensor:
    """Log-densities, in float64 whatever the flow's own precision."""
    with torch.no_grad():
        return torch.cat([flow().log_prob(part) for part in rows.split(8192)]).double()


def copied(flow: Any) -> dict[str, torch.Tensor]:
    """The weights as they are now, which training does not change."""
    return {name: value.clone() for name, value in flow.state_dict().items()}

"""nflows: plain networks in place of its residual ones, and a coupling scale that can also stretch."""

from __future__ import annotations

from functools import partial

import torch
from nflows.distributions import StandardNormal
from nflows.flows import Flow
from nflows.transforms import (
    AffineCouplingTransform,
    CompositeTransform,
    MaskedAffineAutoregressiveTransform,
    MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
    PiecewiseRationalQuadraticCouplingTransform,
    ReversePermutation,
    Transform,
)
from torch import nn

from ..configs import N_BINS, TAIL_BOUND, Config
from ._torch import TorchFlow, prepare


class Network(nn.Sequential):
    """A plain MLP; nflows' own of this kind takes no context argument, which its couplings pass."""

    def __init__(self, n_in: int, n_out: int, hidden: tuple[int, ...]) -> None:
        widths = (n_in, *hidden)
        layers: list[nn.Module] = []
        for a, b in zip(widths, hidden, strict=False):
            layers += [nn.Linear(a, b), nn.ReLU()]
        super().__init__(*layers, nn.Linear(widths[-1], n_out))
        self.hidden_features = hidden[-1]  # splines divide their logits by its root

    def forward(self, x: torch.Tensor, context: None = None) -> torch.Tensor:
        return super().forward(x)


class Coupling(AffineCouplingTransform):
    """With a scale that is positive and 1 at the start; nflows 0.14's own is at most 1.001."""

    def _scale_and_shift(self, parameters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        n = self.num_transform_features
        return nn.functional.softplus(parameters[:, n:] + 0.5413) + 1e-3, parameters[:, :n]


def transforms(config: Config) -> list[Transform]:
    D, hidden = config.n_features, config.hidden
    spline = dict(num_bins=N_BINS, tails="linear", tail_bound=TAIL_BOUND)
    if config.autoregressive:
        made = dict(hidden_features=hidden[0], num_blocks=len(hidden) - 1, use_residual_blocks=False)
        layers = []
        for _ in range(config.n_layers):
            if config.splines:
                layer = MaskedPiecewiseRationalQuadraticAutoregressiveTransform(D, **made, **spline)
            else:
                layer = MaskedAffineAutoregressiveTransform(D, **made)
            layers += [ReversePermutation(D), layer]
        return layers
    masks = torch.ones(config.n_layers, D)  # positive entries are transformed
    for i in range(config.n_layers):
        masks[i, config.kept_columns(i)] = -1.0
    coupling = partial(PiecewiseRationalQuadraticCouplingTransform, **spline) if config.splines else Coupling
    return [coupling(mask, lambda n_in, n_out: Network(n_in, n_out, hidden)) for mask in masks]


def build(name: str, config: Config, threads: int, dtype: str) -> TorchFlow:
    prepare(threads, dtype)
    flow = Flow(CompositeTransform(transforms(config)), StandardNormal([config.n_features]))
    return TorchFlow(config, flow, flow.log_prob, flow.sample)

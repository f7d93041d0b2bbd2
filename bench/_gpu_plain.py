"""A MAF and a RealNVP in PyTorch and nothing else: the flows of `bench.configs` where no library of flows is installed.

They are as zuko's are: masks times weights, the scale exp(a / (1 + |a / ln 1e-3|)), features in ascending and
descending order in turn, couplings that keep even and odd columns in turn.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .configs import Config

LOG_LEAST_SCALE = math.log(1e-3)


class MaskedLinear(nn.Linear):
    """A linear layer; entries of its matrix outside the mask have no effect."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.to(self.weight.dtype))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.mask * self.weight, self.bias)


def network(layers: list[nn.Module]) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    between = [module for layer in layers for module in (layer, nn.ReLU())]
    return nn.Sequential(*between[:-1])


def shift_and_log_scale(parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Both from a network's output, (n, features, 2)."""
    shift, a = parameters.unbind(-1)
    return shift, a / (1 + (a / LOG_LEAST_SCALE).abs())


class Autoregressive(nn.Module):
    """An affine autoregressive layer; it inverts feature by feature, one pass through the network each."""

    def __init__(self, config: Config, layer: int) -> None:
        super().__init__()
        d = self.d = config.n_features
        order = torch.arange(d).flip(0) if layer % 2 else torch.arange(d)
        hidden = [1 + torch.arange(h) * (d - 1) // h for h in config.hidden]
        degrees = [order + 1, *hidden, order.repeat_interleave(2)]
        self.net = network([MaskedLinear(after[:, None] >= before) for before, after in pairwise(degrees)])

    def _of(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return shift_and_log_scale(self.net(x).view(-1, self.d, 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        shift, log_scale = self._of(x)
        return x * log_scale.exp() + shift, log_scale.sum(-1)

    def inverse(self, z: Tensor) -> Tensor:
        x = torch.zeros_like(z)
        for _ in range(self.d):
            shift, log_scale = self._of(x)
            x = (z - shift) * (-log_scale).exp()
        return x


class Coupling(nn.Module):
    """An affine coupling that keeps every second column."""

    def __init__(self, config: Config, layer: int) -> None:
        super().__init__()
        d, self.first = config.n_features, layer % 2
        kept = len(config.kept_columns(layer))
        widths = (kept, *config.hidden, 2 * (d - kept))
        self.net = network([nn.Linear(a, b) for a, b in pairwise(widths)])
        columns = [*range(self.first, d, 2), *range(1 - self.first, d, 2)]
        self.register_buffer("back", torch.tensor(columns).argsort())

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        kept, changed = x[:, self.first :: 2], x[:, 1 - self.first :: 2]
        return kept, changed, *shift_and_log_scale(self.net(kept).view(len(x), -1, 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept, changed, shift, log_scale = self._parts(x)
        z = torch.cat([kept, changed * log_scale.exp() + shift], 1)[:, self.back]
        return z, log_scale.sum(-1)

    def inverse(self, z: Tensor) -> Tensor:
        kept, changed, shift, log_scale = self._parts(z)
        return torch.cat([kept, (changed - shift) * (-log_scale).exp()], 1)[:, self.back]


class PlainFlow(nn.Module):
    """Layers over a standard normal base."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        kind = Autoregressive if config.autoregressive else Coupling
        self.d = config.n_features
        self.layers = nn.ModuleList(kind(config, layer) for layer in range(config.n_layers))

    def log_prob(self, x: Tensor) -> Tensor:
        total = torch.zeros(len(x), device=x.device, dtype=x.dtype)
        for layer in self.layers:
            x, log_det = layer(x)
            total = total + log_det
        return total - 0.5 * (x.square().sum(-1) + self.d * math.log(2 * math.pi))

    def sample(self, n: int) -> Tensor:
        parameter = next(self.parameters())
        x = torch.randn(n, self.d, device=parameter.device, dtype=parameter.dtype)
        for layer in reversed(self.layers):
            x = layer.inverse(x)
        return x

"""normflows: its layers map latents to data.

The masked autoregressive layer is fast from its input to its output, which would make sampling the fast direction: its
own `Reverse` turns it round. It has no reversal of the columns; a fixed shuffle costs the same. Couplings split the
columns in the middle, and every other one exchanges the two halves.
"""

from __future__ import annotations

import normflows as nf

from ..configs import Config
from ._torch import TorchFlow, prepare


def layers(config: Config) -> list[nf.flows.Flow]:
    D, hidden = config.n_features, config.hidden
    if config.model == "maf":
        made = dict(num_blocks=len(hidden) - 1, use_residual_blocks=False)
        chain: list[nf.flows.Flow] = []
        for _ in range(config.n_layers):
            layer = nf.flows.MaskedAffineAutoregressive(D, hidden[0], **made)
            chain += [nf.flows.base.Reverse(layer), nf.flows.Permute(D)]
        return chain
    return [coupling(D, hidden, exchanged=i % 2 == 1) for i in range(config.n_layers)]


def coupling(D: int, hidden: tuple[int, ...], *, exchanged: bool) -> nf.flows.Flow:
    kept = D // 2 if exchanged else D - D // 2
    network = nf.nets.MLP([kept, *hidden, 2 * (D - kept)])  # with its default, a leak of 0: ReLU
    return nf.flows.AffineCouplingBlock(network, split_mode="channel_inv" if exchanged else "channel")


def build(name: str, config: Config, threads: int, dtype: str) -> TorchFlow:
    prepare(threads, dtype)
    base = nf.distributions.DiagGaussian(config.n_features, trainable=False)
    flow = nf.NormalizingFlow(base, layers(config))
    return TorchFlow(config, flow, flow.log_prob, flow.sample)

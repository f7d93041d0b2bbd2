"""What the card itself needs: launches, copies and products, measured; and the least that a step or a pass can take.

Measured through PyTorch; without it there are no floors. The floor of a training step is a graph of three launches (a
pass over the rows, the sum of the gradients, the update), the bytes that have to move over the copy bandwidth, and the
multiply-adds that are needed over the rate of fp32 products. The floor of scoring or sampling is one launch, the way
of the rows between NumPy and the card, and the multiply-adds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from ._gpu_part import Part
from .configs import Config


def run(part: Part) -> None:
    if part.device != "cuda":
        return part.record("open", of="floors", why=f"the device {part.device!r} has none")
    import torch

    if not torch.cuda.is_available():
        return part.record("open", of="floors", why="PyTorch sees no device")
    torch.backends.cuda.matmul.allow_tf32 = False
    part.attempt("launch", lambda: launches(1))
    part.attempt("three launches", lambda: launches(3))
    part.attempt("copy", lambda: copies(part.quick))
    part.attempt("product", lambda: products(4096 if part.quick else 8192))
    part.attempt("to the card", lambda: transfers(True))
    part.attempt("from the card", lambda: transfers(False))
    return None


def launches(n: int) -> dict[str, Any]:
    """Seconds of a graph of n launches that do next to nothing, one graph after the other."""
    import torch

    x = torch.zeros(1, device="cuda")
    graph = torch.cuda.CUDAGraph()
    x.add_(1.0)
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        for _ in range(n):
            x.add_(1.0)
    return {"seconds": _seconds(graph.replay, 500)}


def copies(quick: bool) -> dict[str, Any]:
    """Bytes per second of a copy on the card, those read and those written."""
    import torch

    n = 2**26 if quick else 2**28
    a, b = (torch.zeros(n, device="cuda") for _ in range(2))
    return {"per second": 8 * n / _seconds(lambda: b.copy_(a), 20)}


def products(n: int) -> dict[str, Any]:
    """Floating point operations per second of a product of two fp32 matrices, without TF32."""
    import torch

    a, b = (torch.randn(n, n, device="cuda") for _ in range(2))
    out = torch.empty_like(a)
    return {"per second": 2 * n**3 / _seconds(lambda: torch.mm(a, b, out=out), 5)}


def transfers(there: bool) -> dict[str, Any]:
    """Bytes per second between pageable memory, which NumPy's arrays are, and the card."""
    import torch

    host, card = torch.zeros(2**26), torch.zeros(2**26, device="cuda")
    copy = (lambda: card.copy_(host)) if there else (lambda: host.copy_(card))
    return {"per second": 4 * 2**26 / _seconds(copy, 3)}


def _seconds(call: Callable[[], object], calls: int) -> float:
    """The median of five rounds of so many calls, by one call."""
    import torch

    call()
    rounds = []
    for _ in range(5):
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(calls):
            call()
        torch.cuda.synchronize()
        rounds.append((time.perf_counter() - began) / calls)
    return statistics.median(rounds)


def of_step(config: Config, measured: Mapping[str, float]) -> float:
    """The floor of a training step, in seconds.

    A parameter, its average and two moments are read and written; a row is read once. A multiply-add of the networks
    comes back as two more in the gradients.
    """
    n_bytes = 4 * (8 * config.n_params() + config.batch * config.n_features)
    flop = 6 * config.batch * config.multiply_adds()
    return measured["three launches"] + n_bytes / measured["copy"] + flop / measured["product"]


def of_pass(config: Config, n: int, measure: str, measured: Mapping[str, float]) -> float:
    """The floor of scoring or sampling n rows from and to NumPy, in seconds."""
    rows, results = 4 * n * config.n_features, 8 * n if measure == "score" else 4 * n * config.n_features
    ways = rows / measured["to the card"] + results / measured["from the card"]
    return measured["launch"] + ways + 2 * n * config.multiply_adds() / measured["product"]

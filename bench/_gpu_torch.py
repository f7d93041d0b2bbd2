"""Peers on PyTorch: the plain flows of `_gpu_plain.py` or zuko's, as they are, compiled, and captured.

eager                as the library's users run it, with the fused Adam
reduce-overhead      the loss and the log-density under torch.compile(mode="reduce-overhead"), which replays CUDA graphs
captured             a step whole, the compiled loss, its gradients and Adam, as one CUDA graph; sampling as one

Products are fp32, without TF32. Batches and tables lie on the card before time is taken. Scoring and sampling are timed
from and to NumPy too, as nflows_np is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ._gpu_part import Part, median_of
from ._gpu_plain import PlainFlow
from .configs import LEARNING_RATE, Config

BATCHES = 16
MEASURES = {
    "eager": ("step", "score", "sample"),
    "reduce-overhead": ("step", "score"),
    "captured": ("step", "sample"),
}


def run(part: Part) -> None:
    on_card = part.device == "cuda" and torch.cuda.is_available()
    if part.device == "cuda" and not on_card:
        return part.record("open", of=part.name, why="PyTorch sees no device")
    variants = ("eager", "reduce-overhead", "captured") if on_card else ("eager",)
    if part.warm:
        variants = variants[1:]
    for measure in ("step", "score", "sample"):
        for variant in variants:
            for config in part.configs():
                n = config.batch if measure == "step" else part.rows_to_score(config)
                if measure in MEASURES[variant] and n:
                    about = {"contestant": f"{part.name}, {variant}", "config": config.to_dict(), "rows": n}
                    part.attempt(
                        measure,
                        lambda v=variant, c=config, m=measure, n=n: Peer(part, v, c, on_card).measured(m, n),
                        **about,
                    )
    return None


class Peer:
    """One flow, one way to run it."""

    def __init__(self, part: Part, variant: str, config: Config, on_card: bool) -> None:
        torch.manual_seed(0)
        torch.compiler.reset()  # after a few flows it would stop compiling and run the next ones eagerly
        self.part, self.variant, self.config, self.on_card = part, variant, config, on_card
        self.device = torch.device("cuda" if on_card else "cpu")
        self.module, self.log_prob, self.draw = flow(part.name, config, self.device)
        n_params = sum(p.numel() for p in self.module.parameters() if p.requires_grad)
        if n_params != config.n_params():
            raise AssertionError(f"{n_params} parameters, not {config.n_params()}")

    def measured(self, measure: str, n: int) -> dict[str, Any]:
        """Seconds of a measure; `warm` calls it once for the sake of what is compiled."""
        calls = {"step": self.steps, "score": self.score, "sample": self.sample}[measure](n)
        if self.part.warm:
            calls["on the card"]()
            return {}
        found = {name: median_of(self.part, call) for name, call in calls.items()}
        result = found.pop("on the card")
        if measure == "step":
            for name in ("seconds", "low", "high"):
                result[name] /= BATCHES
        return result | {name: other["seconds"] for name, other in found.items()}

    def wait(self) -> None:
        if self.on_card:
            torch.cuda.synchronize()

    def table(self, n: int) -> tuple[np.ndarray, Tensor]:
        X = self.config.table(n).astype(np.float32)
        return X, torch.from_numpy(X).to(self.device)

    # Measures: each is some calls by name

    def steps(self, batch: int) -> dict[str, Callable[[], Any]]:
        """A call is an epoch of BATCHES steps."""
        batches = self.table(BATCHES * batch)[1].split(batch)
        captured = self.variant == "captured"
        adam = torch.optim.Adam(
            self.module.parameters(), lr=LEARNING_RATE, fused=self.on_card, capturable=captured
        )
        loss = lambda rows: -self.log_prob(rows).mean()  # noqa: E731
        if self.variant != "eager":
            mode = None if captured else self.variant
            loss = torch.compile(loss, mode=mode, dynamic=False)

        def step(rows: Tensor) -> None:
            adam.zero_grad(set_to_none=True)
            loss(rows).backward()
            adam.step()

        if captured:
            step = replayed(step, batches[0], lambda: adam.zero_grad(set_to_none=True))

        def epoch() -> None:
            for rows in batches:
                step(rows)
            self.wait()

        return {"on the card": epoch}

    def score(self, n: int) -> dict[str, Callable[[], Any]]:
        X, there = self.table(n)
        log_prob = self.log_prob
        if self.variant != "eager":
            log_prob = torch.compile(log_prob, mode=self.variant, dynamic=False)

        def on_card() -> None:
            with torch.no_grad():
                log_prob(there)
            self.wait()

        def from_numpy() -> np.ndarray:
            with torch.no_grad():
                return log_prob(torch.from_numpy(X).to(self.device)).cpu().numpy()

        return {"on the card": on_card, "from NumPy": from_numpy}

    def sample(self, n: int) -> dict[str, Callable[[], Any]]:
        out: list[Tensor] = [torch.empty(0)]

        def draw(_: Tensor | None = None) -> None:
            with torch.no_grad():
                out[0] = self.draw(n)

        if self.variant == "captured":
            draw = replayed(draw, torch.empty(0, device=self.device))

        def on_card() -> None:
            draw(torch.empty(0, device=self.device))
            self.wait()

        def to_numpy() -> np.ndarray:
            on_card()
            return out[0].cpu().numpy()

        return {"on the card": on_card, "from NumPy": to_numpy}


def flow(name: str, config: Config, device: torch.device) -> tuple[torch.nn.Module, Any, Any]:
    """A module, its log-density and its sampler."""
    if name == "torch":
        plain = PlainFlow(config).to(device)
        return plain, plain.log_prob, plain.sample
    from .peers.zuko import flow as zuko_flow

    lazy = zuko_flow(config).to(device)
    return lazy, lambda x: lazy().log_prob(x), lambda n: lazy().sample((n,))


def replayed(
    call: Callable[[Tensor], None], rows: Tensor, before: Callable[[], object] = lambda: None
) -> Callable[[Tensor], None]:
    """The same call as one CUDA graph, which reads its rows from a fixed place."""
    place = rows.clone()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            call(place)
    torch.cuda.current_stream().wait_stream(stream)
    before()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call(place)

    def replay(rows: Tensor) -> None:
        place.copy_(rows)
        graph.replay()

    return replay

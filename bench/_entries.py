"""Who takes part in `bench.likelihood`: each fits the training rows, and chooses by the validation rows.

default: `FlowDensity()`; the presets by their names, without an end of epochs; both have the validation rows as
`X_val`. All else sees z-scored columns, and the Jacobian is counted. gaussian: the best of Ledoit and Wolf's,
independent normals and the sample covariance. mixture: `GaussianMixture` of 1, 2, 4, ... 128 full components, until
two sizes in a row are no better. kde: `KernelDensity` of the best of twelve bandwidths, on 20,000 training rows at
most, chosen by 2,000 validation rows at most. zuko_maf and zuko_nsf: five layers of (128, 128), 8 bins, Adam at 1e-3,
batches of 256, until 20 epochs and 200 steps are no better; the best weights are kept.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from nflows_np import FlowDensity
from nflows_np.presets import PRESETS

from ._real import Array, Split
from .trust import references

ZUKO = ("zuko_maf", "zuko_nsf")
ENTRIES = ("default", "gaussian", "mixture", "kde", *PRESETS, *ZUKO)

COMPONENTS = (1, 2, 4, 8, 16, 32, 64, 128)
NO_BETTER = 2  # sizes of a mixture in a row
BANDWIDTHS = np.geomspace(0.02, 2.0, 12)
KERNELS, KERNELS_JUDGED_BY = 20_000, 2_000
LAYERS, HIDDEN, BINS, BATCH, RATE, PATIENT_EPOCHS, PATIENT_STEPS = 5, (128, 128), 8, 256, 1e-3, 20, 200
NO_END = 1_000_000  # epochs


class Clock:
    """Times a fit, and stops it when its time is over, as Ctrl-C does: what was found so far is kept."""

    def __init__(self, limit: float) -> None:
        self.limit, self.capped, self.seconds = limit, False, 0.0

    def __enter__(self) -> Self:
        signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, self.limit)
        self._began = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.seconds = time.perf_counter() - self._began
        return self.capped and kind is KeyboardInterrupt

    def _ring(self, *_: object) -> None:
        self.capped = True
        raise KeyboardInterrupt


@dataclass(frozen=True)
class Fitted:
    """Log-densities of rows, in the table's units, and what there is to say of the fit."""

    log_prob: Callable[[Array], Array]
    about: dict[str, Any]


class Scaled:
    """Columns z-scored by the training rows."""

    def __init__(self, rows: Array) -> None:
        self.mean, self.scale = rows.mean(axis=0), rows.std(axis=0)
        self.log_jacobian = -float(np.log(self.scale).sum())

    def __call__(self, rows: Array) -> Array:
        return (rows - self.mean) / self.scale

    def fitted(self, log_prob: Callable[[Array], Array], about: dict[str, Any]) -> Fitted:
        """A density of scaled rows as one of rows."""
        return Fitted(lambda rows: log_prob(self(rows)) + self.log_jacobian, about)


def fit(entry: str, rows: Split, seed: int, clock: Clock, threads: int) -> Fitted:
    """Fit one entry."""
    match entry:
        case "gaussian":
            return gaussian(rows, clock)
        case "mixture":
            return mixture(rows, seed, clock)
        case "kde":
            return kde(rows, clock)
        case "zuko_maf" | "zuko_nsf":
            return zuko_flow(entry, rows, seed, clock, threads)
    return flow(entry, rows, seed, clock, threads)


def flow(entry: str, rows: Split, seed: int, clock: Clock, threads: int) -> Fitted:
    own = {} if entry == "default" else {"flow": entry, "max_iter": NO_END}
    model = FlowDensity(random_state=seed, n_jobs=threads, **own)
    with clock:
        model.fit(rows.train, X_val=rows.val)
    measures = set(model.measure_.values())
    if measures != {"length"}:
        raise ValueError(f"{entry}: densities by {sorted(measures)} compare with no density by length alone.")
    layers = dict.fromkeys(map(repr, model.flow_.bijections))
    chosen = " ".join(layer for layer in layers if not layer.startswith("Permutation"))
    about = {
        "chosen": f"{model.n_layers_} layers: {chosen}",
        "epochs": model.n_iter_,
        "best epoch": model.best_epoch_,
    }
    return Fitted(model.score_samples, about)


def gaussian(rows: Split, clock: Clock) -> Fitted:
    with clock:
        scores = {name: found.mean() for name, found in references(rows.train, rows.val).items()}
        best = max(scores, key=lambda name: scores[name])
    return Fitted(lambda other: references(rows.train, other)[best], {"chosen": best})


def mixture(rows: Split, seed: int, clock: Clock) -> Fitted:
    from sklearn.mixture import GaussianMixture

    scaled = Scaled(rows.train)
    train, val = scaled(rows.train), scaled(rows.val)
    best, best_score, no_better = None, -math.inf, 0
    with clock:
        for k in COMPONENTS:
            try:
                found = GaussianMixture(k, reg_covar=1e-6, random_state=seed).fit(train)
            except ValueError:  # fewer rows than components, or a component fell onto fewer rows than columns
                break
            score = found.score(val)
            no_better = 0 if score > best_score else no_better + 1
            if score > best_score:
                best, best_score = found, score
            if no_better == NO_BETTER:
                break
    if best is None:
        raise RuntimeError("no mixture was fitted")
    return scaled.fitted(best.score_samples, {"chosen": f"{best.n_components} components"})


def kde(rows: Split, clock: Clock) -> Fitted:
    from sklearn.neighbors import KernelDensity

    scaled = Scaled(rows.train)
    kernels, val = scaled(rows.train[:KERNELS]), scaled(rows.val[:KERNELS_JUDGED_BY])
    best, best_score = None, -math.inf
    with clock:
        for width in BANDWIDTHS:
            found = KernelDensity(bandwidth=float(width)).fit(kernels)
            score = found.score_samples(val).mean()
            if score > best_score:
                best, best_score = found, score
    if best is None:
        raise RuntimeError("no bandwidth was judged")
    return scaled.fitted(
        best.score_samples, {"chosen": f"bandwidth {best.bandwidth:.3g}, {len(kernels):,} kernels"}
    )


def zuko_flow(entry: str, rows: Split, seed: int, clock: Clock, threads: int) -> Fitted:
    import torch
    import zuko

    from ._zuko import copied, log_prob, train_epoch

    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    scaled = Scaled(rows.train)
    train, val = (torch.from_numpy(scaled(part).astype(np.float32)) for part in (rows.train, rows.val))
    options: dict[str, Any] = {"transforms": LAYERS, "hidden_features": HIDDEN}
    if entry == "zuko_nsf":
        model = zuko.flows.NSF(train.shape[1], bins=BINS, **options)
    else:
        model = zuko.flows.MAF(train.shape[1], **options)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)

    patience = max(PATIENT_EPOCHS, PATIENT_STEPS // math.ceil(len(train) / BATCH))
    best, best_epoch, epoch, state = -math.inf, 0, 0, model.state_dict()
    with clock:
        while epoch - best_epoch < patience:
            epoch += 1
            train_epoch(model, optimizer, train, BATCH)
            now = float(log_prob(model, val).mean())
            if now > best:
                best, best_epoch, state = now, epoch, copied(model)
    model.load_state_dict(state)
    return scaled.fitted(
        lambda rows: log_prob(model, torch.from_numpy(rows.astype(np.float32))).numpy(),
        {"epochs": epoch, "best epoch": best_epoch},
    )

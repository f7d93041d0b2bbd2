"""What a fit came to and why, in one line for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nflows_np.specs import GaussianMixture

if TYPE_CHECKING:
    from nflows_np.estimators.fitted import Fitted


def summary(fitted: Fitted) -> str:
    """What was fitted to which rows, where its weights come from, and how training ended."""
    return "; ".join(part for part in (_flow(fitted), _columns(fitted), _weights(fitted)) if part) + "."


def _flow(fitted: Fitted) -> str:
    name = fitted.preset or "a flow"
    if fitted.architecture.get("flow") == "auto":
        name += ", by flow='auto'"
    layers = f"{fitted.n_layers} layer{'s' * (fitted.n_layers != 1)}"
    return (
        f"{name}: {layers}, {fitted.n_parameters:,} parameters, {len(fitted.loc)} column(s), {_rows(fitted)}"
    )


def _rows(fitted: Fitted) -> str:
    if fitted.n_rows is None:
        return "rows unknown"
    judged = f", {fitted.n_validation:,} to judge by" if fitted.n_validation else ""
    return f"{fitted.n_rows:,} distinct rows{judged}"


def _columns(fitted: Fitted) -> str:
    mapped = int(fitted.gaussianized.sum())
    return f"{mapped} column(s) mapped to normal scores" if mapped else ""


def _weights(fitted: Fitted) -> str:
    start = _start(fitted)
    ended = "converged" if fitted.converged else "not converged"
    if not fitted.n_iter:
        return f"{start}, for nothing was trained: too few rows to judge by"
    if not fitted.early_stopping:
        return f"weights of epoch {fitted.n_iter}, unjudged; {ended}"
    scores = f"{_nats(fitted.best_validation_score)} nats a held-out row"
    if fitted.best_epoch == 0:
        return f"{start}, {scores}: none of {fitted.n_iter} epochs is better by more than chance; {ended}"
    started = "" if fitted.start_score is None else f", {_nats(fitted.start_score)} at the start"
    return f"weights of epoch {fitted.best_epoch} of {fitted.n_iter}, {scores}{started}; {ended}"


def _start(fitted: Fitted) -> str:
    if fitted.from_clusters:
        assert isinstance(fitted.flow.base, GaussianMixture)
        return f"the {fitted.flow.base.n_components} clusters that training starts at"
    return (
        "the Gaussian copula that training starts at" if fitted.gaussianized.any() else "the Gaussian start"
    )


def _nats(score: float | None) -> str:
    return "unknown" if score is None else f"{score:.3f}"

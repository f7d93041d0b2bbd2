"""The state of training in a file.

What a fit has already said elsewhere is not repeated: the weights in use are the best ones where there was validation
(but for the start's, whose place one of all rows has taken), else the average; epochs and scores stand with the fit's
own fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._messages import shown
from nflows_np.estimators import _plain
from nflows_np.estimators._plain import Arrays
from nflows_np.training_state import MAX_HALVINGS, TrainingState

if TYPE_CHECKING:
    from nflows_np.estimators.fitted import Fitted

ARRAYS = ["training_parameters", "training_average", "training_m", "training_v", "training_start"]

_COUNTS = {
    "step": 2**53,
    "halvings": MAX_HALVINGS + 1,
    "cuts": 2**53,
    "stale": 2**53,
    "began": 2**53,
    "held": 2**53,
}
_OTHERS = ["reference_score", "start_levels"]


def write(state: TrainingState) -> tuple[dict[str, Any], Arrays]:
    """The document and the arrays of a state."""
    document = {name: getattr(state, name) for name in ("order", *_COUNTS, *_OTHERS)}
    arrays = {"training_parameters": state.parameters, "training_m": state.m, "training_v": state.v}
    if state.best_parameters is not None:
        arrays["training_average"] = state.average
        if state.best_epoch == 0:
            arrays["training_start"] = state.best_parameters
    return document, {name: array for name, array in arrays.items() if array is not None}


def read(document: Any, arrays: Arrays, fitted: Fitted) -> TrainingState:
    """The state that :func:`write` wrote, every field of it checked."""
    _plain.section("training", document, ["order", *_COUNTS, *_OTHERS])
    generator = np.random.PCG64()
    generator.state = document["order"]  # refuses what is no state of it
    validated = fitted.best_validation_score is not None
    if validated != ("training_average" in arrays):
        raise ValueError("training_average stands beside a validation score, and nowhere else")
    best_epoch = fitted.n_iter if fitted.best_epoch is None else fitted.best_epoch
    at_start = validated and fitted.best_epoch == 0
    if at_start != ("training_start" in arrays):
        raise ValueError("training_start stands beside a best epoch of 0, and nowhere else")
    absent = {"training_average": not validated, "training_start": not at_start}
    of_length = {
        name: _plain.vector(arrays, name, fitted.parameters.dtype, fitted.n_parameters)
        for name in ARRAYS
        if not absent.get(name)
    }
    m, v = of_length["training_m"], of_length["training_v"]
    _check_moments(m, v)
    average = (
        _plain.weights("training_average", of_length["training_average"]) if validated else fitted.parameters
    )
    best = _plain.weights("training_start", of_length["training_start"]) if at_start else fitted.parameters
    return TrainingState(
        parameters=_plain.weights("training_parameters", of_length["training_parameters"]),
        average=average,
        order=dict(generator.state),
        m=m,
        v=v,
        epoch=fitted.n_iter,
        converged=fitted.converged,
        best_parameters=best if validated else None,
        best_epoch=best_epoch,
        best_score=fitted.best_validation_score,
        reference_score=_plain.real_or_none("reference_score", document.get("reference_score")),
        start_levels=_levels(document.get("start_levels")),
        **{name: _plain.count(name, document.get(name, 0), most) for name, most in _COUNTS.items()},
    )


def _levels(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"start_levels is {shown(value)}, not two numbers")
    return _plain.real("start_levels[0]", value[0]), _plain.real("start_levels[1]", value[1])


def _check_moments(m: NDArray[Any], v: NDArray[Any]) -> None:
    """Refuse moments that no gradients have.

    Of gradients of any size |m| is at most 7.3 sqrt(v), by Cauchy and Schwarz, up to what v loses by underflow.
    """
    _plain.finite("training_m", m)
    if not np.all(_plain.finite("training_v", v) >= 0):
        raise ValueError("training_v holds negative values")
    if not np.all(np.abs(m) <= 8.0 * np.sqrt(v) + np.sqrt(np.finfo(v.dtype).tiny)):
        raise ValueError("training_m is larger than training_v allows")

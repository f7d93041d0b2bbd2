"""An estimator's fitted state as a JSON document and named arrays, and back.

The way back takes nothing for granted: a document may come from anywhere, and what it says is checked before
the engine is asked to hold it.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np import _random_state
from nflows_np._engine import engine
from nflows_np.specs import (
    Base,
    Flow,
    from_dict,
)
from nflows_np.training import TrainingState

Arrays = dict[str, NDArray[Any]]

# What is in the document under "fitted" and "training", by type; "optional" adds None.
_COUNTS = ("n_layers_", "batch_size_", "n_features_in_", "n_iter_")
_FLAGS = ("early_stopping_", "converged_")
_TRAINING_COUNTS = ("step", "epoch", "halvings", "cuts", "stale")
_TRAINING_ARRAYS = ("parameters", "average", "m", "v", "best_parameters")


def write(estimator: Any) -> tuple[dict[str, Any], Arrays]:
    """The document and the arrays of a fitted estimator."""
    training = estimator._training
    arrays = {
        "loc": estimator.loc_,
        "scale": estimator.scale_,
        "parameters": estimator.parameters_,
        "loss_curve": np.asarray(estimator.loss_curve_, dtype=np.float64),
    }
    if estimator.validation_scores_ is not None:
        arrays["validation_scores"] = np.asarray(estimator.validation_scores_, dtype=np.float64)
    for name in _TRAINING_ARRAYS:
        if training[name] is not None:
            arrays[f"training_{name}"] = training[name]
    names = getattr(estimator, "feature_names_in_", None)
    document = {
        "params": {name: _encode(name, value) for name, value in estimator.get_params(deep=False).items()},
        "flow": estimator.flow_.to_dict(),
        "fitted": {
            **{name: int(getattr(estimator, name)) for name in _COUNTS},
            **{name: bool(getattr(estimator, name)) for name in _FLAGS},
            "hidden_units_": [int(units) for units in estimator.hidden_units_],
            "alpha_": estimator.alpha_,
            "best_validation_score_": estimator.best_validation_score_,
            "feature_names_in_": None if names is None else [str(name) for name in names],
        },
        "training": {name: value for name, value in training.items() if name not in _TRAINING_ARRAYS},
        "entropy": estimator._entropy,
        "architecture": {
            name: _encode(name, value) for name, value in estimator._fitted_architecture.items()
        },
    }
    return document, arrays


def read(cls: type, document: dict[str, Any], arrays: Arrays) -> Any:
    """The estimator of a document and its arrays.

    Raises
    ------
    ValueError, TypeError, KeyError
        If anything is missing, of the wrong type, out of range or at odds with the rest.
    """
    estimator = cls(**_parameters("params", document["params"], list(inspect.signature(cls).parameters)))
    estimator._validate_params()
    fitted = _section("fitted", document["fitted"])
    for name in _COUNTS:
        setattr(estimator, name, _count(name, fitted[name]))
    for name in _FLAGS:
        setattr(estimator, name, _flag(name, fitted[name]))
    estimator.hidden_units_ = tuple(_count("hidden_units_", units) for units in fitted["hidden_units_"])
    estimator.alpha_ = _score("alpha_", fitted["alpha_"])
    estimator.best_validation_score_ = _score("best_validation_score_", fitted["best_validation_score_"])
    d = estimator.n_features_in_
    if fitted["feature_names_in_"] is not None:
        estimator.feature_names_in_ = np.asarray(_names(fitted["feature_names_in_"], d), dtype=object)
    estimator.loc_ = _array(arrays, "loc", np.float64, (d,))
    estimator.scale_ = _array(arrays, "scale", np.float64, (d,))
    if not np.all(estimator.scale_ > 0):
        raise ValueError("a column's scale is not positive")
    n_epochs = len(arrays["loss_curve"])
    estimator.loss_curve_ = _array(arrays, "loss_curve", np.float64, (n_epochs,), finite=False).tolist()
    scores = arrays.get("validation_scores")
    if scores is not None:
        scores = _array(arrays, "validation_scores", np.float64, (len(scores),), finite=False).tolist()
    estimator.validation_scores_ = scores
    estimator.flow_ = _flow(document["flow"], d, len(arrays["parameters"]))
    architecture = _parameters("architecture", document["architecture"], list(estimator._architecture()))
    if architecture["dtype"] not in ("float32", "float64"):
        raise ValueError(f"its dtype is {architecture['dtype']!r}, not 'float32' or 'float64'")
    estimator._fitted_architecture = architecture
    dtype = np.dtype(architecture["dtype"])
    estimator.parameters_ = _array(arrays, "parameters", dtype, (len(arrays["parameters"]),))
    estimator.n_parameters_ = len(estimator.parameters_)
    training = _section("training", document["training"])
    estimator._training = _training(training, arrays, dtype, estimator.n_parameters_)
    estimator._entropy = [_count("entropy", word) for word in document["entropy"]]
    if estimator._model.flow.n_params != estimator.n_parameters_:  # the engine holds it, or says why not
        raise ValueError(
            f"{estimator.n_parameters_} parameters, where the flow has {estimator._model.flow.n_params}"
        )
    return estimator


def _encode(name: str, value: Any) -> Any:
    """A constructor's parameter as JSON; what JSON has no word for is a dict of one entry."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, Flow):
        return {"flow": value.to_dict()}
    if isinstance(value, Base):
        return {"base": value.to_dict()}
    if isinstance(value, (tuple, list, np.ndarray)):
        return {"tuple": [_encode(name, item) for item in value]}
    if isinstance(value, (np.dtype, type)):
        return np.dtype(value).name
    if isinstance(value, (np.random.RandomState, np.random.Generator)):
        return _random_state.encode(name, value)
    raise TypeError(f"parameter {name}={value!r} has no place in a model file.")


def _decode(value: Any) -> Any:
    """The parameter that :func:`_encode` wrote."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "float":
        return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[content]
    if kind in ("flow", "base"):
        return from_dict(content)
    if kind == "tuple":
        return tuple(_decode(item) for item in content)
    if kind in ("mt19937", "generator"):
        return _random_state.decode(kind, content)
    raise ValueError(f"a parameter of unknown kind {kind!r}")


def _section(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is a {type(value).__name__}, not an object")
    return value


def _parameters(name: str, section: Any, expected: list[str]) -> dict[str, Any]:
    """Constructor's parameters, of exactly the names that are expected."""
    if set(_section(name, section)) != set(expected):
        raise ValueError(f"{name} are of {sorted(section)}, not of {sorted(expected)}")
    return {key: _decode(value) for key, value in section.items()}


def _count(name: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{name} is {value!r}, not a number of things")
    return value


def _flag(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(f"{name} is {value!r}, not true or false")
    return value


def _score(name: str, value: Any) -> float | None:
    if value is not None and (type(value) not in (int, float) or not math.isfinite(value)):
        raise ValueError(f"{name} is {value!r}, not a finite number")
    return value


def _names(names: Any, n_features: int) -> list[str]:
    if (
        not isinstance(names, list)
        or not all(isinstance(name, str) for name in names)
        or len(names) != n_features
    ):
        raise ValueError(f"feature_names_in_ are not the names of {n_features} columns")
    return names


def _array(
    arrays: Arrays, name: str, dtype: Any, shape: tuple[int, ...], *, finite: bool = True
) -> NDArray[Any]:
    """An array of the file, of the dtype and shape that the rest of the file asks for."""
    array = arrays[name]
    if array.dtype != dtype or array.shape != shape:
        raise ValueError(
            f"{name} is {array.dtype} of shape {array.shape}, not {np.dtype(dtype)} of shape {shape}"
        )
    if finite and not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds values that are not finite")
    return array


def _flow(spec: Any, n_features: int, n_parameters: int) -> Flow:
    """The resolved flow, if it can be as large as the file says and no larger."""
    flow = from_dict(spec)
    if not isinstance(flow, Flow):
        raise ValueError(f"the flow is a {type(flow).__name__}")
    if flow.resolve(n_features) != flow:
        raise ValueError("the flow is not resolved")
    if engine.count_params(flow.to_dict(), n_features, n_parameters) > n_parameters:
        raise ValueError(f"the flow has more than the {n_parameters} parameters that the file holds")
    return flow


def _training(
    document: dict[str, Any], arrays: Arrays, dtype: np.dtype[Any], n_parameters: int
) -> dict[str, Any]:
    """The state of training, every field of it checked."""
    names = [f.name for f in dataclasses.fields(TrainingState)]
    training: dict[str, Any] = {name: document[name] for name in names if name not in _TRAINING_ARRAYS}
    for name in _TRAINING_COUNTS:
        _count(name, training[name])
    for name in ("best_score", "reference_score"):
        _score(name, training[name])
    _flag("converged", training["converged"])
    generator = np.random.PCG64()
    generator.state = training["order"]  # refuses what is no state of it
    training["order"] = generator.state
    for name in _TRAINING_ARRAYS:
        key = f"training_{name}"
        training[name] = _array(arrays, key, dtype, (n_parameters,)) if key in arrays else None
    missing = {name for name in _TRAINING_ARRAYS if training[name] is None}
    if not missing <= {"best_parameters"}:
        raise ValueError("the state of training is incomplete")
    return training

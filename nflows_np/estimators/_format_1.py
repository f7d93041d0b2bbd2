"""Files of format 1: the same facts under other names.

They differed from format 2 in this: options of single presets were parameters of all, and an activation stood beside
flows that did not look at it; names in "fitted" were the attributes', with an underscore; the flow, the entropy
and the architecture stood beside it, and the state of training with weights that stand elsewhere, too.
"""

from __future__ import annotations

from typing import Any

from nflows_np._messages import shown
from nflows_np.estimators import _plain
from nflows_np.estimators._plain import Arrays
from nflows_np.training_state import MAX_HALVINGS

# From format 1's sections to the fields of format 2.
_FITTED = {
    "n_layers_": "n_layers",
    "hidden_units_": "hidden_units",
    "batch_size_": "batch_size",
    "alpha_": "alpha",
    "early_stopping_": "early_stopping",
    "n_iter_": "n_iter",
    "converged_": "converged",
    "best_validation_score_": "best_validation_score",
    "feature_names_in_": "feature_names",
}
_BESIDE = ("flow", "entropy")
_OPTIONS = ("n_bins", "tail_bound")
_TRAINING = ("order", "step", "halvings", "cuts", "stale", "reference_score")


def renamed(document: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """A document and arrays of format 1 as those of format 2. Nothing is checked but what is left out."""
    old = _plain.section("fitted", document["fitted"])
    fitted = {new: old[name] for name, new in _FITTED.items()}
    fitted |= {name: document[name] for name in _BESIDE}
    fitted["architecture"] = _params("architecture", document["architecture"])
    if old["n_features_in_"] != arrays["loc"].size:
        raise ValueError(f"{shown(old['n_features_in_'])} columns, where loc has {arrays['loc'].size}")
    training = _plain.section("training", document["training"])
    fitted["training"] = {name: training[name] for name in _TRAINING}
    if type(training["halvings"]) is int:  # accidents were counted further than they count
        fitted["training"]["halvings"] = min(training["halvings"], MAX_HALVINGS + 1)
    arrays = dict(arrays)
    best = arrays.pop("training_best_parameters", None)  # the weights in use
    if best is None:  # then it is the average that is in use
        arrays.pop("training_average", None)
    return {"params": _params("params", document["params"]), "fitted": fitted}, arrays


def _params(name: str, section: Any) -> dict[str, Any]:
    """Parameters, with the options of single presets in ``flow_params``."""
    params = dict(_plain.section(name, section))
    own = {option: params.pop(option) for option in _OPTIONS}
    params["flow_params"] = {"options": {option: value for option, value in own.items() if value != "auto"}}
    if isinstance(params["flow"], dict):
        params["activation"] = "auto"
    return params

"""Constructor's parameters in files: whatever a parameter may be comes back, and nothing else does."""

import json

import numpy as np
import pytest

from nflows_np.estimators import _format_1, _params
from nflows_np.specs import Flow, StudentT


@pytest.mark.parametrize("value", [
    None, True, 3, 2.5, "auto", np.inf, -np.inf, (8, 4), (), {}, {"n_bins": 4, "tail_bound": 2.5, "residual": True},
    StudentT(4.0), Flow([]),
])  # fmt: skip
def test_what_comes_back(value):
    document = json.loads(json.dumps(_params.to_plain({"x": value})))
    assert _params.from_plain("params", document, ["x", "y"]) == {"x": value}


def test_what_becomes_plain():
    values = {"a": np.float32(0.5), "b": np.array([3, 4]), "c": np.float64, "d": [5], "e": np.bool_(True)}
    document = json.loads(json.dumps(_params.to_plain(values)))
    assert _params.from_plain("params", document, values) == {
        "a": 0.5, "b": (3, 4), "c": "float64", "d": (5,), "e": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "value", [object(), {"a": object()}, {1}, len, np.random.RandomState(np.random.PCG64(0))]
)
def test_what_has_no_place(value):
    with pytest.raises(TypeError, match=r"parameter x=.* has no place in a model file"):
        _params.to_plain({"x": value})


@pytest.mark.parametrize("value", [
    [], [1], {"tuple": [[1]]}, {"tuple": [{"tuple": []}]}, {"options": [1]}, {"options": {"a": {"b": 1}}},
    {"options": {"a": [1]}}, {"pickle": "x"}, {"float": "0"}, {}, {"float": "nan", "tuple": []}, {"flow": {}},
])  # fmt: skip
def test_what_is_refused(value):
    with pytest.raises((ValueError, KeyError)):
        _params.from_plain("params", {"x": value}, ["x"])


@pytest.mark.parametrize("old, flow_params", [
    ({"n_bins": "auto", "tail_bound": "auto"}, {}),
    ({"n_bins": 4, "tail_bound": "auto"}, {"n_bins": 4}),
    ({"n_bins": 4, "tail_bound": 2.5}, {"n_bins": 4, "tail_bound": 2.5}),
])  # fmt: skip
def test_options_of_format_1_are_in_flow_params(old, flow_params):
    params = _format_1._params("params", {"flow": "nsf", "activation": "tanh", **old})
    assert _params.from_plain("params", params, params) == {
        "flow": "nsf", "activation": "tanh", "flow_params": flow_params,
    }  # fmt: skip


def test_the_activation_beside_a_flow_of_format_1_is_forgotten():
    """The flow did not look at it; now an activation beside a flow is refused."""
    flow = {"flow": Flow([]).to_dict()}
    params = _format_1._params(
        "x", {"flow": flow, "activation": "elu", "n_bins": "auto", "tail_bound": "auto"}
    )
    assert params == {"flow": flow, "activation": "auto", "flow_params": {"options": {}}}

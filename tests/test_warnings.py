"""Warnings: whatever calls the library, they point at the line of the user's, and their classes are at hand."""

import ast
import inspect
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nflows_np
from nflows_np import FlowDensity

PACKAGE = Path(nflows_np.__file__).parent
SMALL = {"flow": "maf", "n_layers": 1, "hidden_units": 8, "max_iter": 2, "random_state": 0}


def constant(X):
    return np.column_stack([X, np.ones(len(X))])


@pytest.mark.parametrize("make", [
    lambda flow: flow,
    lambda flow: make_pipeline(StandardScaler(), flow),
    lambda flow: make_pipeline(make_pipeline(flow)),
    lambda flow: GridSearchCV(flow, {"n_layers": [1]}, cv=2),
], ids=["alone", "pipeline", "pipelines", "search"])  # fmt: skip
def test_they_point_at_the_line_that_fits(banana, make):
    X, model = constant(banana), make(FlowDensity(**SMALL))
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        model.fit(X)
    assert {w.category for w in record} == {nflows_np.DegenerateColumnWarning, ConvergenceWarning}
    assert {(w.filename, w.lineno) for w in record} == {(__file__, line)}


def test_they_point_through_functions_of_scikit_learn(banana):
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        cross_val_score(FlowDensity(**SMALL), constant(banana), cv=2)
    assert record and {(w.filename, w.lineno) for w in record} == {(__file__, line)}


def test_partial_fit_and_names_of_validation_rows(banana):
    frame = pd.DataFrame(banana, columns=["a", "b"])
    flow = FlowDensity(**SMALL)
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        clone(flow).partial_fit(constant(banana)), flow.fit(frame, X_val=banana)
    assert {w.category for w in record} == {
        nflows_np.DegenerateColumnWarning,
        UserWarning,
        ConvergenceWarning,
    }
    assert {(w.filename, w.lineno) for w in record} == {(__file__, line)}


def test_a_model_without_state_of_training(banana, tmp_path):
    FlowDensity(**SMALL).set_params(max_iter=1).fit(banana).save(tmp_path / "model.flow")
    flow = nflows_np.load(tmp_path / "model.flow")
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        flow.partial_fit(banana)
    (warning,) = record
    assert "without its state of training" in str(warning.message)
    assert (warning.filename, warning.lineno) == (__file__, line)


def test_without_a_user_the_outermost_line_is_pointed_at():
    """A process may run nothing but the library."""
    source = "from nflows_np._warnings import warn\nwarn('x')\n"
    namespace = {"__name__": "nflows_np.somewhere"}
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        exec(compile(source, "somewhere.py", "exec"), namespace)
    assert record[0].filename == __file__


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_all_warnings_go_through_one_function(path):
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("warnings.warn", "warnings.warn_explicit")
    ]
    assert not calls or path.name == "_warnings.py"


def test_their_class_can_be_filtered_by_its_short_name(banana):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", nflows_np.DegenerateColumnWarning)
        FlowDensity("linear", max_iter=1, early_stopping=False).fit(constant(banana))
        with pytest.raises(nflows_np.DegenerateColumnWarning), warnings.catch_warnings():
            warnings.simplefilter("error")
            FlowDensity("linear", max_iter=1, early_stopping=False).fit(constant(banana))

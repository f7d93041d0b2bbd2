"""Pictures of a fitted density: panels by the number of columns, and errors that name what is wrong."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from nflows_np import FlowDensity
from nflows_np.plotting import MAX_COLUMNS, plot_density

pytest.importorskip("matplotlib", reason="pictures need matplotlib")


def fitted(n_columns, frame=False):
    X = np.random.default_rng(0).normal(size=(120, n_columns))
    if frame:
        X = pd.DataFrame(X, columns=[f"column {j}" for j in range(n_columns)])
    return FlowDensity("linear", max_iter=1, early_stopping=False, random_state=0).fit(X), X


@pytest.mark.parametrize("n_columns, n_panels", [(1, 1), (2, 3), (3, 9), (MAX_COLUMNS + 2, MAX_COLUMNS**2)])
def test_panels(n_columns, n_panels):
    flow, X = fitted(n_columns)
    figure = plot_density(flow, X, random_state=0)
    assert len(figure.axes) == n_panels
    assert figure.axes[-1].get_xlabel() == ("x0" if n_columns == 2 else f"x{min(n_columns, MAX_COLUMNS) - 1}")


def test_names():
    flow, X = fitted(2, frame=True)
    assert plot_density(flow, X, random_state=0).axes[0].get_ylabel() == "column 1"
    named = plot_density(flow, X, names=["speed", "mass"], random_state=0)
    assert (named.axes[0].get_xlabel(), named.axes[0].get_ylabel()) == ("speed", "mass")


@pytest.mark.parametrize("n_fitted, n_given", [(3, 2), (2, 3), (1, 2), (2, 1), (4, 3)])
def test_columns_are_those_of_the_fit(n_fitted, n_given):
    flow, _ = fitted(n_fitted)
    with pytest.raises(
        ValueError, match=f"X has {n_given} features, but FlowDensity is expecting {n_fitted}"
    ):
        plot_density(flow, np.zeros((5, n_given)))


@pytest.mark.parametrize("X, message", [
    (np.zeros(4), "1D array"),
    (np.zeros((0, 2)), r"0 sample\(s\)"),
    ([[0.0, np.nan]], "NaN"),
    (np.full((3, 2), "a"), "could not convert|real numbers|not compatible"),
])  # fmt: skip
def test_rows_are_validated(X, message):
    with pytest.raises(ValueError, match=message):
        plot_density(fitted(2)[0], X)


@pytest.mark.parametrize("names", [[], ["a"], ["a", "b", "c"]])
def test_names_are_as_many_as_columns(names):
    flow, X = fitted(2)
    with pytest.raises(ValueError, match="names must be one for each of 2 columns; got"):
        plot_density(flow, X, names=names)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        plot_density(FlowDensity(), np.zeros((3, 2)))

"""Warnings about degenerate columns: one for each kind, by name, and none for ordinary tables."""

import warnings

import numpy as np
import pytest

from nflows_np.columns import ColumnScaler, DegenerateColumnWarning
from nflows_np.columns.degenerate import PROBE_ROWS
from nflows_np.columns.empirical import evenly_spread


def messages(X, **kwargs):
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        ColumnScaler.fit(np.asarray(X), **kwargs)
    assert all(issubclass(warning.category, DegenerateColumnWarning) for warning in record)
    return [str(warning.message) for warning in record]


def normal(n=300, d=4, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n, d", [(1, 3), (2, 3), (10, 1), (10, 4), (30, 40), (300, 4), (5000, 12)])
def test_ordinary_tables_are_quiet(n, d, dtype):
    rng = np.random.default_rng(0)
    assert messages(normal(n, d, dtype=dtype)) == []
    assert messages(rng.standard_cauchy(size=(n, d)).astype(dtype)) == []
    assert messages((rng.normal(size=(n, 1)) + 0.01 * rng.normal(size=(n, d))).astype(dtype)) == []
    assert messages(rng.integers(-1000, 1000, size=(n, d))) == []
    assert messages(rng.normal(1e5, 1e3, size=(n, d)).astype(dtype)) == []


def test_constant_columns_are_named():
    X = normal()
    X[:, 1], X[:, 3] = 0.1, np.resize([1e9, np.nextafter(1e9, 2e9)], 300)
    (message,) = messages(X)
    assert message.startswith("Constant in the training rows: column 1, column 3.")
    (message,) = messages(X, feature_names=np.array(["a", "b", "c", "d"], dtype=object))
    assert message.startswith("Constant in the training rows: 'b', 'd'.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scaler = ColumnScaler.fit(X)
    assert scaler.scale[1] == 1.0 and scaler.loc[1] == 0.1


def test_only_the_training_rows_count():
    X = normal()
    X[:200, 2] = 3.0
    (message,) = messages(X, rows=np.arange(200))
    assert "Constant in the training rows: column 2." in message
    (message,) = messages(X, sample_weight=(np.arange(300) < 200).astype(float))
    assert "Constant in the training rows: column 2." in message


@pytest.mark.parametrize("scale, shift", [(1.0, 0.0), (-3.7, 0.3), (1e6, -1e5), (1e-6, 2e-6)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("tails", ["normal", "cauchy", "mostly zero"])
def test_repeated_columns_are_named(scale, shift, dtype, tails):
    rng = np.random.default_rng(0)
    X = rng.standard_cauchy(size=(300, 4)) if tails == "cauchy" else rng.normal(size=(300, 4))
    if tails == "mostly zero":
        X *= rng.random(X.shape) < 0.2
    X[:, 3] = scale * X[:, 1] + shift
    found = [m for m in messages(X.astype(dtype)) if m.startswith("Equal")]
    assert len(found) == 1
    assert found[0].startswith(
        "Equal to an earlier column up to scale and shift: column 3 (repeating column 1)."
    )


@pytest.mark.parametrize("wild", [1e12, 1e200, 1e308])
def test_a_common_wild_row_is_no_relation(wild):
    X = normal()
    X[7] = wild  # by correlation all columns would be one
    assert messages(X) == []


def test_nothing_is_said_of_columns_that_do_not_vary_on_the_probed_rows():
    X = np.zeros((3 * PROBE_ROWS, 2))
    unseen = np.setdiff1d(np.arange(len(X)), evenly_spread(len(X), PROBE_ROWS))
    X[unseen[:100], 0] = X[unseen[100:200], 1] = np.arange(1.0, 101.0)
    (message,) = messages(X)
    assert message.startswith("Few distinct or very frequent values: column 0, column 1.")


def test_dependent_columns_are_named():
    X = normal(d=6)
    X[:, 4] = 2.0 * X[:, 0] - X[:, 2] + 1.0
    (message,) = messages(X)
    assert message.startswith("Linearly dependent: column 0, column 2, column 4; a fixed combination")
    shares = np.random.default_rng(0).dirichlet(np.ones(5), size=400)
    for dtype in (np.float32, np.float64):
        (message,) = messages(shares.astype(dtype))
        assert message.startswith("Linearly dependent: column 0, column 1, column 2, column 3, column 4;")
    assert messages(np.c_[shares[:, :4], normal(400, 1)]) == []


def test_discrete_columns_are_named():
    X = normal()
    rng = np.random.default_rng(1)
    X[:, 0], X[:, 2] = rng.integers(0, 5, size=300), np.where(rng.random(300) < 0.6, 0.0, X[:, 2])
    (message,) = messages(X)
    assert message.startswith("Few distinct or very frequent values: column 0, column 2.")


def test_one_warning_for_each_kind_and_long_lists_are_cut():
    X = np.c_[np.zeros((300, 12)), np.tile(normal(d=1), 3), np.ones((300, 1)) * np.arange(300)[:, None] % 2]
    constant, discrete, repeated = messages(X)
    assert "column 8, column 9 and 2 more." in constant
    assert "column 15" in discrete
    assert "column 13, column 14 (repeating column 12)" in repeated


def test_a_single_row_says_nothing():
    assert messages(np.array([[1.0, 1.0]])) == []

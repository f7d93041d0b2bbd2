"""What is known of columns before they are scaled: links, steps, codes, gaps, and what warnings make of them."""

import warnings

import numpy as np
import pytest

from nflows_np.columns import ColumnScaler, DegenerateColumnWarning
from nflows_np.columns.degenerate import PROBE_ROWS
from nflows_np.columns.empirical import evenly_spread
from nflows_np.columns.links import ABOVE, BETWEEN, CIRCLE, Links
from nflows_np.columns.robust import MAX_ROWS

INF, NAN = np.inf, np.nan


def fitted(X, **kwargs):
    """The scaler, and what was warned of."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        scaler = ColumnScaler.fit(np.asarray(X), **kwargs)
    assert all(issubclass(warning.category, DegenerateColumnWarning) for warning in record)
    return scaler, [str(warning.message) for warning in record]


def equal(a, b):
    return np.array_equal(a.loc, b.loc) and np.array_equal(a.scale, b.scale)


# ---- links


def test_quartiles_are_those_of_linked_values(rng):
    X = np.column_stack(
        [np.exp(rng.normal(2.0, 0.5, 5000)), rng.beta(2.0, 2.0, 5000), rng.uniform(0, 24, 5000)]
    )
    links = Links.of({0: (ABOVE, 0.0, INF), 1: (BETWEEN, 0.0, 1.0), 2: (CIRCLE, 0.0, 24.0)}, 3)
    scaler, said = fitted(X, links=links, as_they_are=[2])
    linked = np.column_stack([links.forward(j, X[:, j])[0] for j in range(3)])
    assert equal(scaler, fitted(linked, as_they_are=[2])[0]) and scaler.links is links and said == []
    assert scaler.loc[0] == pytest.approx(2.0, abs=0.05) and scaler.scale[0] == pytest.approx(0.5, rel=0.05)
    assert (scaler.loc[2], scaler.scale[2]) == (0.0, 1.0)


def test_atoms_and_gaps_are_left_out(rng):
    x, other, weights = np.exp(rng.normal(size=400)), rng.normal(size=400), rng.integers(1, 4, size=400) * 1.0
    links = Links.of({0: (ABOVE, 0.0, INF)}, 2)
    without = rng.random(400) < 0.3
    X = np.column_stack([np.where(without, 0.0, x), np.where(without, NAN, other)])
    X[np.flatnonzero(without)[::2], 0] = NAN
    for sample_weight in (None, weights):
        scaler, said = fitted(X, links=links, gaps=[1], sample_weight=sample_weight)
        kept = None if sample_weight is None else sample_weight[~without]
        assert equal(scaler, fitted(X[~without], links=links, sample_weight=kept)[0]) and said == []


def test_a_column_without_numbers_is_not_scaled(rng):
    X = np.column_stack([np.zeros(50), np.full(50, NAN), rng.normal(size=50)])
    scaler, said = fitted(X, links=Links.of({0: (ABOVE, 0.0, INF)}, 3), gaps=[1])
    assert scaler.loc[:2].tolist() == [0.0, 0.0] and scaler.scale[:2].tolist() == [1.0, 1.0] and said == []


def test_cells_that_few_rows_have_are_found_in_large_tables():
    X = np.full((MAX_ROWS + 1000, 1), NAN)
    X[1:300, 0] = np.arange(299.0)
    assert fitted(X, gaps=[0])[0].loc == pytest.approx(149.0, abs=30.0)
    X[:] = NAN
    unseen = np.setdiff1d(np.arange(len(X)), evenly_spread(len(X), MAX_ROWS))[:100]
    X[unseen, 0] = np.arange(100.0)
    assert fitted(X, gaps=[0])[0].loc == pytest.approx(49.5)


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_values_must_be_finite_where_nobody_said_otherwise(rng, value):
    X = np.exp(rng.normal(size=(50, 4)))
    links = Links.of({0: (ABOVE, 0.0, INF)}, 4)
    X[7, :3] = value
    fitted(X, links=links, coded=[1], gaps=[2])
    for missing, column in [({"links": None}, 0), ({"coded": ()}, 1), ({"gaps": ()}, 2)]:
        said = {"links": links, "coded": [1], "gaps": [2]} | missing
        with pytest.raises(ValueError, match=f"X must be finite; column {column} holds {value}"):
            fitted(X, **said)


# ---- steps and codes


def test_locations_are_whole_steps_and_scales_at_least_half_of_one(rng):
    X = (
        np.column_stack([rng.poisson(3.4, 500), 0.25 * rng.integers(-40, 50, 500), rng.random(500) < 0.1])
        * 1.0
    )
    steps = np.array([1.0, 0.25, 1.0])
    scaler, said = fitted(X, steps=steps)
    plain, _ = fitted(X)
    assert said == []
    assert np.array_equal(scaler.loc, np.round(plain.loc / steps) * steps)
    assert np.array_equal(scaler.scale, np.maximum(plain.scale, 0.5 * steps))
    assert scaler.scale[2] == 0.5 and scaler.scale[1] == plain.scale[1]


def test_columns_without_a_step_are_not_touched(rng):
    X = rng.normal(size=(500, 3))
    plain, stepped = fitted(X)[0], fitted(X, steps=np.array([0.0, 10.0, 0.0]))[0]
    assert np.array_equal(plain.loc[[0, 2]], stepped.loc[[0, 2]])
    assert np.array_equal(plain.scale[[0, 2]], stepped.scale[[0, 2]])
    assert (stepped.loc[1], stepped.scale[1]) == (0.0, 5.0)


@pytest.mark.parametrize("loc, step", [(1e300, 1e-300), (1e17, 1.0), (3.0, 1e308)])
def test_steps_of_any_size(loc, step):
    scaler, _ = fitted(np.linspace(loc, loc * (1 - 1e-3), 99)[:, None], steps=np.array([step]))
    assert np.isfinite(scaler.loc).all() and np.isfinite(scaler.scale).all()


def test_what_is_said_of_steps_and_codes(rng):
    X = rng.integers(0, 3, size=(300, 4)) * 1.0
    X[:, 3] = 2.0
    _, said = fitted(X)
    assert [m.split(":")[0] for m in said] == [
        "Constant in the training rows",
        "Few distinct or very frequent values",
    ]
    (constant,) = fitted(X, steps=np.ones(4))[1]
    assert constant.startswith("Constant in the training rows: column 3.")
    assert fitted(X, coded=[0, 1, 2, 3])[1] == []
    (constant,) = fitted(X, coded=[0, 1], steps=np.array([0.0, 0.0, 1.0, 0.0]))[1]
    assert constant.startswith("Constant in the training rows: column 3.")
    scaler, _ = fitted(X, coded=[0, 3])
    assert scaler.loc[[0, 3]].tolist() == [0.0, 0.0] and scaler.scale[[0, 3]].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("left_out", ["coded", "as_they_are", "steps", "gaps"])
def test_no_relations_are_looked_for_in(rng, left_out):
    X = rng.normal(size=(300, 5))
    X[:, 3] = 2.0 * X[:, 0] + 1.0
    X[:, 4] = X[:, 1] + 1e-4 * rng.normal(size=300)
    scaler, (repeated,) = fitted(X)
    assert repeated.startswith("Equal to an earlier column") and scaler.residuals.columns.tolist() == [4]
    if left_out == "steps":
        said = {"steps": np.array([1e-6, 1e-6, 0.0, 0.0, 0.0])}
    elif left_out == "gaps":
        X[9, 0], X[11, 1] = NAN, INF
        said = {"gaps": [0, 1]}
    else:
        said = {left_out: [0, 1]}
    scaler, messages = fitted(X, **said)
    assert messages == [] and scaler.residuals is None


def test_a_column_that_may_have_gaps_is_no_part_of_a_residual(rng):
    """Its cells may be left out where nobody looked; that it repeats another is said all the same."""
    X = rng.normal(size=(4 * PROBE_ROWS, 2))
    X[:, 1] = X[:, 0] + 1e-4 * rng.normal(size=len(X))
    unseen = np.setdiff1d(np.arange(len(X)), evenly_spread(len(X), PROBE_ROWS))
    X[unseen[:9], 0], X[unseen[5:20], 1] = NAN, INF
    assert fitted(X, gaps=[0, 1])[0].residuals is None
    X[:, 1] = 2.0 * X[:, 0]
    scaler, (message,) = fitted(X, gaps=[0, 1])
    assert scaler.residuals is None and "column 1 (repeating column 0)" in message


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relations_of_linked_columns(rng, dtype):
    X = np.exp(rng.normal(size=(500, 3)))
    X[:, 1] = 3.0 * X[:, 0]  # the logarithms differ by a shift
    X[:, 2] = X[:, 0] * np.exp(1e-3 * rng.normal(size=500))
    X = X.astype(dtype)
    links = Links.of({j: (ABOVE, 0.0, INF) for j in range(3)}, 3)
    scaler, (repeated,) = fitted(X, links=links)
    assert repeated.startswith(
        "Equal to an earlier column up to scale and shift: column 1 (repeating column 0)"
    )
    assert scaler.residuals.columns.tolist() == [2] and scaler.links is links
    log_jacobian = np.empty(500)
    stream = scaler.gather(X, slice(None), np.float64, log_jacobian)
    z = stream.move(np.empty(stream.shape)).transpose(0, 2, 1).reshape(-1, 3)[:500]
    assert np.std(z[:, 2]) == pytest.approx(1.0, abs=0.1)
    np.testing.assert_allclose(log_jacobian, -np.log(X.astype(float)).sum(axis=1), rtol=1e-12, atol=1e-12)


def test_linked_columns_may_be_degenerate(rng):
    X = (
        np.column_stack([np.resize([0.0, 3.0], 100), rng.integers(1, 4, 100), np.resize([0.0, 24.0], 100)])
        * 1.0
    )
    X[::4, 0] = np.nextafter(3.0, 4.0)
    links = Links.of({0: (ABOVE, 0.0, INF), 1: (ABOVE, 0.0, INF), 2: (CIRCLE, 0.0, 24.0)}, 3)
    _, (constant, discrete) = fitted(X, links=links)
    assert constant.startswith("Constant in the training rows: column 0, column 2.")
    assert discrete.startswith("Few distinct or very frequent values: column 1.")


@pytest.mark.parametrize("steps", [[1.0], [1.0, -1.0], [1.0, NAN], [1.0, INF], 1.0])
def test_steps_are_checked(steps):
    with pytest.raises(
        ValueError, match="ColumnScaler: steps must be 2 finite numbers, none of them negative"
    ):
        ColumnScaler.fit(np.eye(2), steps=steps)

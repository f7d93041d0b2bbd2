"""Densities of tables of several kinds add up to 1, and those of rows with left-out cells are marginals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nflows_np import FlowDensity
from nflows_np.columns.kinds import Bounded, Categorical, Integer, Ordinal, Periodic, Positive, Real

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning"),
    pytest.mark.filterwarnings("ignore:FlowDensity. early_stopping=False trains:UserWarning"),
]

N = 300


def flow(flow="nsf_ar", **params):
    return FlowDensity(
        flow, **{"max_iter": 8, "early_stopping": False, "random_state": 0, "dtype": "float64"} | params
    )


# ---- sums and integrals

RNG = np.random.default_rng(0)
ONE = {
    "categories": (Categorical(["a", "b", "c"]), RNG.choice(["a", "b"], N), ["a", "b", "c"]),
    "ranks": (Ordinal([1, 2, 5]), RNG.choice([1, 2, 5], N), [1, 2, 5]),
    "counts": (Integer(0), RNG.poisson(2.0, N), np.arange(500)),
    "integers": (Integer(), RNG.poisson(2.0, N) - 4, np.arange(-600, 600)),
    "from one to six": (Integer(1, 6), RNG.integers(1, 7, N), np.arange(1, 7)),
    "large counts": (Integer(0), RNG.poisson(RNG.gamma(2.0, 400.0, N)), np.arange(60_000)),
    "large integers": (Integer(), np.round(RNG.normal(5e3, 500.0, N)), np.arange(-20_000, 30_000)),
    "percents": (Bounded(0, 100, rounded=1), np.round(100 * RNG.beta(2.0, 2.0, N)), np.arange(101)),
    "halves": (Real(rounded=0.5), np.round(2 * RNG.normal(size=N)) / 2, np.arange(-200, 200) / 2),
    "money": (Positive(rounded=0.01), np.round(RNG.gamma(2.0, size=N), 2), np.arange(20_000) / 100),
}


@pytest.mark.parametrize("preset", ["nsf_ar", "maf", "linear"])
@pytest.mark.parametrize("name", ONE)
def test_masses_add_up_to_one(name, preset):
    kind, values, everything = ONE[name]
    fitted = flow(preset, columns=kind).fit(np.array(values).astype(object)[:, None])
    total = np.exp(fitted.score_samples(np.array(everything).astype(object)[:, None])).sum()
    assert total == pytest.approx(1.0, abs=1e-3)


def shares():
    return RNG.beta(2.0, 3.0, N)


NUMBERS = {
    "real": (Real(), RNG.normal(3.0, 2.0, N), []),
    "between": (Bounded(0, 1), shares(), []),
    "above": (Bounded(-1), RNG.gamma(2.0, size=N) - 1, []),
    "below": (Bounded(None, 5), 5 - RNG.gamma(2.0, size=N), []),
    "positive": (Positive(), RNG.gamma(3.0, size=N), []),
    "mostly zero": (Positive(atoms="low"), np.where(RNG.random(N) < 0.4, 0.0, RNG.gamma(3.0, size=N)), [0.0]),
    "full marks": (Bounded(0, 1, atoms="high"), np.where(RNG.random(N) < 0.2, 1.0, shares()), [1.0]),
    "both": (Bounded(0, 1, atoms="both"), np.clip(RNG.normal(0.5, 0.4, N), 0, 1), [0.0, 1.0]),
    "circle": (Periodic(-180, 180), RNG.vonmises(3.0, 2.0, N) * 180 / np.pi, []),
}


def grid_of(kind):
    """Places of a column, and their weights in an integral over it, fine where there are ends."""
    if isinstance(kind, Periodic):
        x = np.linspace(kind.low, kind.high, 20_001)[:-1]
        return x, np.full(len(x), (kind.high - kind.low) / len(x))
    t = np.linspace(-25.0, 25.0, 20_001)
    dt = t[1] - t[0]
    low, high = kind.low, kind.high
    if low is None and high is None:
        return 4.0 * t, np.full(len(t), 4.0 * dt)
    if high is None:
        return low + np.exp(t), np.exp(t) * dt
    if low is None:
        return high - np.exp(-t), np.exp(-t) * dt
    part = 1.0 / (1.0 + np.exp(-t))
    x = low + (high - low) * part
    inside = (x > low) & (x < high)
    return x[inside], ((high - low) * part * (1 - part) * dt)[inside]


def integral(fitted, kind, atoms, others=None):
    """The integral over the first column, for one value of the others."""
    x, weight = grid_of(kind)
    x, weight = np.r_[x, atoms], np.r_[weight, np.ones(len(atoms))]
    rows = pd.DataFrame({"x": x}) if others is None else pd.DataFrame({"x": x}).assign(**others)
    return weight @ np.exp(fitted.score_samples(rows))


@pytest.mark.parametrize("preset", ["nsf_ar", "maf", "linear"])
@pytest.mark.parametrize("name", NUMBERS)
def test_densities_integrate_to_one(name, preset):
    kind, values, atoms = NUMBERS[name]
    fitted = flow(preset, columns=kind).fit(pd.DataFrame({"x": values}))
    assert integral(fitted, kind, atoms) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("order", [["x", "n", "c"], ["c", "n", "x"], ["n", "x", "c"]], ids="".join)
@pytest.mark.parametrize("name", NUMBERS)
def test_joint_distributions_add_up_to_one(name, order):
    """Over a number, a count and a category, whatever their order is."""
    kind, values, atoms = NUMBERS[name]
    X = pd.DataFrame({"x": values, "n": RNG.binomial(2, 0.4, N), "c": RNG.choice(["a", "b"], N)})[order]
    fitted = flow("maf", columns={"x": kind, "n": Integer(0, 2)}, max_iter=3).fit(X)
    x, weight = grid_of(kind)
    x, weight = np.r_[x[::4], atoms], np.r_[4 * weight[::4], np.ones(len(atoms))]
    total = 0.0
    for n in range(3):
        for c in ("a", "b"):
            total += weight @ np.exp(fitted.score_samples(pd.DataFrame({"x": x, "n": n, "c": c})[order]))
    assert total == pytest.approx(1.0, abs=1e-3)


def test_samples_have_the_shares_that_are_scored():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"n": rng.binomial(3, 0.4, N), "c": rng.choice(["a", "b"], N)})
    fitted = flow(columns={"n": Integer(0, 3)}).fit(X)
    S = fitted.sample(20_000, random_state=0)
    rows = pd.DataFrame([(n, c) for n in range(4) for c in "ab"], columns=["n", "c"])
    p = np.exp(fitted.score_samples(rows))
    seen = np.array([((S["n"] == n) & (S["c"] == c)).mean() for n, c in rows.itertuples(index=False)])
    np.testing.assert_allclose(seen, p, atol=5 * np.sqrt(0.25 / 20_000))


@pytest.mark.parametrize("atoms", ["low", "both"])
def test_shares_of_atoms(atoms):
    rng = np.random.default_rng(1)
    x = np.clip(rng.normal(0.4, 0.4, 2000), 0.0, 1.0 if atoms == "both" else None)
    kind = Bounded(0, 1, atoms="both") if atoms == "both" else Positive(atoms="low")
    fitted = flow(columns=kind, max_iter=20).fit(x[:, None])
    for end in (0.0, 1.0)[: 1 + (atoms == "both")]:
        assert np.exp(fitted.score_samples([[end]])[0]) == pytest.approx(np.mean(x == end), abs=0.04)
        assert np.mean(fitted.sample(4000, random_state=0) == end) == pytest.approx(
            np.mean(x == end), abs=0.05
        )


def test_the_density_on_a_circle_follows_the_rows():
    x = np.random.default_rng(0).vonmises(np.pi, 3.0, 2000) % (2 * np.pi)  # most lie about the middle
    far = (x + np.pi) % (2 * np.pi)  # and about the ends
    densities = []
    for values in (x, far):
        fitted = flow(columns=Periodic(0, 2 * np.pi), max_iter=60).fit(values[:, None])
        scores = fitted.score_samples([[0.0], [np.pi]])
        densities.append(scores[::-1] if values is far else scores)
    expected = stats.vonmises.logpdf([np.pi, 0.0], 3.0)
    assert densities[0] == pytest.approx(expected, abs=0.8) and densities[1] == pytest.approx(
        expected, abs=0.8
    )


# ---- left-out cells are integrated out

MEAN, COVARIANCE = np.array([1.0, -2.0, 0.5]), np.array([[1.0, 0.8, 0.3], [0.8, 1.5, 0.6], [0.3, 0.6, 0.7]])


@pytest.fixture(scope="module")
def gaussian():
    """A fit to 4,000 rows of a correlated Gaussian, of whose cells a fifth are left out; and complete rows."""
    rng = np.random.default_rng(0)
    X = rng.multivariate_normal(MEAN, COVARIANCE, 4000)
    gaps = rng.random(X.shape) < 0.2
    gaps[gaps.all(axis=1), 0] = False
    X[gaps] = np.nan
    fitted = FlowDensity("nsf_ar", missing="observed", random_state=0).fit(X)
    return fitted, rng.multivariate_normal(MEAN, COVARIANCE, 400)


def without(rows, columns):
    rows = rows.copy()
    rows[:, columns] = np.nan
    return rows


NODES = [MEAN[j] + np.sqrt(COVARIANCE[j, j]) * np.linspace(-7, 7, 61) for j in range(3)]


@pytest.mark.parametrize("columns", [[0], [1], [2], [0, 1], [0, 2], [1, 2]], ids=str)
def test_rows_with_left_out_cells_have_marginal_densities(gaussian, columns):
    fitted, rows = gaussian
    grids = np.meshgrid(*(NODES[j] for j in columns), indexing="ij")
    cell = np.prod([NODES[j][1] - NODES[j][0] for j in columns])
    filled = np.repeat(rows, grids[0].size, axis=0)
    for j, grid in zip(columns, grids, strict=True):
        filled[:, j] = np.tile(grid.ravel(), len(rows))
    joint = np.exp(fitted.score_samples(filled)).reshape(len(rows), -1).sum(axis=1) * cell
    marginal = fitted.score_samples(without(rows, columns))
    difference = marginal - np.log(joint)
    assert abs(difference.mean()) < 0.05
    assert (
        np.abs(difference).mean() < 0.25
    )  # each pattern is learnt for itself: no two are at one to the digit


@pytest.mark.parametrize("columns", [[], [0], [1], [2], [0, 1], [0, 2], [1, 2]], ids=str)
def test_those_are_the_marginals_of_the_rows(gaussian, columns):
    fitted, rows = gaussian
    there = [j for j in range(3) if j not in columns]
    expected = stats.multivariate_normal(MEAN[there], COVARIANCE[np.ix_(there, there)]).logpdf(rows[:, there])
    found = fitted.score_samples(without(rows, columns))
    assert abs(np.mean(expected - found)) < 0.1
    assert np.mean(np.abs(expected - found)) < 0.3


def test_a_row_of_nothing_is_certain(gaussian):
    fitted, _ = gaussian
    assert fitted.score_samples(np.full((2, 3), np.nan)) == pytest.approx([0.0, 0.0], abs=1e-6)


# ---- imputation


@pytest.mark.parametrize("columns", [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]], ids=str)
def test_draws_have_the_conditional_mean_and_spread(gaussian, columns):
    fitted, rows = gaussian
    rows = rows[:30]
    X = without(rows, columns)
    draws = np.array(fitted.impute(X, n_draws=300, random_state=0))
    there = [j for j in range(3) if j not in columns]
    assert draws.shape == (300, 30, 3) and np.isfinite(draws).all()
    assert np.array_equal(draws[:, :, there], np.broadcast_to(X[:, there], (300, 30, len(there))))
    slope = COVARIANCE[np.ix_(columns, there)] @ np.linalg.inv(COVARIANCE[np.ix_(there, there)])
    expected = MEAN[columns] + (rows[:, there] - MEAN[there]) @ slope.T
    rest = COVARIANCE[np.ix_(columns, columns)] - slope @ COVARIANCE[np.ix_(there, columns)]
    spread = np.sqrt(np.diag(rest))
    found = draws[:, :, columns]
    # a quarter of a spread besides the noise of 300 draws by particles
    assert np.sqrt(np.mean(((found.mean(axis=0) - expected) / spread) ** 2)) < 0.3
    assert found.std(axis=0).mean(axis=0) == pytest.approx(spread, rel=0.2)
    if len(columns) == 2:
        joint = np.mean([np.cov(found[:, i].T) for i in range(30)], axis=0)
        np.testing.assert_allclose(joint, rest, atol=0.25 * spread.max() ** 2)


def test_imputation_is_repeatable(gaussian):
    fitted, rows = gaussian
    X = without(rows, [1])
    one = fitted.impute(X, random_state=5)
    assert isinstance(one, np.ndarray) and one.shape == X.shape
    assert np.array_equal(one, fitted.impute(X, random_state=5))
    assert np.array_equal(one, fitted.impute(X, random_state=np.random.RandomState(5)))
    assert not np.array_equal(one, fitted.impute(X, random_state=6))
    assert not np.array_equal(fitted.impute(X), fitted.impute(X))
    many = fitted.impute(X, n_draws=3, random_state=5)
    assert isinstance(many, list) and len(many) == 3
    assert len({table.tobytes() for table in many}) == 3
    assert len(fitted.impute(X, n_draws=1, random_state=5)) == 1
    assert np.isnan(X[:, 1]).all()


def test_complete_rows_stay_as_they_are(gaussian):
    fitted, rows = gaussian
    assert np.array_equal(fitted.impute(rows, random_state=0), rows)
    assert all(np.array_equal(table, rows) for table in fitted.impute(rows, n_draws=2))


@pytest.mark.parametrize("n_draws", [0, -1, 1.5, True, "3"], ids=repr)
def test_numbers_of_draws_are_checked(gaussian, n_draws):
    fitted, rows = gaussian
    with pytest.raises(
        ValueError, match=f"n_draws must be None or an integer of at least 1, got {n_draws!r}"
    ):
        fitted.impute(rows, n_draws=n_draws)


def test_complete_rows_come_back_as_they_are():
    X = np.random.default_rng(0).normal(size=(N, 2))
    fitted = flow().fit(X)
    assert np.array_equal(fitted.impute(X), X)
    with pytest.raises(ValueError, match="NaN"):
        fitted.impute(np.where(X > 1.0, np.nan, X))


def test_a_cell_is_drawn_from_what_it_can_be():
    """A category decides the others: what is drawn has to fit what is there, before and after it."""
    rng = np.random.default_rng(0)
    n = 1500
    c = rng.choice(["a", "b"], n)
    X = pd.DataFrame({
        "x": np.where(c == "a", -4.0, 4.0) + rng.normal(size=n),
        "c": c,
        "n": np.where(c == "a", rng.poisson(1.0, n), 20 + rng.poisson(1.0, n)),
    }).astype({"n": "Int64"})  # fmt: skip
    gone = rng.random((n, 3)) < 0.1
    whole = X.copy()
    for j, name in enumerate(X.columns):
        X.loc[gone[:, j], name] = pd.NA if name == "n" else None
    fitted = FlowDensity(columns={"n": Integer(0)}, missing="observed", max_iter=30, random_state=0).fit(X)
    some = gone.sum(axis=1) == 1
    Y = fitted.impute(X[some], random_state=0)
    wanted = whole[some].reset_index(drop=True)
    assert (Y["c"] == wanted["c"]).mean() > 0.95
    assert ((Y["x"] > 0) == (wanted["x"] > 0)).mean() > 0.95
    assert ((Y["n"] > 10) == (wanted["n"] > 10)).mean() > 0.95


# ---- which cells are left out


def test_samples_leave_out_as_many_cells_as_the_table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 4))
    first = rng.random(1500) < 0.3
    gaps = np.column_stack(
        [first, first ^ (rng.random(1500) < 0.05), np.zeros(1500, bool), rng.random(1500) < 0.1]
    )
    X[gaps] = np.nan
    fitted = FlowDensity("linear", missing="observed", max_iter=30, random_state=0).fit(X)
    S = fitted.sample(20_000, random_state=0, keep_missing=True)
    left_out = np.isnan(S)
    assert left_out.mean(axis=0) == pytest.approx(gaps.mean(axis=0), abs=0.04)
    assert not left_out[:, 2].any()
    assert np.mean(left_out[:, 0] == left_out[:, 1]) == pytest.approx(0.95, abs=0.05)  # they go together
    assert not np.isnan(fitted.sample(500, random_state=0)).any()
    assert np.array_equal(
        S[:50], fitted.sample(20_000, random_state=0, keep_missing=True)[:50], equal_nan=True
    )


def test_cells_of_a_column_that_had_no_gaps_are_refused_or_integrated_out():
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(2200, 3)) * [1.0, 0.5, 0.5], axis=1)
    X, rows = walk[:2000].copy(), without(walk[2000:], [0])
    X[rng.random(2000) < 0.2, 2] = np.nan
    fitted = FlowDensity("nsf_ar", missing="observed", random_state=0).fit(X)
    try:
        found = fitted.score_samples(rows)
    except ValueError as error:
        assert "column 0" in str(error)
        return
    expected = stats.multivariate_normal(np.zeros(2), [[1.25, 1.25], [1.25, 1.5]]).logpdf(rows[:, 1:])
    assert abs(np.mean(expected - found)) < 0.2

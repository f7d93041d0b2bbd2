"""Tables whose columns are of several kinds: what comes back, what is impossible, and what is refused."""

import json
import pickle
import zipfile
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import numpy as np
import pandas as pd
import polars as pl
import pytest

import nflows_np
from nflows_np import FlowDensity
from nflows_np.columns.kinds import (
    Bounded,
    Categorical,
    Datetime,
    Drop,
    Integer,
    Ordinal,
    Periodic,
    Positive,
    Real,
)
from nflows_np.persistence import ModelFileError

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning"),
    pytest.mark.filterwarnings("ignore:FlowDensity. early_stopping=False trains:UserWarning"),
]

N = 240


def flow(flow="nsf_ar", **params):
    return FlowDensity(
        flow, **{"max_iter": 3, "early_stopping": False, "random_state": 0, "dtype": "float64"} | params
    )


def data(n=N, seed=0):
    """Columns of every kind, dependent on one another."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return {
        "real": x,
        "plain": rng.poisson(50.0, n),
        "count": rng.poisson(np.exp(0.5 * x)),
        "share": 1.0 / (1.0 + np.exp(-x - rng.normal(size=n))),
        "sales": np.where(rng.random(n) < 0.3, 0.0, rng.gamma(2.0, size=n)),
        "score": np.clip(np.round(60 + 30 * x + 10 * rng.normal(size=n), 3), 0.0, 100.0),
        "angle": rng.uniform(0.0, 360.0, n),
        "tenths": np.round(x + rng.normal(size=n), 1),
        "town": np.where(x + rng.normal(size=n) > 0, "Bonn", "Graz"),
        "size": rng.choice(["S", "M", "L"], n),
        "flag": rng.random(n) < 0.3,
    }


KINDS = {
    "count": Integer(0),
    "share": Bounded(0, 1),
    "sales": Positive(atoms="low"),
    "score": Bounded(0, 100, atoms="both"),
    "angle": Periodic(0, 360),
    "tenths": Real(rounded=0.1),
    "size": Ordinal(["S", "M", "L"]),
}


def pandas_frame(n=N, seed=0):
    return pd.DataFrame(data(n, seed)).astype({"plain": "int32", "count": "int64"})


def nullable_frame(n=N, seed=0):
    dtypes = {"real": "Float64", "plain": "Int16", "count": "Int64", "flag": "boolean", "town": "string"}
    return pandas_frame(n, seed).astype(dtypes)


def categorical_frame(n=N, seed=0):
    df = pandas_frame(n, seed)
    df["town"] = pd.Categorical(df["town"], ["Wien", "Graz", "Bonn"])
    df["size"] = pd.Categorical(df["size"], ["S", "M", "L"], ordered=True)
    return df.rename(columns={"real": "réel"})


def polars_frame(n=N, seed=0):
    return pl.DataFrame(data(n, seed)).with_columns(pl.col("size").cast(pl.Enum(["S", "M", "L"])))


def number_array(n=N, seed=0):
    return np.column_stack([v for v in data(n, seed).values() if v.dtype.kind in "if"])


def object_array(n=N, seed=0):
    return np.column_stack([v.astype(object) for v in data(n, seed).values()])


FRAMES = {
    "pandas": pandas_frame,
    "nullable": nullable_frame,
    "categories": categorical_frame,
    "polars": polars_frame,
    "array": number_array,
    "objects": object_array,
}


def kinds_for(name):
    if name == "array":
        names = [k for k, v in data(5).items() if v.dtype.kind in "if"]
    else:
        names = list(data(5))
    if name in ("array", "objects"):
        return {names.index(k): kind for k, kind in KINDS.items() if k in names}
    return dict(KINDS)


def cells(X, j):
    """The cells of a column, as an array of objects or numbers."""
    if isinstance(X, pd.DataFrame):
        return X.iloc[:, j].to_numpy()
    return X.to_series(j).to_numpy() if isinstance(X, pl.DataFrame) else X[:, j]


def place(name, column):
    names = [k for k, v in data(5).items() if name != "array" or v.dtype.kind in "if"]
    return names.index(column)


def dtypes(X):
    if isinstance(X, pd.DataFrame):
        return [str(t) if not isinstance(t, pd.CategoricalDtype) else t for t in X.dtypes]
    return list(X.dtypes) if isinstance(X, pl.DataFrame) else X.dtype


@pytest.fixture(scope="module", params=FRAMES)
def case(request):
    """A table's name, the table, and a flow that was fitted to it."""
    X = FRAMES[request.param]()
    return request.param, X, flow(columns=kinds_for(request.param)).fit(X)


# ---- what comes back


def test_the_table_comes_back(case):
    name, X, fitted = case
    for back in (fitted.sample(30, random_state=0), fitted.inverse_transform(fitted.transform(X))):
        assert type(back) is type(X) and back.shape[1] == X.shape[1]
        if name == "array":
            assert back.dtype == np.float64
        elif name == "objects":
            assert back.dtype == object
        else:
            assert list(back.columns) == list(X.columns)
            expected, found = dtypes(X), dtypes(back)
            j = place(name, "plain")  # of no kind: continuous
            assert str(found[j]) in ("float64", "Float64")
            del expected[j], found[j]
            assert found == expected


def test_samples_are_of_their_kinds(case):
    name, _, fitted = case
    S = fitted.sample(2000, random_state=1)

    def column(of):
        return np.asarray(cells(S, place(name, of)))

    count, share, sales, score, angle, tenths = (
        column(of).astype(float) for of in ("count", "share", "sales", "score", "angle", "tenths")
    )
    assert np.all(count == np.round(count)) and count.min() >= 0
    assert np.all((share > 0) & (share < 1))
    assert sales.min() == 0.0 and 0.15 < np.mean(sales == 0.0) < 0.45
    assert (score.min(), score.max()) == (0.0, 100.0)
    assert np.mean(score == 0.0) < 0.2 and np.mean(score == 100.0) < 0.3
    assert np.all((angle >= 0.0) & (angle < 360.0))
    np.testing.assert_allclose(tenths, np.round(tenths, 1), atol=1e-9)
    if name != "array":
        assert set(column("town").tolist()) <= {"Bonn", "Graz", "Wien"}
        assert set(column("size").tolist()) == {"S", "M", "L"}
        assert set(column("flag").tolist()) == {True, False}
    assert np.isfinite(fitted.score_samples(S)).all()


def test_sampling_is_repeatable(case):
    _, _, fitted = case
    one, other = fitted.sample(40, random_state=3), fitted.sample(60, random_state=3)
    for j in range(one.shape[1]):
        assert np.array_equal(cells(one, j), cells(other, j)[:40])
    assert not np.array_equal(cells(one, 0), cells(fitted.sample(40, random_state=4), 0))


def test_there_and_back_again(case):
    _, X, fitted = case
    Z = fitted.transform(X)
    assert Z.shape == X.shape and np.isfinite(Z).all()
    back = fitted.inverse_transform(Z)
    for j in range(X.shape[1]):
        there, again = cells(X, j), cells(back, j)
        if np.asarray(again).dtype.kind == "f" or isinstance(again[0], float):
            np.testing.assert_allclose(again.astype(float), there.astype(float), rtol=1e-6, atol=1e-6)
        else:
            assert np.array_equal(again, there)


def test_scores_do_not_depend_on_the_batch(case):
    _, X, fitted = case
    scores = fitted.score_samples(X)
    assert scores.shape == (N,) and np.isfinite(scores).all()
    order = np.random.default_rng(0).permutation(N)

    def rows(index):
        return X.iloc[index] if isinstance(X, pd.DataFrame) else X[index]

    assert np.array_equal(fitted.score_samples(rows(order)), scores[order])
    for size in (1, 7, 100):
        assert np.array_equal(fitted.score_samples(rows(order[:size])), scores[order[:size]])
    assert fitted.score(X) == pytest.approx(scores.mean(), rel=1e-12)


def test_files_and_pickles_score_and_sample_as_before(case, tmp_path):
    _, X, fitted = case
    fitted.save(tmp_path / "model.flow")
    for again in (nflows_np.load(tmp_path / "model.flow"), pickle.loads(pickle.dumps(fitted))):
        assert np.array_equal(again.score_samples(X), fitted.score_samples(X))
        one, other = fitted.sample(20, random_state=0), again.sample(20, random_state=0)
        assert dtypes(one) == dtypes(other)
        assert all(np.array_equal(cells(one, j), cells(other, j)) for j in range(X.shape[1]))
        assert again.columns_ == fitted.columns_ and again.measure_ == fitted.measure_


def test_every_table_has_the_same_densities():
    """The same cells in another table: to the bit."""
    X = pandas_frame()
    fitted = flow(columns=KINDS).fit(X)
    scores = fitted.score_samples(X)
    others = [nullable_frame(), polars_frame(), X.astype({"count": float}), X.astype({"town": "category"})]
    for other in others:
        assert np.array_equal(fitted.score_samples(other), scores)
        assert np.array_equal(flow(columns=KINDS).fit(other).score_samples(other), scores)


def test_columns_and_measures_are_listed():
    fitted = flow(columns=KINDS).fit(pandas_frame())
    town, flag = Categorical(["Bonn", "Graz"]), Categorical([False, True])
    resolved = KINDS | {"real": Real(), "plain": Real(), "town": town, "flag": flag}
    assert fitted.columns_ == resolved and list(fitted.columns_) == list(data(5))
    assert fitted.measure_ == {name: resolved[name].measure for name in data(5)}
    assert fitted.measure_["sales"] == "atom + length" and fitted.measure_["tenths"] == "count"


def test_plain_integers_are_continuous():
    X = pd.DataFrame({"a": np.random.default_rng(0).poisson(50.0, 200), "b": np.arange(200)})
    fitted = flow().fit(X)
    assert fitted.columns_ == {"a": Real(), "b": Real()}
    assert list(fitted.sample(5, random_state=0).dtypes) == [np.float64, np.float64]
    assert np.any(fitted.sample(50, random_state=0)["a"] % 1)


def test_an_array_of_numbers_on_request():
    X = pandas_frame()[["real", "count", "sales"]]
    fitted = flow(columns={k: KINDS[k] for k in ("count", "sales")}).fit(X)
    S = fitted.sample(20, random_state=0, output="array")
    assert S.dtype == np.float64 and np.array_equal(S, fitted.sample(20, random_state=0).to_numpy())
    with pytest.raises(ValueError, match="output must be 'like_fit' or 'array', got 'frame'"):
        fitted.sample(5, output="frame")
    with pytest.raises(ValueError, match="output='array' is for tables of numbers"):
        flow().fit(pandas_frame()[["real", "town"]]).sample(5, output="array")


@pytest.mark.parametrize(
    "preset",
    [
        "auto",
        "nsf_ar",
        "maf",
        "naf",
        pytest.param("sos"),
        pytest.param("bernstein"),
        "made_mog",
        "maf_mog",
        "linear",
    ],
)
def test_presets_that_have_such_columns(preset):
    X = pandas_frame()
    fitted = flow(preset, columns=KINDS, max_iter=1).fit(X)
    assert np.isfinite(fitted.score_samples(X)).all()
    assert fitted.sample(10, random_state=0).shape == (10, X.shape[1])


@pytest.mark.parametrize("preset", ["nsf", "realnvp"])
def test_presets_that_cannot_have_them_are_refused_by_name(preset):
    X = pandas_frame()[["real", "share", "count"]]
    with pytest.raises(ValueError, match=f"flow='{preset}'.*'nsf_ar'"):
        flow(preset, columns={"count": Integer(0)}).fit(X)


# ---- bounds and ends

ENDS = [
    Bounded(0, 1),
    Bounded(-1e6, -1e6 + 1),
    Bounded(0),
    Bounded(None, 5),
    Bounded(1e9, 1e9 + 1),
    Positive(),
]


@pytest.mark.parametrize("kind", ENDS, ids=lambda k: f"{k.low}..{k.high}")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_open_ends_are_never_reached(kind, dtype):
    rng = np.random.default_rng(0)
    t = rng.beta(0.3, 0.3, size=(N, 1)).clip(1e-6, 1 - 1e-6)
    low, high = kind.low, kind.high
    X = low + t * (1 if high is None else high - low) if low is not None else high - t
    fitted = flow(columns=kind, dtype=dtype).fit(X)
    Z = np.r_[np.linspace(-60, 60, 201), rng.normal(size=5000)][:, None]
    back = fitted.inverse_transform(Z)
    assert np.all(back > (-np.inf if low is None else low)) and np.all(
        back < (np.inf if high is None else high)
    )
    assert np.isfinite(back).all() and np.isfinite(fitted.score_samples(back)).all()
    for end, beyond in ((low, -1.0), (high, 1.0)):
        if end is not None:
            assert np.all(np.isneginf(fitted.score_samples([[end], [end + beyond]])))
            assert np.isfinite(fitted.score_samples([[np.nextafter(end, end - beyond)]]))


@pytest.mark.parametrize(
    "kind, dtype",
    [
        (Bounded(0, 1), "float32"),
        (Bounded(0, 1), "float16"),
        (Bounded(1000, 1001), "float32"),
        (Periodic(0, 360), "float16"),
    ],
    ids=str,
)  # fmt: skip
def test_bounds_hold_in_columns_of_few_digits(kind, dtype):
    rng = np.random.default_rng(0)
    x = np.clip(rng.beta(0.3, 0.3, size=4 * N), 0.01, 0.99)
    X = pd.DataFrame({"a": (kind.low + (kind.high - kind.low) * x)}).astype(dtype)
    X = X[(X["a"] > kind.low) & (X["a"] < kind.high)]
    fitted = flow(columns=kind).fit(X)
    back = fitted.inverse_transform(np.r_[np.linspace(-9, 9, 4001), rng.normal(size=20_000)][:, None])
    assert back["a"].dtype == dtype
    assert (back["a"] >= kind.low).all() and (back["a"] < kind.high).all()
    assert np.isfinite(fitted.score_samples(back)).all()


@pytest.mark.parametrize(
    "low, high", [(0, 360), (-180, 180), (0.0, 2 * np.pi), (-np.pi, np.pi), (0.1, 0.7), (5, 29)]
)
def test_both_ends_of_a_period_are_one_place(low, high):
    rng = np.random.default_rng(0)
    x = low + (high - low) * ((0.1 * rng.normal(size=N)) % 1.0)
    for X, columns in (
        (x[:, None], Periodic(low, high)),
        (np.c_[x, rng.poisson(2, N)], {0: Periodic(low, high), 1: Integer(0)}),
    ):
        fitted = flow(columns=columns).fit(X)
        row = np.array(X[:1], dtype=float)
        scores = []
        for value in (low, high):
            row[0, 0] = value
            scores.append(fitted.score_samples(row)[0])
        assert scores[0] == scores[1] and np.isfinite(scores[0])
        row[0, 0] = low + 0.25 * (high - low)
        inside = fitted.score_samples(row)[0]
        row[0, 0] += 3 * (high - low)
        assert fitted.score_samples(row)[0] == pytest.approx(inside, abs=1e-6)
        S = fitted.sample(3000, random_state=0)[:, 0]
        assert np.all((low <= S) & (S < high))


@pytest.mark.parametrize("method", ["transform", "impute"])
def test_whole_turns_do_not_matter(method):
    X = np.random.default_rng(0).uniform(0, 360, size=(N, 1))
    fitted = flow(columns=Periodic(0, 360)).fit(X)
    far = X + 360.0 * (np.arange(N)[:, None] % 3)
    assert fitted.score_samples(far) == pytest.approx(fitted.score_samples(X), abs=1e-6)
    assert len(getattr(fitted, method)(far)) == N


# ---- what cannot be


@pytest.fixture(scope="module")
def scored():
    X = pandas_frame()
    return X, flow(columns=KINDS).fit(X)


@pytest.mark.parametrize(
    "column, value",
    [
        ("count", -1), ("count", 0.5), ("count", 3.001), ("count", -0.5), ("share", 0.0), ("share", 1.0),
        ("share", -0.1), ("share", 1.5),
        ("sales", -1e-9), ("score", 100.1), ("score", -5.0), ("tenths", 0.05), ("tenths", 0.123),
    ],
)  # fmt: skip
def test_impossible_rows_have_no_density(scored, column, value):
    X, fitted = scored
    rows = X[:5].astype({column: float})
    rows.loc[2, column] = value
    scores = fitted.score_samples(rows)
    assert np.isneginf(scores[2])
    keep = [0, 1, 3, 4]
    assert np.array_equal(scores[keep], fitted.score_samples(X[:5])[keep])
    assert fitted.score(rows) == -np.inf


@pytest.mark.parametrize(
    "column, value",
    [("sales", 0.0), ("score", 0.0), ("score", 100.0), ("angle", 360.0), ("tenths", 0.3), ("count", 10**6)],
)
def test_possible_rows_have_one(scored, column, value):
    X, fitted = scored
    rows = X[:5].astype({column: float})
    rows.loc[2, column] = value
    assert np.isfinite(fitted.score_samples(rows)).all()


@pytest.mark.parametrize(
    "column, value", [("count", 0.5), ("share", 1.0), ("sales", -1.0), ("tenths", 0.123)]
)
@pytest.mark.parametrize("method", ["transform", "impute"])
def test_impossible_rows_have_no_latents(scored, method, column, value):
    X, fitted = scored
    rows = X[:5].astype({column: float})
    rows.loc[3, column] = value
    with pytest.raises(ValueError, match=rf"'{column}' .* in row 3"):
        getattr(fitted, method)(rows)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("column", ["real", "plain", "count", "share", "sales", "score", "angle", "tenths"])
def test_infinities_are_refused_everywhere(scored, column, value):
    X, fitted = scored
    rows = X.astype({column: float})
    rows.loc[[4, 7], column] = value
    for method in (
        fitted.score_samples,
        fitted.transform,
        fitted.impute,
        fitted.score,
        flow(columns=KINDS).fit,
    ):
        with pytest.raises(ValueError, match=f"'{column}' has infinities, in row 4, 7"):
            method(rows)
    with pytest.raises(ValueError, match=f"'{column}' has infinities"):
        flow(columns=KINDS, missing="observed").fit(rows)
    with pytest.raises(ValueError, match=f"'{column}' has infinities"):
        flow(columns=KINDS, early_stopping=True).fit(X, X_val=rows)


def test_an_infinity_among_categories_is_refused_by_name():
    X = number_array()
    X[3, 2] = np.inf
    with pytest.raises(ValueError, match="column 2"):
        flow(columns={2: Categorical()}).fit(X)


def bad_table(column, value, n_bad=7):
    X = pandas_frame().astype({column: float})
    X.loc[10 : 10 + n_bad - 1, column] = value
    return X


@pytest.mark.parametrize(
    "column, value, message",
    [
        ("count", -1, r"'count' is Integer\(0\), and 7 row\(s\) lie outside: -1 in row 10, 11, 12, 13, 14, \.\.\.\."),
        ("count", 1.5, r"'count' is Integer\(0\), of whole numbers, and holds 1.5 in row 10, 11, 12, 13, 14, \.\.\.\."),
        ("share", 1.5, r"'share' is Bounded\(0, 1\), and 7 row\(s\) lie outside: 1.5 in row 10, 11"),
        ("share", 0.0, r"and 7 row\(s\) lie exactly on its low end, .*10, .*atoms='low'.*rounded="),
        ("share", 1.0, r"and 7 row\(s\) lie exactly on its high end, .*atoms='high'.*rounded="),
        ("sales", -0.5, r"'sales' is Positive\(atoms='low'\), and 7 row\(s\) lie outside: -0.5 in row 10"),
        ("score", 101, r"'score' is Bounded.*, and 7 row\(s\) lie outside: 101 in row 10"),
        ("angle", 800, r"'angle' is Periodic\(0, 360\), a period of 360, and holds numbers from .* to 800"),
        ("tenths", 0.123, r"'tenths' is Real\(rounded=0.1\), of whole multiples of 0.1, and holds 0.123 in row 10"),
        ("size", 3, "'size' holds"),
    ],
)  # fmt: skip
def test_fits_refuse_what_cannot_be_with_the_first_rows(column, value, message):
    if column == "size":
        X = pandas_frame()
        X.loc[10, "size"] = "XL"
        message = r"'size' holds 'XL' in row 10, which is none of its levels \['S', 'M', 'L'\]"
    else:
        X = bad_table(column, value)
    est = flow(columns=KINDS)
    with pytest.raises(ValueError, match=message):
        est.fit(X)
    assert not hasattr(est, "columns_")
    if column == "angle":  # rows to judge by may be whole turns away
        return
    with pytest.raises(ValueError, match=message):
        flow(columns=KINDS, early_stopping=True).fit(pandas_frame(), X_val=X)


@pytest.mark.parametrize(
    "columns, message",
    [
        ({"town": Integer(0)}, r"'town' is a column of categories, and Integer\(0\) is for numbers"),
        ({"town": Real()}, r"'town' is a column of categories, and Real\(\) is for numbers"),
        ({"real": Datetime()}, r"'real' is no column of times, which Datetime\(\) is for"),
        (
            {"real": Categorical(["a"])},
            r"'real' holds 0\.125.* in row 0, which is none of its levels \['a'\]",
        ),
        (Drop(), "every column is dropped"),
    ],
    ids=str,
)
def test_kinds_that_a_column_cannot_be(columns, message):
    with pytest.raises(ValueError, match=message):
        flow(columns=columns).fit(pandas_frame())


# ---- categories


@pytest.mark.parametrize("frame", [pandas_frame, polars_frame, categorical_frame])
def test_unknown_categories(frame):
    X, fitted = frame(), flow().fit(frame())
    other = {"town": ["Bonn", "Rom", "Graz"]}
    if isinstance(X, pd.DataFrame):
        rows = X[:3].assign(**other)
    else:
        rows = X[:3].with_columns(pl.Series("town", other["town"]))
    with pytest.raises(
        ValueError,
        match=r"'town' holds 'Rom' in row 1, which is none of its levels \[.*handle_unknown='ignore'",
    ):
        fitted.score_samples(rows)
    scores = fitted.set_params(handle_unknown="ignore").score_samples(rows)
    assert np.array_equal(np.isneginf(scores), [False, True, False])


@pytest.fixture
def gaps_and_towns():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=N), "town": rng.choice(["Bonn", "Graz"], N)})
    X.loc[rng.random(N) < 0.2, "x"] = np.nan
    X.loc[rng.random(N) < 0.2, "town"] = None
    return X


def test_unknown_categories_are_not_imputed(gaps_and_towns):
    fitted = flow(missing="observed", handle_unknown="ignore").fit(gaps_and_towns)
    with pytest.raises(ValueError, match=r"'town'.*'Rom'"):
        fitted.impute(pd.DataFrame({"x": [1.0, np.nan], "town": ["Rom", "Bonn"]}), random_state=0)


def test_unknown_categories_have_no_latents(gaps_and_towns):
    X = gaps_and_towns.dropna()
    fitted = flow(handle_unknown="ignore").fit(X)
    with pytest.raises(ValueError, match=r"'town'.*'Rom'"):
        fitted.transform(X[:3].assign(town=["Bonn", "Rom", "Graz"]))


@pytest.mark.parametrize("how", ["warm_start", "partial_fit", "X_val"])
def test_unknown_categories_are_no_rows_of_a_fit(gaps_and_towns, how):
    X = gaps_and_towns.dropna().reset_index(drop=True)
    other = X.assign(town=np.where(np.arange(len(X)) < 9, "Rom", X["town"]))
    est = flow(handle_unknown="ignore", warm_start=how == "warm_start", early_stopping=how == "X_val")
    with pytest.raises(ValueError, match=r"'town'.*'Rom'"):
        if how == "X_val":
            est.fit(X, X_val=other)
        elif how == "partial_fit":
            est.partial_fit(X).partial_fit(other)
        else:
            est.fit(X).fit(other)


def test_declared_categories_that_no_row_has():
    X = categorical_frame()
    fitted = flow().fit(X)
    assert fitted.columns_["town"] == Categorical(["Wien", "Graz", "Bonn"])
    assert fitted.columns_["size"] == Ordinal(["S", "M", "L"])
    rows = X[:4].assign(town=pd.Categorical(["Wien"] * 4))
    scores, seen = fitted.score_samples(rows), fitted.score_samples(X[:4])
    assert np.isfinite(scores).all() and np.all(scores < seen - 1.0)


def test_codes_of_categories_do_not_matter():
    """The same names in another order of the dtype's categories."""
    X = categorical_frame()
    fitted = flow().fit(X)
    again = X.assign(town=X["town"].cat.reorder_categories(["Bonn", "Wien", "Graz"]))
    assert np.array_equal(fitted.score_samples(again), fitted.score_samples(X))
    assert list(fitted.sample(3, random_state=0)["town"].cat.categories) == ["Wien", "Graz", "Bonn"]


@pytest.mark.parametrize("levels", [[1, 2, 3], [3, 1, 2], [1.0, 2.0, 3.0]])
@pytest.mark.parametrize("kind", [Categorical, Ordinal])
def test_numbers_as_categories(kind, levels):
    X = pd.DataFrame({"c": np.random.default_rng(0).integers(1, 4, N), "x": np.arange(N) % 17.0})
    fitted = flow(columns={"c": kind(levels)}).fit(X)
    S = fitted.sample(200, random_state=0)
    assert S["c"].dtype == np.int64 and set(S["c"]) == {1, 2, 3}
    assert np.exp(
        [fitted.score_samples(X[:1].assign(c=c))[0] for c in (1, 2, 3)]
    ).sum() > 0  # fmt: skip
    with pytest.raises(ValueError, match="'c' holds 4 in row 0"):
        fitted.score_samples(X[:1].assign(c=4))


def test_levels_beyond_those_of_the_dtype():
    X = pd.DataFrame({"c": pd.Categorical(list("ab") * 60), "x": np.arange(120.0) % 17})
    fitted = flow(columns={"c": Categorical(["a", "b", "z"])}).fit(X)
    assert set(fitted.sample(20_000, random_state=0)["c"]) <= {"a", "b", "z"}


# ---- dtypes that do not hold what a kind gives


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(Integer(0, 1)),
        pytest.param(Ordinal([0, 1])),
        Ordinal([False, True]),
        Categorical([True, False]),
        Real(),
    ],
    ids=repr,
)
def test_bools(kind):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=N), "b": rng.random(N) < 0.3})
    fitted = flow(columns={"b": kind}).fit(X)
    S = fitted.sample(100, random_state=0)
    if kind != Real():
        assert set(S["b"]) == {False, True}
    assert np.isfinite(fitted.score_samples(S)).all()


def test_an_array_of_bools_on_a_circle_is_refused_or_fitted():
    X = np.random.default_rng(0).random((N, 2)) < 0.4
    fitted = flow(columns=Periodic(0, 2)).fit(X)
    assert np.isfinite(fitted.score_samples(X)).all()


def test_an_array_of_bools_is_of_one_kind():
    X = np.random.default_rng(0).random((N, 2)) < 0.4
    assert flow().fit(X).columns_ == flow(columns={}).fit(X).columns_


@pytest.mark.parametrize(
    "dtype, kind, mean", [("uint8", Integer(), 1.0), ("int8", Integer(0), 112.0), ("UInt16", Integer(), 1.0)]
)
def test_samples_of_small_integers(dtype, kind, mean):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=N), "n": rng.poisson(mean, N).clip(0, 127)}).astype({"n": dtype})
    S = flow(columns={"n": kind}).fit(X).sample(5000, random_state=0)
    assert len(S) == 5000 and (S["n"] % 1 == 0).all()


def test_steps_below_one_in_a_column_of_integers():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=N), "n": rng.poisson(3.0, N)})
    S = flow(columns={"n": Real(rounded=0.5)}).fit(X).sample(500, random_state=0)
    assert (S["n"] * 2 % 1 == 0).all()


@pytest.mark.parametrize("step", [0.1, 0.01, 0.05])
def test_steps_come_back_as_they_were_written(step):
    X = np.round(np.random.default_rng(0).normal(size=(N, 1)) / step).astype(int) * step
    X = np.round(X, 2)
    fitted = flow(columns=Real(rounded=step)).fit(X)
    S = fitted.sample(500, random_state=0)
    assert np.array_equal(S, np.round(S, 2))
    assert np.array_equal(fitted.inverse_transform(fitted.transform(X)), X)


def test_bounds_between_steps_hold():
    X = np.round(np.random.default_rng(0).uniform(0.3, 0.9, size=(N, 1)) / 0.3) * 0.3
    with pytest.raises(ValueError, match=r"low must be a whole multiple of rounded=0\.3"):
        Bounded(0.1, 1, rounded=0.3)
    fitted = flow(columns=Bounded(0, 1.2, rounded=0.3)).fit(X)
    S = fitted.sample(2000, random_state=0)
    assert S.min() >= 0.0 and np.isfinite(fitted.score_samples(S)).all()


def test_large_integers_are_whole():
    X = 1e12 + np.random.default_rng(0).poisson(5.0, size=(N, 1)).astype(float)
    fitted = flow(columns=Integer()).fit(X)
    assert np.isneginf(fitted.score_samples(X[:1] + 0.5))


# ---- left-out cells


def with_gaps(frame, n=N, share=0.2, seed=5):
    X, rng = frame(n), np.random.default_rng(seed)
    gone = {name: rng.random(n) < share for name in data(5)}
    if isinstance(X, pl.DataFrame):
        return X.with_columns(
            [pl.when(pl.Series(g)).then(None).otherwise(pl.col(c)).alias(c) for c, g in gone.items()]
        )
    if isinstance(X, pd.DataFrame):
        X = X.copy()
        for column, g in zip(X.columns, gone.values(), strict=True):
            if X[column].dtype in (bool, np.int64, np.int32):
                X[column] = X[column].astype({"b": "boolean", "i": "Int64"}[X[column].dtype.kind])
            X.loc[g, column] = (
                pd.NA if str(X[column].dtype) in ("Int64", "Int16", "boolean", "Float64") else None
            )
        return X
    for j in range(X.shape[1]):
        g = rng.random(n) < share
        X[g, j] = np.nan if X.dtype != object else None
    return X


def missing(X):
    if isinstance(X, pl.DataFrame):
        return np.column_stack([X.to_series(j).is_null().to_numpy() for j in range(X.shape[1])])
    return pd.DataFrame(X).isna().to_numpy()


@pytest.mark.parametrize("name", FRAMES)
def test_left_out_cells_are_learnt_around(name, tmp_path):
    X = with_gaps(FRAMES[name])
    fitted = flow(columns=kinds_for(name), missing="observed").fit(X)
    scores = fitted.score_samples(X)
    assert np.isfinite(scores).all()
    whole = fitted.score_samples(FRAMES[name]())
    assert np.isfinite(whole).all() and whole.mean() < scores.mean()
    S = fitted.sample(300, random_state=0)
    assert not missing(S).any()
    S = fitted.sample(3000, random_state=0, keep_missing=True)
    assert missing(S).mean(axis=0) == pytest.approx(missing(X).mean(axis=0), abs=0.06)
    assert np.isfinite(fitted.score_samples(S)).all()
    Y = fitted.impute(X, random_state=0)
    assert type(Y) is type(X) and not missing(Y).any()
    there = ~missing(X)
    for j in range(X.shape[1]):
        before, after = cells(X, j)[there[:, j]], cells(Y, j)[there[:, j]]
        if np.asarray(after).dtype.kind == "f" or isinstance(after[0], float):
            np.testing.assert_allclose(after.astype(float), before.astype(float), rtol=1e-14)
        else:
            assert np.array_equal(before, after)
    assert np.isfinite(fitted.score_samples(Y)).all()
    fitted.save(tmp_path / "model.flow")
    again = nflows_np.load(tmp_path / "model.flow")
    assert np.array_equal(again.score_samples(X), scores)
    other = again.sample(3000, random_state=0, keep_missing=True)
    assert np.array_equal(missing(other), missing(S))


@pytest.mark.parametrize("column", list(data(5)))
def test_left_out_cells_are_refused_with_the_setting_that_allows_them(column):
    X = pandas_frame().astype({"plain": float, "count": float, "flag": "boolean"})
    X.loc[[3, 5, 8, 9, 11, 200], column] = None
    message = (
        rf"'{column}' has 6 left-out cell\(s\) \(NaN\), in row 3, 5, 8, 9, 11, \.\.\.\. missing='observed'"
    )
    with pytest.raises(ValueError, match=message):
        flow(columns=KINDS).fit(X)
    fitted = flow(columns=KINDS).fit(pandas_frame())
    for method in (fitted.score_samples, fitted.transform, fitted.impute):
        with pytest.raises(ValueError, match=rf"'{column}' has 6 left-out cell.*missing='observed'"):
            method(X)


def test_left_out_cells_of_a_table_that_had_none():
    X = number_array()
    fitted = flow(missing="observed").fit(X)
    assert np.isfinite(fitted.score_samples(X)).all()
    X[4, 1] = np.nan
    with pytest.raises(ValueError, match="row 4, column 1"):
        fitted.score_samples(X)
    with pytest.raises(ValueError, match="keep_missing=True"):
        fitted.sample(3, keep_missing=True)


def test_a_column_with_nothing_in_it():
    X = pd.DataFrame({"x": np.arange(50.0) % 7, "none": [None] * 50}).astype({"none": object})
    with pytest.raises(ValueError, match="'none'"):
        flow(missing="observed", columns={"none": Categorical()}).fit(X)
    assert np.isfinite(flow(missing="observed", columns={"none": Drop()}).fit(X).score_samples(X)).all()


@pytest.mark.parametrize(
    "params",
    [{}, {"columns": {0: Real(rounded=1e-3)}}, {"missing": "observed"}, {"columns": {}}],
    ids=str,
)
def test_masked_cells_are_not_trained_on(params):
    rng = np.random.default_rng(0)
    X = np.round(rng.normal(size=(N, 2)), 3)
    X = np.ma.masked_array(X, mask=rng.random((N, 2)) < 0.1)
    X.data[X.mask] = 99999.0
    try:
        fitted = flow(**params).fit(X)
    except (ValueError, TypeError):
        return
    assert np.abs(fitted.sample(500, random_state=0)).max() < 100.0


def test_masked_cells_are_not_scored():
    X = np.random.default_rng(0).normal(size=(N, 2))
    fitted = flow().fit(X)
    masked = np.ma.masked_array(X, mask=np.zeros(X.shape, bool))
    masked[0, 0] = np.ma.masked
    with pytest.raises((ValueError, TypeError)):
        fitted.score_samples(masked)


def test_masked_arrays_without_a_masked_cell_are_arrays():
    X = np.random.default_rng(0).normal(size=(N, 2))
    masked = np.ma.masked_array(X, mask=np.zeros(X.shape, bool))
    assert np.array_equal(flow().fit(masked).score_samples(masked), flow().fit(X).score_samples(X))


# ---- weights, and fits that go on

MIXED = {
    "count": Integer(0),
    "sales": Positive(atoms="low"),
    "angle": Periodic(0, 360),
    "size": Ordinal(["S", "M", "L"]),
}
SOME = ["real", "count", "sales", "angle", "town", "size"]


@pytest.mark.parametrize(
    "gaps, names",
    [
        (False, SOME),
        pytest.param(True, SOME),
        pytest.param(False, ["count", "town", "size"]),
        (True, ["real", "share", "score"]),
    ],
)
def test_a_weight_of_two_is_the_row_twice(gaps, names):
    X = (with_gaps(pandas_frame) if gaps else pandas_frame())[names]
    weight = np.random.default_rng(0).integers(0, 3, N)
    kinds = {name: kind for name, kind in (KINDS | MIXED).items() if name in names}
    params = {"columns": kinds, "missing": "observed", "batch_size": 10**6, "max_iter": 4, "alpha": 0.01}
    twice = X.loc[np.repeat(np.arange(N), weight)].reset_index(drop=True)
    one = flow(**params).fit(X, sample_weight=weight)
    other = flow(**params).fit(twice)
    assert one.score_samples(X) == pytest.approx(other.score_samples(X), rel=1e-9, abs=1e-9)
    assert one.columns_ == other.columns_
    unweighted = flow(**params).fit(X)
    assert not np.allclose(one.score_samples(X), unweighted.score_samples(X), atol=1e-6)


def test_a_fit_that_goes_on_is_one_fit():
    X = pandas_frame()[SOME]
    params = {"columns": MIXED, "batch_size": 64}
    whole = flow(**params, max_iter=5).fit(X)
    parts = flow(**params, max_iter=2, warm_start=True).fit(X)
    parts.set_params(max_iter=3).fit(X)
    assert parts.n_iter_ == 5
    assert np.array_equal(parts.parameters_, whole.parameters_)
    assert np.array_equal(parts.score_samples(X), whole.score_samples(X))


def test_partial_fits():
    X = pandas_frame()[SOME]
    stream = flow(columns=MIXED)
    for k in range(3):
        stream.partial_fit(X[80 * k : 80 * k + 80])
    assert stream.n_iter_ == 3 and np.isfinite(stream.score_samples(X)).all()
    before = stream.score_samples(X)
    with pytest.raises(ValueError, match="'count'"):
        stream.partial_fit(bad_table("count", 0.5)[SOME])
    assert np.array_equal(stream.score_samples(X), before)


@pytest.mark.parametrize("how", ["warm_start", "partial_fit"])
@pytest.mark.parametrize(
    "fitted, then",
    [
        (Real(), Bounded(-50, 50)),
        (Bounded(-50, 50), Real()),
        (Bounded(-50), Positive()),
        (Bounded(0, atoms="low"), Positive(atoms="low")),
        (Positive(), Positive(atoms="low")),
        (Integer(), Integer(0)),
        (Integer(), Real(rounded=1)),
        (Integer(0), Drop()),
        (Categorical([1, 2, 3]), Ordinal([1, 2, 3])),
        (Categorical([1, 2, 3]), Categorical([3, 2, 1])),
        pytest.param(Ordinal([1, 2, 3]), Ordinal([3, 2, 1])),
        pytest.param(Bounded(0, 5), Bounded(0, 6)),
        pytest.param(Periodic(0, 5), Periodic(0, 6)),
        pytest.param(Integer(0), Integer()),
        pytest.param(Positive(atoms="low"), Positive()),
        pytest.param(Real(rounded=1), Real()),
        pytest.param(Integer(0), None),
    ],
    ids=repr,
)
def test_kinds_may_not_change_while_a_fit_goes_on(how, fitted, then):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.integers(1, 4, 60), "b": rng.normal(size=60)})
    est = flow(columns={"a": fitted}, warm_start=True, max_iter=1).fit(X)
    est.set_params(columns={} if then is None else {"a": then})
    with pytest.raises(ValueError, match=r"'a' was .*Set warm_start=False"):
        est.partial_fit(X) if how == "partial_fit" else est.fit(X)
    est.set_params(columns={"a": fitted})
    (est.partial_fit if how == "partial_fit" else est.fit)(X)
    assert est.n_iter_ == 2


def test_other_settings_may_not_change_while_a_fit_goes_on():
    X = number_array()
    for change in ({"missing": "observed"}, {"columns": "auto"}, {"columns": Real()}):
        est = flow(warm_start=True).fit(X)
        with pytest.raises(ValueError, match=f"{next(iter(change))}.*Set warm_start=False"):
            est.set_params(**change).fit(X)
    open_levels = flow(columns={"town": Categorical()}, warm_start=True).fit(pandas_frame()[["real", "town"]])
    open_levels.fit(pandas_frame()[["real", "town"]])
    assert open_levels.n_iter_ == 6


# ---- columns that are dropped, and times


def test_dropped_columns_are_ignored():
    X = pandas_frame()[["real", "count", "town"]]
    more = X.assign(id=np.arange(N), note=["x"] * N, bad=np.inf, gone=np.nan)[
        ["id", "real", "bad", "note", "count", "town", "gone"]
    ]
    kinds = {"count": Integer(0)}
    drop = {("id", "note", "bad", "gone"): Drop()}
    plain, fitted = flow(columns=kinds).fit(X), flow(columns=kinds | drop).fit(more)
    assert np.array_equal(plain.score_samples(X), fitted.score_samples(more))
    other = more.assign(id="a", note=np.nan, bad=[[1]] * N)
    assert np.array_equal(fitted.score_samples(other), plain.score_samples(X))
    assert fitted.columns_["id"] == Drop() and "id" not in fitted.measure_
    S = fitted.sample(30, random_state=0)
    pd.testing.assert_frame_equal(S, plain.sample(30, random_state=0))
    assert fitted.transform(more).shape == (N, 3)
    assert len(fitted.get_feature_names_out()) == 3 == len(fitted.loc_)
    pd.testing.assert_frame_equal(
        fitted.inverse_transform(fitted.transform(more)), plain.inverse_transform(plain.transform(X))
    )
    with pytest.raises(ValueError, match="id"):
        fitted.score_samples(X)
    assert fitted.n_features_in_ == 7


def test_dropped_columns_of_arrays():
    X = number_array()[:, [0, 2, 5]]
    more = np.column_stack([np.full(N, np.inf), X[:, :2], np.full(N, np.nan), X[:, 2]])
    plain = flow(columns={1: Integer(0)}).fit(X)
    fitted = flow(columns={2: Integer(0), (0, 3): Drop()}).fit(more)
    assert np.array_equal(plain.score_samples(X), fitted.score_samples(more))
    assert np.array_equal(plain.sample(9, random_state=0), fitted.sample(9, random_state=0))


def test_dropped_columns_may_be_of_any_dtype():
    X = pd.DataFrame({"x": np.arange(50.0) % 7, "p": pd.period_range("2000", periods=50, freq="D")})
    assert flow(columns={"p": Drop()}).fit(X).columns_["p"] == Drop()


START = datetime(2024, 3, 1)


def times(n=N, **params):
    rng = np.random.default_rng(0)
    stamps = [START + timedelta(seconds=int(s)) for s in rng.normal(86400 * 30, 86400 * 5, n)]
    return pd.DataFrame({"t": pd.to_datetime(stamps), "x": rng.normal(size=n)})


@pytest.mark.parametrize(
    "dtype", ["datetime64[s]", "datetime64[ns]", "datetime64[us, UTC]", "datetime64[ms, Europe/Vienna]"]
)
def test_times_of_pandas(dtype, tmp_path):
    X = times()
    X["t"] = X["t"].astype(dtype) if "," not in dtype else X["t"].dt.tz_localize("UTC").astype(dtype)
    with pytest.raises(ValueError, match=r"'t' is a column of times: .*Datetime\(\)"):
        flow().fit(X)
    with pytest.raises(
        ValueError, match=r"'t' is a column of times, and Datetime\(\) is what columns says of it: Real"
    ):
        flow(columns={"t": Real()}).fit(X)
    fitted = flow(columns={"t": Datetime()}).fit(X)
    S = fitted.sample(400, random_state=0)
    assert S["t"].dtype == X["t"].dtype
    assert X["t"].quantile(0.2) < S["t"].median() < X["t"].quantile(0.8)
    back = fitted.inverse_transform(fitted.transform(X))
    assert (back["t"] - X["t"]).abs().max() <= pd.Timedelta("1s")
    seconds = (X["t"].dt.tz_convert(None) if "," in dtype else X["t"]).astype("datetime64[s]").astype("int64")
    plain = flow().fit(np.c_[seconds, X["x"]])
    assert fitted.score_samples(X) == pytest.approx(plain.score_samples(np.c_[seconds, X["x"]]), abs=1e-6)
    fitted.save(tmp_path / "model.flow")
    assert np.array_equal(nflows_np.load(tmp_path / "model.flow").score_samples(X), fitted.score_samples(X))


def test_times_of_polars():
    X = pl.from_pandas(times()).with_columns(
        pl.col("t").cast(pl.Date).alias("day"), (pl.col("t") - START).alias("since")
    )
    fitted = flow(columns={("t", "day", "since"): Datetime()}).fit(X)
    S = fitted.sample(50, random_state=0)
    assert S.schema == X.schema
    assert isinstance(S["day"][0], date)
    back = fitted.inverse_transform(fitted.transform(X))
    assert (back["day"] == X["day"]).all()


def test_left_out_times():
    X = times()
    X.loc[::5, "t"] = pd.NaT
    with pytest.raises(
        ValueError, match=r"'t' has 48 left-out cell\(s\) \(NaN\), in row 0, 5, 10, 15, 20, \.\.\."
    ):
        flow(columns={"t": Datetime()}).fit(X)
    fitted = flow(columns={"t": Datetime()}, missing="observed").fit(X)
    Y = fitted.impute(X, random_state=0)
    assert Y["t"].dtype == X["t"].dtype and Y["t"].notna().all()
    there = X["t"].notna()
    assert ((Y["t"] - X["t"])[there].abs() <= pd.Timedelta("1us")).all()
    assert START.replace(tzinfo=UTC).year == 2024


# ---- files that are made to do harm


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The manifest and the members of a file, its flow and its table."""
    X = with_gaps(categorical_frame)[["réel", "count", "share", "sales", "angle", "town", "size"]]
    kinds = {k: KINDS[k] for k in ("count", "share", "sales", "angle")}
    fitted = flow("linear", columns=kinds, missing="observed", max_iter=2).fit(X)
    path = tmp_path_factory.mktemp("good") / "model.flow"
    fitted.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(members.pop("model.json")), members, fitted, X


def written(path, manifest, members):
    for name, entry in manifest["arrays"].items():
        entry["sha256"] = sha256(members[f"arrays/{name}.npy"]).hexdigest()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(manifest))
        for name, content in members.items():
            archive.writestr(name, content)


def changed(good, tmp_path, change):
    manifest = json.loads(json.dumps(good[0]))
    change(manifest["document"]["fitted"])
    written(tmp_path / "bad.flow", manifest, good[1])
    return tmp_path / "bad.flow"


def test_a_file_written_anew_is_as_good(good, tmp_path):
    path = changed(good, tmp_path, lambda d: None)
    assert np.array_equal(nflows_np.load(path).score_samples(good[3]), good[2].score_samples(good[3]))


def set_in(*keys_and_value):
    *keys, value = keys_and_value

    def change(d):
        at = d["table"]
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    return change


def drop_from(*keys):
    def change(d):
        at = d["table"]
        for key in keys[:-1]:
            at = at[key]
        del at[keys[-1]]

    return change


def swap_kinds(i, j):
    def change(d):
        kinds = d["table"]["kinds"]
        kinds[i], kinds[j] = kinds[j], kinds[i]

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(table=None), lambda d: d.update(table=[]), lambda d: d.update(table={}),
        lambda d: d.pop("table"), lambda d: d["table"].update(x=1), pytest.param(
            lambda d: d.pop("pattern")
        ),
        lambda d: d.update(pattern={"name": "flow"}), lambda d: d.update(pattern=d["flow"]),
        drop_from("frame"), drop_from("kinds"), drop_from("gaps"), drop_from("kinds", 0), drop_from("gaps", 0),
        set_in("kinds", None), set_in("kinds", {}), set_in("kinds", 0, None), set_in("kinds", 0, "real"),
        set_in("kinds", 0, "kind", "drop"), set_in("kinds", 0, "kind", "Real"), set_in("kinds", 0, "x", 1),
        set_in("kinds", 1, "low", "x"), set_in("kinds", 1, "low", 0.5), set_in("kinds", 1, "low", 10**400),
        set_in("kinds", 2, "low", 3), set_in("kinds", 2, "low", {}), set_in("kinds", 3, "atoms", "high"),
        set_in("kinds", 4, "high", None), set_in("kinds", 4, "high", -1), set_in("kinds", 5, "levels", None),
        set_in("kinds", 5, "levels", []), set_in("kinds", 5, "levels", "ab"), set_in("kinds", 5, "levels", [[1]] * 3),
        set_in("kinds", 6, "levels", ["S", "S", "M"]), set_in("gaps", 0, 1), set_in("gaps", 0, None),
        set_in("gaps", 0, False), set_in("gaps", [True]), set_in("frame", None), set_in("frame", "container", "list"),
        set_in("frame", "container", "polars"), set_in("frame", "container", "array"), set_in("frame", "names", "abc"),
        set_in("frame", "names", ["a"]), set_in("frame", "dtypes", None), set_in("frame", "dtypes", 0, 5),
        set_in("frame", "dtypes", 0, "float65"), set_in("frame", "dtypes", 0, "__import__('os')"),
        set_in("frame", "dtypes", 5, 'category {"categories": [[]], "of": "object", "ordered": false}'),
        set_in("frame", "dtypes", 0, "datetime64[s, ../../etc/passwd]"), drop_from("frame", "dtypes", 0),
        lambda d: d["feature_names"].pop(), lambda d: d.update(feature_names=["a"] * 8),
    ],
)  # fmt: skip
def test_hostile_tables_are_refused(good, tmp_path, change):
    with pytest.raises(ModelFileError):
        nflows_np.load(changed(good, tmp_path, change))


def more_levels(j, n):
    def change(d):
        d["table"]["kinds"][j]["levels"] = [f"l{i}" for i in range(n)]
        d["table"]["frame"]["dtypes"][j] = "object"

    return change


@pytest.mark.parametrize(
    "change",
    [
        more_levels(5, 2), more_levels(5, 4), more_levels(5, 5000), more_levels(6, 2), more_levels(6, 4),
        swap_kinds(0, 1), swap_kinds(0, 2), swap_kinds(0, 3), swap_kinds(0, 4), swap_kinds(1, 2), swap_kinds(3, 4),
        set_in("kinds", 0, {"kind": "integer"}), set_in("kinds", 1, {"kind": "real"}),
        set_in("kinds", 1, {"kind": "integer", "low": 2}), set_in("kinds", 2, {"kind": "bounded", "low": 0, "high": 2}),
        set_in("kinds", 3, {"kind": "positive"}), set_in("kinds", 4, {"kind": "periodic", "low": 0, "high": 180}),
        set_in("kinds", 5, {"kind": "real"}), set_in("kinds", 5, {"kind": "ordinal", "levels": ["a", "b", "c"]}),
        set_in("kinds", 5, {"kind": "datetime"}), set_in("kinds", 0, {"kind": "datetime"}),
        set_in("kinds", 0, {"kind": "categorical", "levels": ["a", "b"]}),
        set_in("kinds", 5, "levels", ["a", "b", "c"]), set_in("frame", "dtypes", 5, "float64"),
        set_in("frame", "dtypes", 0, "bool"), set_in("frame", "dtypes", 0, "datetime64[s]"),
        set_in("frame", "dtypes", 2, "int64"), set_in("frame", "names", list("abcdefg")),
    ],
)  # fmt: skip
def test_tables_at_odds_with_the_flow_are_refused(good, tmp_path, change):
    """Kinds that are not those of the flow's columns, names and dtypes that are not those of the kinds."""
    with pytest.raises(ModelFileError):
        nflows_np.load(changed(good, tmp_path, change))

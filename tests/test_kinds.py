"""Kinds of columns: what they refuse, that they are plain values, and that an estimator can be searched over them."""

import dataclasses
import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV

from nflows_np import FlowDensity
from nflows_np._limits import MAX_LEVELS
from nflows_np.columns.kinds import (
    KINDS,
    Bounded,
    Categorical,
    Datetime,
    Drop,
    Integer,
    Ordinal,
    Periodic,
    Positive,
    Real,
    kind_from_dict,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning"),
]


SOME = [
    (Real(), "length"),
    (Real(rounded=0.25), "count"),
    (Bounded(0, 1), "length"),
    (Bounded(0), "length"),
    (Bounded(-2.5, 3, atoms="low"), "atom + length"),
    (Bounded(0, 1, atoms="both"), "atom + length"),
    (Bounded(0, 100, rounded=5), "count"),
    (Positive(), "length"),
    (Positive(atoms="low"), "atom + length"),
    (Positive(rounded=0.5), "count"),
    (Periodic(-180, 180.0), "length"),
    (Integer(), "count"),
    (Integer(0), "count"),
    (Integer(-3, 7), "count"),
    (Integer(4, 4), "count"),
    (Ordinal(["low", "mid", "high"]), "count"),
    (Ordinal([3, 1, 2.5]), "count"),
    (Categorical(), "count"),
    (Categorical(["a", "b"]), "count"),
    (Categorical([True, False]), "count"),
    (Categorical(["only"]), "count"),
    (Datetime(), "length"),
    (Drop(), "length"),
]
every_kind = pytest.mark.parametrize("kind", [k for k, _ in SOME], ids=repr)
no_lower_end = [Bounded(None, 1), Bounded(high=2.5, atoms="high"), Integer(None, 5), Integer(high=-1)]


# ---- values


@pytest.mark.parametrize("kind, measure", SOME, ids=lambda v: v if isinstance(v, str) else repr(v))
def test_measure(kind, measure):
    assert kind.measure == measure


@every_kind
def test_repr_makes_the_kind_again(kind):
    assert eval(repr(kind)) == kind
    assert repr(eval(repr(kind))) == repr(kind)


@pytest.mark.parametrize("kind", no_lower_end, ids=lambda k: str(k.to_dict()))
def test_repr_makes_a_kind_without_a_lower_end_again(kind):
    assert eval(repr(kind)) == kind


@every_kind
def test_json_makes_the_kind_again(kind):
    text = json.dumps(kind.to_dict(), allow_nan=False)
    assert kind_from_dict(json.loads(text)) == kind
    assert type(kind_from_dict(json.loads(text))) is type(kind)


@every_kind
def test_pickles_and_clones(kind):
    assert pickle.loads(pickle.dumps(kind)) == kind
    flow = FlowDensity(columns={"a": kind, (1, -1): kind})
    assert clone(flow).columns == flow.columns == clone(clone(flow)).columns


@every_kind
def test_is_frozen_and_hashable(kind):
    assert hash(kind) == hash(kind_from_dict(kind.to_dict()))
    assert kind in {kind: 0}
    for name in ("low", "levels", "rounded", "anything"):
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError)):
            setattr(kind, name, 1)


def test_equal_kinds_and_others():
    assert Bounded(0, 1) == Bounded(0.0, 1.0) and hash(Bounded(0, 1)) == hash(Bounded(0.0, 1.0))
    assert Categorical(("a", "b")) == Categorical(np.array(["a", "b"])) == Categorical(pd.Index(["a", "b"]))
    assert Ordinal(["a", "b"]) != Ordinal(["b", "a"])
    assert Bounded(0) != Positive() and Integer() != Real(rounded=1) and Real() != Drop()
    kinds = [k for k, _ in SOME]
    assert len(set(kinds)) == len(kinds)
    for i, one in enumerate(kinds):
        assert [j for j, other in enumerate(kinds) if one == other] == [i]


@pytest.mark.parametrize("number", [np.float64(0.5), np.float32(0.5), np.int64(2), np.int8(2)], ids=repr)
def test_numbers_of_numpy_are_numbers(number):
    for kind in (
        Bounded(number, 7),
        Bounded(-1, number),
        Periodic(-1, number),
        Bounded(number, 7, atoms="low"),
    ):
        assert eval(repr(kind)) == kind
        assert kind_from_dict(json.loads(json.dumps(kind.to_dict()))) == kind


@pytest.mark.parametrize("number", [np.float32(0.5), np.int64(2)], ids=repr)
@pytest.mark.parametrize("make", [Real, Positive, lambda rounded: Bounded(0, 4, rounded=rounded)])
def test_steps_of_numpy_are_numbers(make, number):
    kind = make(rounded=number)
    assert eval(repr(kind)) == kind
    assert kind_from_dict(json.loads(json.dumps(kind.to_dict()))) == kind


def test_levels_of_numpy_are_plain():
    kind = Categorical([np.str_("a"), np.int64(3), np.float64(0.5), np.bool_(False)])
    assert [type(v) for v in kind.levels] == [str, int, float, bool]
    assert eval(repr(kind)) == kind


# ---- what is refused

NO_NUMBER = [
    float("nan"),
    float("inf"),
    -float("inf"),
    "1",
    True,
    [1],
    1j,
    {},
    np.bool_(True),
    np.array([1.0, 2.0]),
]


@pytest.mark.parametrize("value", NO_NUMBER, ids=repr)
@pytest.mark.parametrize(
    "make, field",
    [
        (lambda v: Bounded(v, 9), "low"),
        (lambda v: Bounded(-9, v), "high"),
        (lambda v: Bounded(v, 9, atoms="high"), "low"),
        (lambda v: Periodic(v, 9), "low"),
        (lambda v: Periodic(-9, v), "high"),
        (lambda v: Integer(v), "low"),
        (lambda v: Integer(-9, v), "high"),
        (lambda v: Real(rounded=v), "rounded"),
        (lambda v: Bounded(0, 9, rounded=v), "rounded"),
        (lambda v: Positive(rounded=v), "rounded"),
    ],
)
def test_what_is_no_number_is_refused(make, field, value):
    with pytest.raises(ValueError) as caught:
        make(value)
    said = str(caught.value)
    assert f": {field} must be a finite number or None; got " in said and "\n" not in said
    assert said.endswith(f"{value!r:.20}."[-3:])


@pytest.mark.parametrize(
    "make",
    [lambda v: Bounded(0, v), lambda v: Periodic(0, v), lambda v: Integer(v), lambda v: Real(rounded=v)],
)
def test_integers_beyond_float64_are_refused(make):
    with pytest.raises(ValueError, match="finite"):
        make(10**400)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Bounded(1, 1), "Bounded: low must be less than high; got 1 and 1"),
        (lambda: Bounded(2, 1), "Bounded: low must be less than high; got 2 and 1"),
        (lambda: Bounded(), r"Bounded: low or high must be given; .*Real\(\)"),
        (lambda: Bounded(None, None), "Bounded: low or high must be given"),
        (lambda: Bounded(0, atoms="both"), "Bounded: atoms='both' are at bounds, and one of them is not given"),
        (lambda: Bounded(0, atoms="high"), "Bounded: atoms='high' are at bounds"),
        (lambda: Bounded(None, 1, atoms="low"), "Bounded: atoms='low' are at bounds"),
        (lambda: Bounded(0, 1, atoms="all"), r"Bounded: atoms must be one of \['low', 'high', 'both'\].*'all'"),
        (lambda: Bounded(0, 1, atoms=True), "Bounded: atoms must be one of .*True"),
        (lambda: Bounded(0, 1, atoms=["low"]), r"Bounded: atoms must be one of .*\['low'\]"),
        (lambda: Bounded(0, 1, atoms="low", rounded=0.1), "Bounded: rounded numbers have cells .*atoms='low'"),
        (lambda: Positive(atoms="high"), "Positive: atoms='high' are at bounds"),
        (lambda: Positive(atoms="both"), "Positive: atoms='both' are at bounds"),
        (lambda: Positive(atoms="zero"), "Positive: atoms must be one of .*'zero'"),
        (lambda: Positive(atoms="low", rounded=1), "Positive: rounded numbers have cells"),
        (lambda: Real(rounded=0), "Real: rounded must be positive; got 0"),
        (lambda: Positive(rounded=-0.5), "Positive: rounded must be positive; got -0.5"),
        (lambda: Bounded(0, 1, rounded=0.0), "Bounded: rounded must be positive; got 0.0"),
        (lambda: Periodic(1, 1), "Periodic: low must be less than high; got 1 and 1"),
        (lambda: Periodic(360, 0), "Periodic: low must be less than high; got 360 and 0"),
        (lambda: Periodic(None, 1), "Periodic: low and high must be numbers; got None and 1"),
        (lambda: Integer(0.5), "Integer: low must be a whole number or None; got 0.5"),
        (lambda: Integer(0, 7.25), "Integer: high must be a whole number or None; got 7.25"),
        (lambda: Integer(2, 1), "Integer: low must be at most high; got 2 and 1"),
        (lambda: Ordinal(), r"Ordinal: levels must be from 1 to \d+ distinct values; got \(\)"),
        (lambda: Ordinal(None), "Ordinal: levels must be a list of values; got None"),
        (lambda: Ordinal("abc"), "Ordinal: levels must be a list of values; got 'abc'"),
        (lambda: Categorical(b"abc"), "Categorical: levels must be a list of values; got b'abc'"),
        (lambda: Categorical({"a", "b"}), "Categorical: levels must be a list of values; got {"),
        (lambda: Categorical(3), "Categorical: levels must be a list of values; got 3"),
        (lambda: Categorical([]), r"Categorical: levels must be from 1 to \d+ distinct values; got \(\)"),
        (lambda: Categorical(["a", "a"]), r"distinct values; got \('a', 'a'\)"),
        (lambda: Categorical([1, True]), "distinct values; got"),
        (lambda: Categorical([0, False, 2]), "distinct values; got"),
        (lambda: Categorical([1, 1.0]), "distinct values; got"),
        (lambda: Categorical(["a", None]), "levels must be texts, numbers or booleans; got None"),
        (lambda: Ordinal([1.0, float("nan")]), "levels must be texts, numbers or booleans; got nan"),
        (lambda: Categorical([["a"], "b"]), r"levels must be texts, numbers or booleans; got \['a'\]"),
        (lambda: Categorical([[1, 2], [3, 4]]), "levels must be texts, numbers or booleans"),
        (lambda: Categorical(np.eye(2)), "levels must be texts, numbers or booleans"),
        (lambda: Categorical([1j]), "levels must be texts, numbers or booleans; got 1j"),
        (lambda: Categorical(range(MAX_LEVELS + 1)), f"levels must be from 1 to {MAX_LEVELS} distinct"),
    ],
)  # fmt: skip
def test_bad_options_are_refused_by_name_and_value(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert len(str(caught.value)) < 400


def test_options_that_are_names_are_given_by_name():
    for make in (lambda: Real(0.1), lambda: Bounded(0, 1, "low"), lambda: Positive("low"), lambda: Drop(1)):
        with pytest.raises(TypeError):
            make()


# ---- JSON that is made to do harm


@pytest.mark.parametrize(
    "d",
    [
        None, [], {}, "real", 3, {"kind": None}, {"kind": []}, {"kind": "Real"}, {"kind": "kind"}, {"kind": {}},
        {"kind": "real", "step": 1}, {"kind": "real", "levels": ["a"]}, {"kind": "real", "__class__": "x"},
        {"kind": "real", "rounded": "x"}, {"kind": "real", "rounded": -1}, {"kind": "real", "rounded": [1]},
        {"kind": "real", "_": 1}, {"kind": "drop", "x": 1}, {"kind": "datetime", "low": 0},
        {"kind": "periodic"}, {"kind": "periodic", "low": 0}, {"kind": "periodic", "low": 1, "high": 0},
        {"kind": "periodic", "low": None, "high": None}, {"kind": "bounded"}, {"kind": "bounded", "low": {}},
        {"kind": "bounded", "low": 0, "high": 1, "atoms": ["low"]}, {"kind": "bounded", "low": 0, "atoms": {}},
        {"kind": "positive", "low": 1}, {"kind": "positive", "atoms": "high"}, {"kind": "integer", "low": 0.5},
        {"kind": "integer", "low": 3, "high": 1}, {"kind": "integer", "low": True},
        {"kind": "categorical", "levels": "ab"}, {"kind": "categorical", "levels": {}},
        {"kind": "categorical", "levels": [[1]]}, {"kind": "categorical", "levels": [None]},
        {"kind": "categorical", "levels": [float("nan")]}, {"kind": "categorical", "levels": ["a", "a"]},
        {"kind": "ordinal"}, {"kind": "ordinal", "levels": []}, {"kind": "ordinal", "levels": None},
        {"kind": "bounded", "low": float("nan"), "high": 1}, {"kind": "bounded", "low": 0, "high": float("inf")},
    ],
    ids=str,
)  # fmt: skip
def test_hostile_json_is_refused(d):
    with pytest.raises(ValueError) as caught:
        kind_from_dict(d)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "d",
    [
        {"kind": "integer", "low": 10**400},
        {"kind": "bounded", "low": 0, "high": 10**400},
        {"kind": "real", "rounded": 10**400},
    ],
    ids=lambda d: d["kind"],
)
def test_json_with_numbers_beyond_float64_is_refused(d):
    with pytest.raises(ValueError):
        kind_from_dict(d)


def test_messages_stay_short():
    with pytest.raises(ValueError) as caught:
        kind_from_dict({"kind": "x" * 10**6, "levels": ["y"] * 10**5})
    assert len(str(caught.value)) < 1000
    with pytest.raises(ValueError) as caught:
        Bounded("x" * 10**6, 1)
    assert len(str(caught.value)) < 1000


def test_every_name_has_its_class():
    assert {type(k) for k, _ in SOME} == set(KINDS.values())
    assert all(kind.to_dict()["kind"] == kind.name for kind, _ in SOME)


# ---- in estimators


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    n = 160
    df = pd.DataFrame({"x": rng.gamma(2.0, size=n), "n": rng.poisson(2.0, n), "c": rng.choice(["u", "v"], n)})
    df.loc[rng.random(n) < 0.1, "x"] = np.nan
    return df


def test_grid_search_over_columns(frame):
    whole = frame.dropna()
    grid = {"columns": ["from_dtype", {"n": Integer(0)}, {"n": Integer(0), "x": Positive()}]}
    flow = FlowDensity("linear", max_iter=3, early_stopping=False, random_state=0)
    search = GridSearchCV(flow, grid, cv=2, error_score="raise").fit(whole)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all() and len(set(scores)) == 3
    assert search.best_params_["columns"] in grid["columns"]
    assert search.best_estimator_.columns_["c"] == Categorical(["u", "v"])


def test_grid_search_over_missing(frame):
    flow = FlowDensity("linear", max_iter=2, early_stopping=False, random_state=0)
    grid = {"missing": ["error", "observed"]}
    search = GridSearchCV(flow, grid, cv=2, error_score=-1e9, refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        search.fit(frame)
    scores = dict(zip(grid["missing"], search.cv_results_["mean_test_score"], strict=True))
    assert scores["error"] == -1e9 and -1e3 < scores["observed"] < 1e3
    search = GridSearchCV(flow, grid, cv=2, error_score="raise").fit(frame.dropna())
    assert search.best_params_["missing"] in grid["missing"]


@pytest.mark.parametrize("value", [3, ["from_dtype"], "dtype", None, Real, Integer], ids=repr)
def test_what_is_no_columns_is_refused(value):
    with pytest.raises(ValueError, match="columns"):
        FlowDensity(columns=value).fit(np.zeros((20, 2)))


@pytest.mark.parametrize("name, value", [("missing", "drop"), ("missing", None), ("handle_unknown", "use")])
def test_other_parameters_are_refused(name, value):
    with pytest.raises(ValueError, match=f"'{name}'.*{value!r}"):
        FlowDensity(**{name: value}).fit(np.random.default_rng(0).normal(size=(20, 2)))


def test_an_estimator_with_kinds_shows_them():
    flow = FlowDensity(columns={"a": Bounded(0, 1, atoms="low"), "b": Categorical(["u", "v"])})
    text = "".join(repr(flow).split())
    assert "Bounded(0,1,atoms='low')" in text and "Categorical(['u','v'])" in text

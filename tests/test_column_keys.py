"""Keys of a mapping of columns: names, positions, tuples and selectors, and what is refused by its name."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_selector

import nflows_np
from nflows_np import FlowDensity
from nflows_np.columns.keys import kinds_by_position
from nflows_np.columns.kinds import Bounded, Categorical, Drop, Integer, Periodic, Positive, Real

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning"),
]


N = 60


def shown(value):
    """A name of a parameter, the same in every process: selectors show their address."""
    return re.sub(r"<\S+ object at \w+>", "selector", str(value))


rng = np.random.default_rng(0)
DATA = {
    "price": rng.gamma(2.0, size=N),
    "angle": rng.uniform(0.0, 360.0, N),
    "cars": rng.poisson(1.0, N),
    "town": rng.choice(["Bonn", "Graz"], N),
}
PANDAS = pd.DataFrame(DATA)
POLARS = pl.DataFrame(DATA)
ARRAY = np.column_stack([DATA[name] for name in ("price", "angle", "cars")])
NAMES = list(DATA)


def fitted(columns, X):
    return FlowDensity("linear", columns=columns, max_iter=1, early_stopping=False, random_state=0).fit(X)


def kinds(columns, X):
    """The kinds of the columns, in the order of the table."""
    return list(fitted(columns, X).columns_.values())


EXPECTED = [Positive(), Periodic(0, 360), Integer(0)]


@pytest.mark.parametrize(
    "columns",
    [
        {"price": Positive(), "angle": Periodic(0, 360), "cars": Integer(0)},
        {"cars": Integer(0), "angle": Periodic(0, 360), "price": Positive()},
        {0: Positive(), 1: Periodic(0, 360), 2: Integer(0)},
        {-4: Positive(), -3: Periodic(0, 360), -2: Integer(0)},
        {np.int64(0): Positive(), np.int8(-3): Periodic(0, 360), "cars": Integer(0)},
        {("price",): Positive(), (1,): Periodic(0, 360), ((2,),): Integer(0)},
    ],
    ids=["names", "another order", "positions", "negative", "numpy", "tuples"],
)
@pytest.mark.parametrize("X", [PANDAS, POLARS], ids=["pandas", "polars"])
def test_keys_of_frames(columns, X):
    assert kinds(columns, X) == [*EXPECTED, Categorical(["Bonn", "Graz"])]
    assert list(fitted(columns, X).columns_) == NAMES


@pytest.mark.parametrize(
    "columns",
    [
        {0: Positive(), 1: Periodic(0, 360), 2: Integer(0)},
        {-3: Positive(), -2: Periodic(0, 360), -1: Integer(0)},
        {(-3,): Positive(), 1: Periodic(0, 360), np.uint8(2): Integer(0)},
    ],
)
def test_keys_of_arrays(columns):
    assert kinds(columns, ARRAY) == EXPECTED
    assert kinds(columns, ARRAY.tolist()) == EXPECTED
    assert list(fitted(columns, ARRAY).columns_) == [0, 1, 2]


def test_a_tuple_is_each_of_its_columns():
    assert kinds({("price", -3): Bounded(-1), 2: Drop()}, PANDAS) == [
        Bounded(-1), Bounded(-1), Drop(), Categorical(["Bonn", "Graz"])
    ]  # fmt: skip


def test_one_kind_is_for_all_columns():
    assert kinds(Bounded(-1), ARRAY) == [Bounded(-1)] * 3
    assert kinds(Bounded(-1), PANDAS[["price", "cars"]]) == [Bounded(-1)] * 2


def test_columns_without_a_key_are_what_their_dtype_says():
    assert kinds({"cars": Integer()}, PANDAS) == [Real(), Real(), Integer(), Categorical(["Bonn", "Graz"])]
    assert kinds({}, PANDAS) == kinds("from_dtype", PANDAS)
    assert kinds({}, ARRAY) == [Real()] * 3


def test_names_that_are_no_strings_are_positions():
    X = PANDAS[["price", "angle"]].set_axis([10, 0], axis=1)
    flow = fitted({0: Positive()}, X)
    assert flow.columns_ == {0: Positive(), 1: Real()}
    with pytest.raises(ValueError, match="columns: 10 is no position among 2 columns"):
        fitted({10: Positive()}, X)


def test_selectors():
    columns = {
        make_column_selector(dtype_exclude=np.number): Categorical(),
        make_column_selector("^c"): Integer(0),
        make_column_selector(dtype_include=np.floating): Bounded(-1),
    }
    assert kinds(columns, PANDAS) == [Bounded(-1), Bounded(-1), Integer(0), Categorical(["Bonn", "Graz"])]
    assert kinds({lambda X: ["price", 2]: Bounded(-1)}, POLARS)[::2] == [Bounded(-1), Bounded(-1)]
    assert kinds({(make_column_selector("^a"), "cars"): Bounded(-1)}, PANDAS)[1:3] == [Bounded(-1)] * 2
    assert kinds({make_column_selector("nothing"): Drop()}, PANDAS)[:3] == [Real()] * 3


@pytest.mark.parametrize(
    "X, columns, message",
    [
        (
            PANDAS,
            {"colour": Real()},
            r"columns: 'colour' is none of the table's columns, \['price', 'angle', .*",
        ),
        (PANDAS, {"": Real()}, "columns: '' is none of the table's columns"),
        (POLARS, {("price", "Price"): Real()}, "columns: 'Price' is none of the table's columns"),
        (PANDAS, {4: Real()}, "columns: 4 is no position among 4 columns"),
        (PANDAS, {-5: Real()}, "columns: -5 is no position among 4 columns"),
        (ARRAY, {3: Real()}, "columns: 3 is no position among 3 columns"),
        (ARRAY, {"price": Real()}, "columns: 'price' is a name, and the table's columns have none"),
        (ARRAY, {(0, "price"): Real()}, "columns: 'price' is a name, and the table's columns have none"),
        (ARRAY, {make_column_selector("a"): Real()}, "columns: a selector chooses columns of a frame"),
        (PANDAS, {"price": Real(), 0: Positive()}, "columns: 'price' is claimed by two keys, 'price' and 0"),
        (PANDAS, {"town": Drop(), -1: Drop()}, "columns: 'town' is claimed by two keys, 'town' and -1"),
        (
            PANDAS,
            {make_column_selector("e$"): Real(), "price": Real()},
            "'price' is claimed by two keys, .* 'price'",
        ),
        (ARRAY, {0: Real(), (1, -3): Real()}, r"columns: column 0 is claimed by two keys, 0 and \(1, -3\)"),
        (ARRAY, {(1, 1): Real()}, r"columns: column 1 is claimed by two keys, \(1, 1\) and \(1, 1\)"),
        (PANDAS, {"price": Positive}, r"columns: 'price' must have a kind of .*Positive.*write Positive\(\)"),
        (
            PANDAS,
            {"price": "positive"},
            "columns: 'price' must have a kind of nflows_np.columns; got 'positive'",
        ),
        (PANDAS, {"price": None}, "columns: 'price' must have a kind of nflows_np.columns; got None"),
        (PANDAS, {("price", 1): float}, r"columns: \('price', 1\) must have a kind of .*float"),
        (PANDAS, {1.0: Real()}, "columns: keys are names, positions, tuples .*got 1.0"),
        (PANDAS, {True: Real()}, "columns: keys are names, positions, tuples .*got True"),
        (PANDAS, {None: Real()}, "columns: keys are names, positions, tuples .*got None"),
        (PANDAS, {frozenset(["price"]): Real()}, r"columns: keys are names, .*got frozenset\(\{'price'\}\)"),
        (PANDAS, {("price", (1, 2.5)): Real()}, "columns: keys are names, .*got 2.5"),
        (PANDAS, {b"price": Real()}, "columns: keys are names, .*got b'price'"),
    ],
    ids=shown,
)
def test_keys_that_stand_for_nothing_are_refused_by_name(X, columns, message):
    with pytest.raises(ValueError, match=message) as caught:
        fitted(columns, X)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("columns", [Positive, Integer, [Positive()], (Real(),), "positive"], ids=repr)
def test_what_is_neither_kind_nor_mapping_is_refused(columns):
    shown = getattr(columns, "__name__", None) or repr(columns)
    with pytest.raises(ValueError, match=f"columns.*{re.escape(shown)}"):
        fitted(columns, ARRAY)


def test_a_class_for_all_columns_is_refused_with_a_hint():
    with pytest.raises(ValueError, match=r"write Positive\(\)"):
        fitted(Positive, ARRAY)


# ---- duplicate names


def test_a_name_of_two_columns_is_refused():
    X = PANDAS[["price", "angle", "cars"]].set_axis(["a", "b", "a"], axis=1)
    names = list(X.columns)
    with pytest.raises(ValueError, match="columns: 'a' is the name of 2 columns: give their positions"):
        kinds_by_position({"a": Real()}, X, names, 3)
    assert kinds_by_position({0: Positive(), 2: Integer(0)}, X, names, 3) == [Positive(), None, Integer(0)]
    for columns in ({"a": Real()}, {"b": Real()}, "from_dtype"):  # scikit-learn refuses such frames itself
        with pytest.raises(ValueError, match="'a'"):
            fitted(columns, X)


# ---- an estimator that is saved


@pytest.mark.parametrize(
    "key", ["price", 0, -4, np.int64(0), ("price", 1), (0, -3), make_column_selector("^p")], ids=shown
)
def test_a_file_has_the_kinds_of_all_columns_by_name(key, tmp_path):
    """Whatever the keys were: selectors have no place in a file."""
    flow = fitted({key: Bounded(-1)}, PANDAS)
    flow.save(tmp_path / "model.flow")
    loaded = nflows_np.load(tmp_path / "model.flow")
    assert loaded.columns == loaded.columns_ == flow.columns_
    loaded.fit(PANDAS)
    assert loaded.columns_ == flow.columns_


def test_a_file_has_the_kinds_of_an_array_by_position(tmp_path):
    flow = fitted({-1: Integer(0), (0,): Positive()}, ARRAY)
    flow.save(tmp_path / "model.flow")
    assert nflows_np.load(tmp_path / "model.flow").columns == {0: Positive(), 1: Real(), 2: Integer(0)}

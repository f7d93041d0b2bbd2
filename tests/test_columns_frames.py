"""Tables of every kind: what their columns are read as, and that they are made again."""

import datetime
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nflows_np.columns.frames import Frame, column_of, is_frame

NAN, HOUR = float("nan"), 3600.0
STAMPS = ["2021-03-28 00:30:00.123456", "1969-12-31 23:59:59.5", "2300-01-01"]
SECONDS = [1616891400.123456, -0.5, 10413792000.0]


def arrow(make):
    pa = pytest.importorskip("pyarrow")
    return pd.ArrowDtype(make(pa))


def built(frame, columns):
    """Through JSON as text, as a file holds it."""
    return Frame.from_json(json.loads(json.dumps(frame.to_json()))).build(columns)


def round_trip(X):
    columns = [column_of(X, j).values for j in range(X.shape[1])]
    return built(Frame.of(X), columns)


def numbers(values):
    """Numbers with their missing cells, comparable."""
    return [None if v is None or v != v else float(v) for v in values.tolist()]


INTEGERS = ["int8", "uint8", "int32", "int64", "uint64", "Int8", "UInt16", "Int64", "UInt64"]
FLOATS = ["float16", "float32", "float64", "longdouble", "Float32", "Float64"]


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_pandas_numbers(dtype):
    cells = [1.0, 2.0] if dtype in INTEGERS else [1.5, 2.0]
    X = pd.DataFrame({"a": pd.Series(cells).astype(dtype)})
    column = column_of(X, 0)
    assert column.kind == "number" and column.levels is None and not column.ordered
    assert column.is_integer == (dtype in INTEGERS)
    assert numbers(column.values) == cells
    pd.testing.assert_frame_equal(round_trip(X), X)

    missing = built(Frame.of(X), [np.array([NAN, 2.0])])
    plain_integers = dtype in INTEGERS and dtype.islower()
    assert missing["a"].dtype == (np.float64 if plain_integers else X["a"].dtype)
    assert missing["a"].isna().tolist() == [True, False] and missing["a"][1] == 2.0
    assert numbers(column_of(missing, 0).values) == [None, 2.0]
    pd.testing.assert_frame_equal(round_trip(missing), missing)


@pytest.mark.parametrize("dtype", ["int16", "int64", "float32", "float64"])
def test_plain_columns_are_not_copied(dtype):
    values = np.arange(5, dtype=dtype)
    X = pd.DataFrame({"a": values}, copy=False)
    column = column_of(X, 0)
    assert column.values.dtype == dtype and np.shares_memory(column.values, X["a"].to_numpy())
    A = np.arange(6, dtype=dtype).reshape(3, 2)
    assert np.shares_memory(column_of(A, 1).values, A)


def test_floats_that_miss_cells_are_float64():
    assert column_of(pd.DataFrame({"a": np.array([1, NAN], "f4")}), 0).values.dtype == np.float64
    assert column_of(np.array([[1], [2]], ">i4"), 0).values.dtype == np.float64


@pytest.mark.parametrize("name", ["int8", "uint32", "int64", "float16", "float32", "float64"])
def test_arrow_numbers(name):
    dtype = arrow(lambda pa: getattr(pa, name)())
    X = pd.DataFrame({"a": pd.Series([1, None, 3], dtype=dtype)})
    X = pd.concat([X, X], ignore_index=True)  # chunks
    column = column_of(X, 0)
    assert numbers(column.values) == [1.0, None, 3.0] * 2 and column.kind == "number"
    assert column.is_integer == ("int" in str(dtype))
    pd.testing.assert_frame_equal(round_trip(X), X)


CATEGORIES = [
    (["b", None, "a"], object, None, False),
    (["b", None, "a"], "string", None, False),
    (["b", None, "a"], "str", None, False),
    ([True, None, False], "boolean", None, False),
    ([True, None, False], object, None, False),
    (["b", None, "a"], pd.CategoricalDtype(["c", "b", "a"]), ("c", "b", "a"), False),
    (
        ["b", None, "a"],
        pd.CategoricalDtype(pd.Index(["c", "b", "a"], dtype=object), True),
        ("c", "b", "a"),
        True,
    ),
    (["b", None, "a"], pd.CategoricalDtype(pd.Index(["b", "a"], dtype="string")), ("b", "a"), False),
    ([2, None, 1], pd.CategoricalDtype([2, 3, 1], ordered=True), (2, 3, 1), True),
    ([2, None, 1], pd.CategoricalDtype(np.array([2, 1], "int8")), (2, 1), False),
    ([2.5, None, 1.0], pd.CategoricalDtype([1.0, 2.5]), (1.0, 2.5), False),
    ([0.5, None, 1.0], pd.CategoricalDtype(np.array([1.0, 0.5], "f4")), (1.0, 0.5), False),
    ([True, None, False], pd.CategoricalDtype([False, True]), (False, True), False),
    (
        ["x", None, 1],
        pd.CategoricalDtype(pd.Index(["x", 1, 2.5], dtype=object)),
        ("x", 1, 2.5),
        False,
    ),
    ([None, None, None], pd.CategoricalDtype(["a"]), ("a",), False),
]


@pytest.mark.parametrize("cells, dtype, levels, ordered", CATEGORIES, ids=lambda v: str(v)[:40])
def test_pandas_categories(cells, dtype, levels, ordered):
    if dtype == "str" and pd.__version__ < "3":
        pytest.skip("a dtype of pandas 3")
    X = pd.DataFrame({"a": pd.Series(cells, dtype=dtype)})
    column = column_of(X, 0)
    assert column.kind == "category" and column.values.dtype == object and not column.is_integer
    assert column.values.tolist() == cells
    assert [type(v) for v in column.values] == [type(v) for v in cells]
    assert (column.levels, column.ordered) == (levels, ordered)
    again = round_trip(X)
    pd.testing.assert_frame_equal(again, X)
    assert again["a"].dtype == X["a"].dtype


def test_bools_without_missing_cells():
    X = pd.DataFrame({"a": [True, False]})
    assert column_of(X, 0).values.tolist() == [True, False]
    pd.testing.assert_frame_equal(round_trip(X), X)
    again = Frame.of(X).build([np.array([True, None], dtype=object)])
    assert again["a"].dtype == object and again["a"].tolist() == [True, None]


@pytest.mark.parametrize("storage", ["python", "pyarrow"])
@pytest.mark.parametrize("na", [pd.NA, NAN], ids=["string", "str"])
def test_strings_are_stored_as_they_were(storage, na):
    pytest.importorskip("pyarrow")
    if na is not pd.NA and pd.__version__ < "3":
        pytest.skip("a dtype of pandas 3")
    dtype = pd.StringDtype(storage) if na is pd.NA else pd.StringDtype(storage, na_value=na)
    X = pd.DataFrame({"a": pd.Series(["b", None], dtype=dtype)})
    again = round_trip(X)["a"].dtype
    assert again == dtype and again.storage == storage


@pytest.mark.parametrize(
    "cells, make",
    [
        (["b", None, "a"], lambda pa: pa.string()),
        (["b", None, "a"], lambda pa: pa.large_string()),
        ([True, None, False], lambda pa: pa.bool_()),
        (["b", None, "a"], lambda pa: pa.dictionary(pa.int8(), pa.string())),
    ],
)
def test_arrow_categories(cells, make):
    X = pd.DataFrame({"a": pd.Series(cells, dtype=arrow(make))})
    X = pd.concat([X, X], ignore_index=True)
    column = column_of(X, 0)
    assert column.kind == "category" and column.values.tolist() == cells * 2 and column.levels is None
    pd.testing.assert_frame_equal(round_trip(X), X)


def test_categories_of_arrow_strings():
    pa = pytest.importorskip("pyarrow")
    categories = pd.Index(["b", "a"], dtype=pd.ArrowDtype(pa.string()))
    X = pd.DataFrame({"a": pd.Series(["a", None], dtype=pd.CategoricalDtype(categories, ordered=True))})
    pd.testing.assert_frame_equal(round_trip(X), X)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "UTC+02:00"])
def test_pandas_stamps(unit, zone):
    stamps = np.array([*STAMPS[: 2 if unit == "ns" else 3], "NaT"], "M8[us]").astype(f"M8[{unit}]")
    series = pd.Series(stamps)
    if zone == "UTC+02:00":
        zone = datetime.timezone(datetime.timedelta(hours=2))
    if zone is not None:
        series = series.dt.tz_localize("UTC").dt.tz_convert(zone)
    X = pd.DataFrame({"a": series})
    column = column_of(X, 0)
    assert column.kind == "datetime" and np.isnan(column.values[-1])
    expected = (stamps[:-1] - np.datetime64(0, "s")) / np.timedelta64(1, "s")
    np.testing.assert_array_equal(column.values[:-1], expected)
    again = round_trip(X)
    assert again["a"].dtype == X["a"].dtype
    if unit == "ns":  # float64 seconds of today are a quarter of a microsecond apart
        again, X = (Y.assign(a=Y["a"].dt.round("us")) for Y in (again, X))
    pd.testing.assert_frame_equal(again, X)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_pandas_durations(unit):
    X = pd.DataFrame({"a": np.array([90061, -1, "NaT"], "m8[s]").astype(f"m8[{unit}]")})
    column = column_of(X, 0)
    assert column.kind == "duration" and numbers(column.values) == [90061.0, -1.0, None]
    pd.testing.assert_frame_equal(round_trip(X), X)


@pytest.mark.parametrize(
    "make, kind, cells, seconds",
    [
        (lambda pa: pa.timestamp("us"), "datetime", [datetime.datetime(1970, 1, 2), None], 86400.0),
        (
            lambda pa: pa.timestamp("ms", "Europe/Berlin"),
            "datetime",
            [pd.Timestamp(1.5, unit="s", tz="UTC"), None],
            1.5,
        ),
        (lambda pa: pa.date32(), "datetime", [datetime.date(1969, 12, 31), None], -86400.0),
        (lambda pa: pa.date64(), "datetime", [datetime.date(1969, 12, 31), None], -86400.0),
        (lambda pa: pa.duration("ns"), "duration", [datetime.timedelta(hours=1), None], HOUR),
    ],
)
def test_arrow_times(make, kind, cells, seconds):
    X = pd.DataFrame({"a": pd.Series(cells, dtype=arrow(make))})
    column = column_of(X, 0)
    assert column.kind == kind and numbers(column.values) == [seconds, None]
    pd.testing.assert_frame_equal(round_trip(X), X)


def test_decimals_and_columns_of_nothing_are_float64():
    X = pd.DataFrame({"a": [Decimal("1.5"), None, Decimal("NaN")], "b": pd.Series([None] * 3, dtype=object)})
    assert numbers(column_of(X, 0).values) == [1.5, None, None]
    assert (
        column_of(X, 0).kind == column_of(X, 1).kind == "number"
        and numbers(column_of(X, 1).values) == [None] * 3
    )
    assert round_trip(X)["a"].dtype == np.float64
    pa = pytest.importorskip("pyarrow")
    decimal, null = pd.ArrowDtype(pa.decimal128(10, 2)), pd.ArrowDtype(pa.null())
    X = pd.DataFrame(
        {"a": pd.Series([Decimal("1.5"), None], dtype=decimal), "b": pd.Series([None] * 2, dtype=null)}
    )
    assert numbers(column_of(X, 0).values) == [1.5, None] and numbers(column_of(X, 1).values) == [None, None]
    assert [str(dtype) for dtype in round_trip(X).dtypes] == ["double[pyarrow]"] * 2


def test_objects():
    nothing = [None, NAN, pd.NaT, pd.NA, np.float32("nan")]
    X = pd.DataFrame({"a": pd.Series([1, np.int8(2), 2.5, Decimal(3), *nothing], dtype=object)})
    assert numbers(column_of(X, 0).values) == [1.0, 2.0, 2.5, 3.0] + [None] * 5
    assert not column_of(X, 0).is_integer
    X = pd.DataFrame({"a": pd.Series([np.str_("x"), *nothing], dtype=object)})
    assert column_of(X, 0).values.tolist() == ["x"] + [None] * 5 and type(column_of(X, 0).values[0]) is str


def test_duplicate_names_and_names_that_are_no_strings():
    X = pd.DataFrame([[1, "x"], [2, "y"]], columns=["a", "a"])
    assert Frame.of(X).names == ("a", "a")
    assert column_of(X, 0).values.tolist() == [1, 2] and column_of(X, 1).values.tolist() == ["x", "y"]
    pd.testing.assert_frame_equal(round_trip(X), X)
    X = pd.DataFrame([[1, 2.5]])
    assert Frame.of(X).names is None
    pd.testing.assert_frame_equal(round_trip(X), X)
    X.columns = ["a", 1]
    assert Frame.of(X).names is None
    with pytest.raises(TypeError, match="column 'a' is of dtype complex128"):
        Frame.of(X.astype({"a": complex}))
    with pytest.raises(TypeError, match="column 1 is of dtype complex128"):
        Frame.of(X.astype({1: complex}))


def test_select():
    X = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1.5]})
    frame = Frame.of(X).select([2, 0])
    assert frame == Frame.of(X[["c", "a"]])
    assert Frame.of(np.zeros((2, 3))).select([1]) == Frame.of(np.zeros((2, 1)))


# polars


def polars_cases(pl):
    stamps = [datetime.datetime.fromisoformat(STAMPS[0]), None, datetime.datetime(1970, 1, 1)]
    integers = [pl.Int8, pl.UInt16, pl.Int64, pl.UInt64, *([pl.Int128] if hasattr(pl, "Int128") else [])]
    yield from ((pl.Series([1, None, 3], dtype=t), "number", [1.0, None, 3.0]) for t in integers)
    yield from (
        (pl.Series([1.5, None, 3], dtype=t), "number", [1.5, None, 3.0]) for t in (pl.Float32, pl.Float64)
    )
    yield pl.Series(["b", None, "a"]), "category", ["b", None, "a"]
    yield pl.Series([True, None, False]), "category", [True, None, False]
    yield pl.Series(["b", None, "a"], dtype=pl.Categorical), "category", ["b", None, "a"]
    yield pl.Series(["b", None, "a"], dtype=pl.Enum(["b", "c", "a"])), "category", ["b", None, "a"]
    for unit in ("ms", "us", "ns"):
        second = 1616891400.123 if unit == "ms" else SECONDS[0]
        series = pl.Series(stamps).cast(pl.Datetime(unit))
        if unit != "ns":
            yield series, "datetime", [second, None, 0.0]
            zoned = series.dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
            yield zoned, "datetime", [second, None, 0.0]
        yield (
            pl.Series([1, None, -3], dtype=pl.Int64).cast(pl.Duration("ms")).cast(pl.Duration(unit)),
            "duration",
            [
                0.001,
                None,
                -0.003,
            ],
        )
    yield (
        pl.Series([datetime.date(1970, 1, 2), None, datetime.date(1900, 1, 1)]),
        "datetime",
        [86400.0, None, -2208988800.0],
    )


def test_polars():
    pl = pytest.importorskip("polars")
    for series, kind, cells in polars_cases(pl):
        for rows in ([0, 1, 2], [0, 2], [1], []):
            X = pl.DataFrame({"a": series[rows]})
            column = column_of(X, 0)
            values = column.values.tolist() if kind == "category" else numbers(column.values)
            assert (column.kind, values) == (kind, [cells[i] for i in rows]), series.dtype
            assert column.is_integer == series.dtype.is_integer()
            again = round_trip(X)
            assert again.schema == X.schema and again.rows() == X.rows(), series.dtype


def test_polars_levels():
    pl = pytest.importorskip("polars")
    X = pl.DataFrame(
        {"a": pl.Series(["b"], dtype=pl.Enum(["b", "a"])), "b": pl.Series(["x"], dtype=pl.Categorical)}
    )
    assert column_of(X, 0)[2:4] == (("b", "a"), True)
    assert column_of(X, 1)[2:4] == (None, False)


def test_polars_numbers_that_miss_nothing_keep_their_dtype():
    pl = pytest.importorskip("polars")
    for dtype in (np.int32, np.int64, np.float32, np.float64):
        assert column_of(pl.DataFrame({"a": np.ones(3, dtype)}), 0).values.dtype == dtype
    assert numbers(column_of(pl.DataFrame({"a": [1.0, NAN, None]}), 0).values) == [1.0, None, None]


def test_polars_decimals_and_nulls_are_float64():
    pl = pytest.importorskip("polars")
    X = pl.DataFrame({"a": pl.Series([Decimal("1.5"), None], dtype=pl.Decimal(10, 2)), "b": [None, None]})
    assert numbers(column_of(X, 0).values) == [1.5, None] and numbers(column_of(X, 1).values) == [None, None]
    assert round_trip(X).equals(
        pl.DataFrame({"a": [1.5, None], "b": [None, None]}, {"a": pl.Float64, "b": pl.Float64})
    )


def test_polars_refused():
    pl = pytest.importorskip("polars")
    for values in ([[1]], [{"x": 1}], [b"x"], [datetime.time(1)]):
        with pytest.raises(TypeError, match="column 'a' is of dtype"):
            Frame.of(pl.DataFrame({"a": values}))
    X = pl.DataFrame({"a": [1]})
    with pytest.raises(TypeError, match="collect"):
        Frame.of(X.lazy())
    with pytest.raises(TypeError, match="to_frame"):
        Frame.of(X["a"])
    assert is_frame(X) and not is_frame(X.lazy()) and not is_frame(X["a"])


# arrays


def test_arrays():
    X = np.array([[1, 2.5], [3, 4]], np.float32)
    assert Frame.of(X) == Frame("array", None, ("<f4", "<f4"))
    again = round_trip(X)
    assert again.dtype == np.float64 and (again == X).all()
    assert column_of(np.array([[1, 2]], np.int8), 1).is_integer
    X = np.array([[1, "x", True, None], [None, None, None, NAN], [2.5, "y", False, None]], dtype=object)
    columns = [column_of(X, j) for j in range(4)]
    assert [c.kind for c in columns] == ["number", "category", "category", "number"]
    assert numbers(columns[0].values) == [1.0, None, 2.5]
    assert columns[1].values.tolist() == ["x", None, "y"] and columns[2].values.tolist() == [
        True,
        None,
        False,
    ]
    again = round_trip(X)
    assert again.dtype == object and again[:, 1].tolist() == ["x", None, "y"]
    assert numbers(again[:, 0]) == [1.0, None, 2.5] and not is_frame(X)
    words = np.array([["a", "bc"]])
    assert round_trip(words).tolist() == words.tolist()
    assert column_of(np.array([[True]]), 0).values.tolist() == [True]
    assert Frame.of(np.empty((0, 0))).build([]).shape == (0, 0)


@pytest.mark.parametrize("cells", [["x", 1], ["x", True], [True, 1], [1j, 2], [[1], None], [b"x", b"y"],
                                   [datetime.date(2020, 1, 1), None], [(1, 2), "x"]])  # fmt: skip
def test_mixed_and_other_objects_are_refused(cells):
    X = np.empty((len(cells), 2), dtype=object)
    for i, cell in enumerate(cells):
        X[i, 1] = cell
    names = ", ".join(sorted({type(v).__name__ for v in cells if v is not None}))
    with pytest.raises(TypeError, match=f"column 1 holds objects of {names}"):
        column_of(X, 1)
    with pytest.raises(TypeError, match=f"column 'b' holds objects of {names}"):
        column_of(pd.DataFrame(X, columns=["a", "b"], dtype=object), 1)


def test_wrong_tables():
    for X, error in [
        ([[1.0]], TypeError),
        (None, TypeError),
        (pd.Series([1]), TypeError),
        (np.zeros(3), ValueError),
        (np.zeros((1, 1), complex), TypeError),
        (np.ma.masked_array([[1.0, 2.0]], [[True, False]]), TypeError),
        (np.zeros((1, 1), "M8[s]"), TypeError),
        (np.zeros((1, 1), "S3"), TypeError),
    ]:
        with pytest.raises(error):
            Frame.of(X)
        with pytest.raises(error):
            column_of(X, 0)
    with pytest.raises(ValueError, match="column 0 holds an integer beyond"):
        column_of(np.array([[10**400]], dtype=object), 0)


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1j]),
        pd.Series(pd.period_range("2020", periods=1, freq="D")),
        pd.Series(pd.interval_range(0, 1)),
        pd.Series(pd.arrays.SparseArray([0.0])),
        pd.Series(pd.cut([1.0, 2.0], 2)),
        pd.Series(pd.Categorical(pd.to_datetime(["2020"]))),
        pd.Series(pd.Categorical([1.0, np.inf])),
        pd.Series(pd.Categorical([(1, 2)])),
    ],
    ids=lambda s: str(s.dtype),
)
def test_dtypes_of_pandas_that_are_refused(series):
    X = pd.DataFrame({"ok": 1, "a": series})
    with pytest.raises(TypeError, match="column 'a'"):
        Frame.of(X)
    with pytest.raises(TypeError, match="column 'a'"):
        column_of(X, 1)


@pytest.mark.parametrize("make", [lambda pa: pa.list_(pa.int64()), lambda pa: pa.binary(), lambda pa: pa.time64("us"),
                                  lambda pa: pa.dictionary(pa.int8(), pa.string(), ordered=True)])  # fmt: skip
def test_dtypes_of_arrow_that_are_refused(make):
    with pytest.raises(TypeError, match="column 'a' is of dtype"):
        Frame.of(pd.DataFrame({"a": pd.Series([None], dtype=arrow(make))}))


# build


def category(*cells):
    out = np.empty(len(cells), dtype=object)
    out[:] = cells
    return out


@pytest.mark.parametrize(
    "series, values, error",
    [
        (pd.Series([1]), np.array([1.5]), ValueError),
        (pd.Series([1]), np.array([np.inf]), ValueError),
        (pd.Series([1]), np.array([2.0**63]), ValueError),
        (pd.Series([1], dtype="int8"), np.array([-129.0]), ValueError),
        (pd.Series([1], dtype="uint64"), np.array([-1]), ValueError),
        (pd.Series([1]), category("x"), TypeError),
        (pd.Series([1.0]), category("x"), TypeError),
        (pd.Series(["x"], dtype="string"), np.array([1.0]), TypeError),
        (pd.Series(["x"], dtype="string"), category(True), TypeError),
        (pd.Series(["x"], dtype=object), category("x", True), TypeError),
        (pd.Series(["x"], dtype=object), category(b"x"), TypeError),
        (pd.Series([True]), category("x"), TypeError),
        (pd.Series([True]), category(1), TypeError),
        (pd.Series(["x"], dtype="category"), category("y"), ValueError),
        (pd.Series(["x"], dtype="category"), category([1]), ValueError),
        (pd.Series(np.array([0], "M8[ns]")), np.array([1e11]), ValueError),
        (pd.Series(np.array([0], "M8[ns]")), np.array([np.inf]), ValueError),
        (pd.Series(np.array([0], "m8[ns]")), category("x"), TypeError),
    ],
)
def test_cells_that_a_dtype_does_not_hold(series, values, error):
    frame = Frame.of(pd.DataFrame({"a": series}))
    with pytest.raises(error, match="column 'a'"):
        frame.build([values])


def test_polars_cells_that_a_dtype_does_not_hold():
    pl = pytest.importorskip("polars")
    for series, values, error in [
        (pl.Series([1]), np.array([0.5]), ValueError),
        (pl.Series([1], dtype=pl.UInt8), np.array([256.0]), ValueError),
        (pl.Series(["x"]), np.array([1.0]), TypeError),
        (pl.Series([1.0]), category("x"), TypeError),
        (pl.Series(["x"], dtype=pl.Enum(["x"])), category("y"), ValueError),
        (pl.Series([datetime.date(2020, 1, 1)]), np.array([1e15]), ValueError),
    ]:
        with pytest.raises(error, match="column 'a'"):
            Frame.of(pl.DataFrame({"a": series})).build([values])


def test_integers_are_exact_if_given_as_integers():
    X = pd.DataFrame({"a": np.array([2**63 - 1, -(2**63)]), "b": np.array([2**64 - 1, 0], np.uint64)})
    pd.testing.assert_frame_equal(round_trip(X), X)


def test_columns_that_do_not_fit():
    frame = Frame.of(pd.DataFrame({"a": [1], "b": [2]}))
    for columns in ([np.ones(1)], [np.ones(1), np.ones(2)], [np.ones((1, 1)), np.ones((1, 1))]):
        with pytest.raises(ValueError, match="columns"):
            frame.build(columns)


def test_dates_are_the_nearest():
    pl = pytest.importorskip("polars")
    X = pl.DataFrame({"a": [datetime.date(2020, 1, 1)]})
    seconds = column_of(X, 0).values
    for off in (-100.0, 100.0):
        assert Frame.of(X).build([seconds + off]).equals(X)


# JSON

GOOD = {"container": "pandas", "names": ["a"], "dtypes": ["int64"]}


def declaration(**changes):
    d = {"categories": ["x", "y"], "of": "object", "ordered": False} | changes
    return {**GOOD, "dtypes": ["category " + json.dumps(d)]}


TEXTS = {
    "array": ["", "<c16", "|V8", "<M8[s]", "float64", "f8,f8", "|O8", "<f8\n"],
    "pandas": [
        *["", "complex128", "i4,i4", "V10", "int65", "int64\n", "datetime64[D]", "timedelta64[ns, UTC]"],
        *[
            "datetime64[ns, ../../etc/passwd]",
            "datetime64[ns, dateutil//etc/passwd]",
            "datetime64[ns, dateutil/x]",
        ],
        *[
            "datetime64[ns, /etc]",
            "arrow list<item: int64>",
            "arrow ",
            "arrow duration[us, tz=UTC]",
            "arrow null",
        ],
        *["arrow decimal128(10, 2)", "Sparse[float64]", "interval[int64, right]", "category", "category "],
        *["category []", "category {", "category NaN", "category " + "[" * 100000, "category " + "9" * 10000],
        'category {"categories": ["x"],"of": "object", "ordered": false}',
        'category {"of": "object", "categories": ["x"], "ordered": false}',
    ],
    "polars": [
        *[
            "",
            "int64",
            "List(Int64)",
            "Object",
            "Datetime(s)",
            "Datetime(us, ../x)",
            "Decimal(10, 2)",
            "__class__",
        ],
        *["DataFrame", "Enum", "Enum []]", 'Enum ["x","y"]', "Enum [1]", 'Enum ["x", "x"]', "Enum {}"],
    ],
}

HOSTILE = [
    *[None, [], "x", {}, {**GOOD, "more": 1}, {"container": "pandas", "names": ["a"]}],
    *[{**GOOD, "container": container} for container in ("numpy", ["pandas"], None, "array")],
    *[{**GOOD, "names": names} for names in ("a", [1], ["a", "b"], {"a": 1}, [])],
    *[{**GOOD, "dtypes": dtypes} for dtypes in ("int64", [None], None, [["int64"]])],
    {"container": "array", "names": None, "dtypes": ["<f8", "<f4"]},
    {"container": "polars", "names": None, "dtypes": ["Int64"]},
    {"container": "polars", "names": ["a", "a"], "dtypes": ["Int64", "Int64"]},
    *[
        {"container": container, "names": None if container == "array" else ["a"], "dtypes": [text]}
        for container, texts in TEXTS.items()
        for text in texts
    ],
    *[declaration(categories=c) for c in (["x", "x"], [1, True], [None], [["x"]], "xy", [NAN], [{}], None)],
    *[declaration(of=of) for of in ("category {}", "datetime64[ns]", 1, "int64", "bool", "arrow bool")],
    *[declaration(of=of, categories=[1]) for of in ("bool", "string", "float64", "str[python]", "Int64[x]")],
    *[declaration(of="int8", categories=[128]), declaration(of="int64", categories=[True])],
    *[declaration(of="float32", categories=[0.1]), declaration(of="longdouble", categories=[1.0])],
    *[declaration(ordered=1), declaration(more=1)],
]


@pytest.mark.parametrize("d", HOSTILE, ids=lambda d: str(d)[:60])
def test_json_that_nothing_wrote_is_refused(d):
    with pytest.raises(ValueError):
        Frame.from_json(d)


def test_json():
    for d in (GOOD, declaration(), declaration(of="float32", categories=[0.5])):
        assert Frame.from_json(d).to_json() == d
    X = (
        pd.DataFrame({"ä\n\ud800": pd.Categorical(["\ud800", '"'])})
        if pd.__version__ < "3"
        else pd.DataFrame({'ä"\n': [1]})
    )
    assert Frame.from_json(json.loads(json.dumps(Frame.of(X).to_json()))) == Frame.of(X)


@pytest.mark.parametrize("zone", ["Nowhere/At_all", "Europe"])
def test_zones_that_are_not_there(zone):
    frame = Frame.from_json({**GOOD, "dtypes": [f"datetime64[us, {zone}]"]})
    with pytest.raises(ValueError, match=f"column 'a': there is no time zone '{zone}'"):
        frame.build([np.zeros(1)])
    pytest.importorskip("polars")
    frame = Frame.from_json({"container": "polars", "names": ["a"], "dtypes": [f"Datetime(us, {zone})"]})
    with pytest.raises(ValueError, match=f"column 'a': there is no time zone '{zone}'"):
        frame.build([np.zeros(1)])


def test_neither_library_is_needed():
    code = (
        "import sys; absent = dict.fromkeys(['pandas', 'polars', 'pyarrow']); sys.modules.update(absent);"
        "import numpy as np; from nflows_np.columns.frames import *;"
        f"Frame.from_json({declaration()!r}); Frame.of(np.zeros((2, 2))); assert not is_frame(np.zeros(2))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])

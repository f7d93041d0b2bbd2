"""The command line: tables of texts, gaps and kinds, in every format, in and out."""

import gzip
import io
import json
import os
import sys

import numpy as np
import pytest

import nflows_np
from nflows_np import FlowDensity
from nflows_np._cli import main
from nflows_np._tables import read_table
from nflows_np.columns.kinds import Categorical, Drop, Integer, Periodic, Positive, Real

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FAST = ("--flow", "maf", "--n-layers", "1", "--hidden-units", "4,3", "--max-iter", "2", "--seed", "0", "-q")
N = 160


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    price, count = np.round(rng.gamma(2.0, 3.0, N), 3), rng.integers(0, 6, N)
    town = np.array(["Rom", "Oslo, N", "Bern"])[rng.integers(0, 3, N)]
    numbers = [[p, c] for p, c in zip(price, count, strict=True)]
    write("numbers.csv", ["price", "count"], numbers)
    write("texts.csv", ["price", "count", "town"], [[*r, t] for r, t in zip(numbers, town, strict=True)])
    gaps = [["" if i % 5 == 0 else p, c, "" if i % 7 == 0 else t]
            for i, ((p, c), t) in enumerate(zip(numbers, town, strict=True))]  # fmt: skip
    write("gaps.csv", ["price", "count", "town"], gaps)


def write(path, names, rows, sep=",", opened=open):
    import csv

    with opened(path, "wt", newline="") as file:
        writer = csv.writer(file, delimiter=sep)
        if names:
            writer.writerow(names)
        writer.writerows(rows)


def lines(path, opened=open):
    import csv

    with opened(path, "rt", newline="") as file:
        return list(csv.reader(file))


def runs(*argv):
    assert main(argv) == 0


def fails(capsys, *argv, match=""):
    capsys.readouterr()
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("nflows_np: error: ")
    assert match in err


def scores(capsys, *argv):
    capsys.readouterr()
    assert main(["score", *argv]) == 0
    return np.array([float(line) for line in capsys.readouterr().out.splitlines()[1:]])


@pytest.fixture(params=["pandas", "polars"])
def library(request, monkeypatch):
    pytest.importorskip(request.param)
    if request.param == "polars":
        monkeypatch.setitem(sys.modules, "pandas", None)
    return request.param


@pytest.fixture
def neither(monkeypatch):
    for name in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, name, None)


# Reading


@pytest.mark.parametrize(
    "sep, word", [(",", None), (";", None), ("\t", None), ("|", "|"), (";", "semicolon")]
)
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_separators_and_gzip(neither, sep, word, name):
    write(name, ["a", "b"], [[1.5, 2], [0.1, -3]], sep, gzip.open if name.endswith("gz") else open)
    table = read_table(name, sep={"semicolon": ";"}.get(word, word))
    assert table.names == ("a", "b") and np.array_equal(table.values, [[1.5, 2], [0.1, -3]])


def test_the_separator_is_an_option(capsys):
    write("t.csv", ["a", "b"], np.random.default_rng(0).normal(size=(30, 2)).tolist(), "|")
    runs("fit", "t.csv", "-o", "m.flow", "--sep", "|", *FAST)
    assert len(scores(capsys, "m.flow", "t.csv", "--sep", "|")) == 30
    fails(capsys, "score", "m.flow", "t.csv", match="missing ['a', 'b']")
    with pytest.raises(SystemExit):
        main(["score", "m.flow", "t.csv", "--sep", "||"])
    assert "'||' is no single character" in capsys.readouterr().err


def test_what_is_no_gzip(capsys):
    for name, content in (("a.csv.gz", b"a,b\n1,2\n"), ("b.csv.gz", gzip.compress(b"a,b\n" * 99)[:-9])):
        with open(name, "wb") as file:
            file.write(content)
        fails(capsys, "fit", name, "-o", "m.flow", match=f"{name}: not a gzip file")


def test_standard_input_and_output(capsys, monkeypatch):
    runs("fit", "numbers.csv", "-o", "m.flow", *FAST)
    expected = scores(capsys, "m.flow", "numbers.csv")
    with open("numbers.csv", "rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read())))
    assert np.array_equal(scores(capsys, "m.flow", "-", "-o", "-"), expected)
    fails(capsys, "fit", "-", "--validation", "-", "-o", "m.flow", match="standard input")


def test_texts_are_categories_and_empty_cells_left_out(capsys, library):
    runs("fit", "gaps.csv", "-o", "m.flow", "--missing", "observed", *FAST)
    assert capsys.readouterr().err.count("\n") <= 1  # of convergence
    model = nflows_np.load("m.flow")
    assert model.columns_ == {
        "price": Real(),
        "count": Real(),
        "town": Categorical(["Bern", "Oslo, N", "Rom"]),
    }
    assert model._fitted.of_table.gaps == (True, False, True)
    assert model._fitted.of_table.frame.container == library
    assert np.isfinite(scores(capsys, "m.flow", "gaps.csv")).all()
    fails(
        capsys,
        "fit",
        "gaps.csv",
        "-o",
        "x",
        *FAST,
        match="line 2, column 'price': an empty cell. With `fit --mis",
    )
    assert not os.path.exists("x")


def test_both_libraries_make_the_same_model(monkeypatch, capsys):
    pytest.importorskip("pandas"), pytest.importorskip("polars")
    runs("fit", "gaps.csv", "-o", "pandas.flow", "--missing", "observed", *FAST)
    expected = scores(capsys, "pandas.flow", "gaps.csv")
    monkeypatch.setitem(sys.modules, "pandas", None)
    runs("fit", "gaps.csv", "-o", "polars.flow", "--missing", "observed", *FAST)
    assert np.array_equal(scores(capsys, "polars.flow", "gaps.csv"), expected)
    assert np.array_equal(scores(capsys, "pandas.flow", "gaps.csv"), expected)
    fails(capsys, "sample", "pandas.flow", "-n", "2", match="fitted to a table of pandas")


def test_without_pandas_and_polars(capsys, neither):
    fails(capsys, "fit", "texts.csv", "-o", "x", *FAST,
          match="texts.csv, line 2, column 'town': 'Rom' is not a number")  # fmt: skip
    fails(capsys, "fit", "texts.csv", "-o", "x", *FAST, match="python -m pip install pandas")
    fails(
        capsys,
        "fit",
        "gaps.csv",
        "-o",
        "x",
        "--missing",
        "observed",
        *FAST,
        match="line 2, column 'price': ''",
    )
    runs("fit", "texts.csv", "-o", "m.flow", "--use", "price,count", *FAST)  # numbers alone
    assert len(scores(capsys, "m.flow", "texts.csv")) == N
    for name in ("t.parquet", "t.feather"):
        fails(capsys, "fit", name, "-o", "x", *FAST, match="pip install pandas pyarrow")
        fails(capsys, "sample", "m.flow", "-n", "1", "-o", name, match="pip install pandas pyarrow")


def test_a_few_texts_among_numbers_are_said(capsys):
    pytest.importorskip("pandas")
    write("t.csv", ["a", "b"], [[i, i % 3 or "two"] for i in range(1, 31)])
    runs("fit", "t.csv", "-o", "m.flow", *FAST)
    assert (
        "t.csv, line 4, column 'b': 'two' is not a number; the column is read as cat"
        in capsys.readouterr().err
    )
    assert nflows_np.load("m.flow").columns_["b"] == Categorical(["1", "2", "two"])
    write(
        "digits.csv", ["a", "b"], [[i, i % 2 + 1] for i in range(9)]
    )  # levels, though they look like numbers
    assert np.isfinite(scores(capsys, "m.flow", "digits.csv")).all()
    write("word.csv", ["a", "b"], [["one", "two"]])
    fails(capsys, "score", "m.flow", "word.csv", match="word.csv, line 2, column 'a': 'one' is not a number.")


def test_booleans_and_words_for_nothing(capsys):
    pytest.importorskip("pandas")
    write(
        "t.csv", ["a", "b"], [["NA" if i == 4 else i * 0.5, ("True", "False", "")[i % 3]] for i in range(40)]
    )
    runs("fit", "t.csv", "-o", "m.flow", "--missing", "observed", *FAST)
    assert nflows_np.load("m.flow").columns_ == {"a": Real(), "b": Categorical([False, True])}
    assert np.isfinite(scores(capsys, "m.flow", "t.csv")).all()


@pytest.mark.parametrize("name, text", [("numbers", 1.0), ("texts", "x")])
def test_a_written_index_is_no_column(capsys, name, text):
    if name == "texts":
        pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    write("t.csv", ["", "a", "b"], [[i, rng.normal(), text if i % 2 else text * 2] for i in range(30)])
    runs("fit", "t.csv", "-o", "m.flow", *FAST)
    assert "t.csv: its first column has no name and counts 0, 1, 2" in capsys.readouterr().err
    assert list(nflows_np.load("m.flow").feature_names_in_) == ["a", "b"]
    write("t.csv", ["", "a", "b"], [[i + 1, rng.normal(), text if i % 2 else text * 2] for i in range(30)])
    runs("fit", "t.csv", "-o", "m.flow", *FAST)
    assert list(nflows_np.load("m.flow").feature_names_in_) == ["", "a", "b"]


def test_rows_without_a_header_may_begin_with_a_gap_between_numbers():
    pytest.importorskip("pandas")
    write("t.csv", None, [[1, "", 3], [4, 5, 6]])
    table = read_table("t.csv", gaps=True)
    assert table.names is None and len(table.values) == 2


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_frames_in_files(capsys, library, ending):
    pytest.importorskip("pyarrow")
    runs("fit", "gaps.csv", "-o", "m.flow", "--missing", "observed", *FAST)
    runs("sample", "m.flow", "-n", "60", "--seed", "1", "--keep-missing", "-o", f"s{ending}")
    runs("sample", "m.flow", "-n", "60", "--seed", "1", "--keep-missing", "-o", "s.csv")
    assert np.array_equal(scores(capsys, "m.flow", f"s{ending}"), scores(capsys, "m.flow", "s.csv"))
    runs("fit", f"s{ending}", "-o", "again.flow", "--missing", "observed", *FAST)
    runs("score", "m.flow", f"s{ending}", "-o", f"scores{ending}")
    assert np.isfinite(read_table(f"scores{ending}").values["log_density"].to_numpy()).all()
    with open(f"bad{ending}", "wb") as file:
        file.write(b"PAR1 and no more")
    fails(capsys, "score", "m.flow", f"bad{ending}", match=f"bad{ending}: not a")
    fails(
        capsys, "score", "m.flow", f"nowhere{ending}", match=f"No such file or directory: 'nowhere{ending}'"
    )


# fit


def spec(**kinds):
    with open("spec.json", "w") as file:
        json.dump(kinds, file)
    return "spec.json"


def test_columns_of_a_file(capsys):
    pytest.importorskip("pandas")
    path = spec(price={"kind": "positive"}, count={"kind": "integer", "low": 0}, town={"kind": "drop"})
    runs("fit", "texts.csv", "-o", "m.flow", "--columns", path, *FAST)
    expected = {"price": Positive(), "count": Integer(0), "town": Drop()}
    assert list(nflows_np.load("m.flow").columns_.values()) == list(expected.values())
    runs("sample", "m.flow", "-n", "9", "-o", "s.csv")
    header, *rows = lines("s.csv")
    assert header == ["price", "count"] and all(float(p) > 0 and c.isdigit() for p, c in rows)
    # a column that is dropped need not be there
    assert np.array_equal(scores(capsys, "m.flow", "numbers.csv"), scores(capsys, "m.flow", "texts.csv"))


def test_columns_by_position_and_words(capsys):
    runs("fit", "numbers.csv", "-o", "m.flow", "--columns", spec(**{"1": {"kind": "periodic", "low": 0, "high": 6}}),
         *FAST)  # fmt: skip
    assert list(nflows_np.load("m.flow").columns_.values()) == [Real(), Periodic(0, 6)]
    runs("fit", "numbers.csv", "-o", "m.flow", "--columns", "auto", *FAST)
    assert isinstance(list(nflows_np.load("m.flow").columns_.values())[1], Integer)
    runs("fit", "numbers.csv", "-o", "m.flow", "--columns", "from_dtype", *FAST)
    assert list(nflows_np.load("m.flow").columns_.values()) == [Real(), Real()]


@pytest.mark.parametrize("content, match", [
    ('{"price"', "spec.json: not JSON"),
    ("[]", "spec.json: not an object"),
    ('{"price": {"kind": "odd"}}', "spec.json, 'price': a column's kind must be an object with 'kind' one of"),
    ('{"price": {"kind": "positive", "low": 1}}', "spec.json, 'price': Positive: its options are"),
    ('{"price": {"kind": "periodic"}}', "spec.json, 'price': Periodic"),
    ('{"Price": {"kind": "positive"}}', "--columns: 'Price' is none of the columns of numbers.csv, which are"),
    ('{"2": {"kind": "positive"}}', "--columns: '2' is no position among the 2 columns of numbers.csv"),
    ('{"0": {"kind": "positive"}, "price": {"kind": "real"}}', "'price' is a column that another key has named"),
    ('{"count": {"kind": "positive"}}', "lie exactly on its low end"),
])  # fmt: skip
def test_columns_that_cannot_be(capsys, content, match):
    with open("spec.json", "w") as file:
        file.write(content)
    fails(capsys, "fit", "numbers.csv", "-o", "x", "--columns", "spec.json", *FAST, match=match)
    assert not os.path.exists("x")


def test_columns_that_are_not_there(capsys):
    fails(capsys, "fit", "numbers.csv", "-o", "x", "--columns", "nowhere.json", match="'nowhere.json'")
    fails(capsys, "fit", "texts.csv", "-o", "x", "--columns", spec(town={"kind": "positive"}), *FAST,
          match="texts.csv, line 2, column 'town': 'Rom' is not a number.")  # fmt: skip


def test_times(capsys):
    pytest.importorskip("pandas")
    write(
        "t.csv", ["at", "a"], [[f"2024-01-{i + 1:02d} 0{i % 10}:30:00", i % 7 + 0.5 * i] for i in range(30)]
    )
    runs("fit", "t.csv", "-o", "m.flow", "--columns", spec(at={"kind": "datetime"}), *FAST)
    assert np.isfinite(scores(capsys, "m.flow", "t.csv")).all()
    runs("sample", "m.flow", "-n", "5", "-o", "s.csv")
    assert np.isfinite(scores(capsys, "m.flow", "s.csv")).all()
    write("bad.csv", ["at", "a"], [["yesterday", 1]])
    fails(capsys, "score", "m.flow", "bad.csv", match="bad.csv, line 2, column 'at': 'yesterday' is no time")


def test_codes_with_zeros_in_front(capsys):
    pytest.importorskip("pandas")
    write("t.csv", ["code", "a"], [[f"0{i % 3}", i * 0.5] for i in range(40)])
    runs("fit", "t.csv", "-o", "m.flow", "--columns", spec(code={"kind": "categorical"}), *FAST)
    assert nflows_np.load("m.flow").columns_["code"] == Categorical(["00", "01", "02"])
    assert np.isfinite(scores(capsys, "m.flow", "t.csv")).all()


def test_use(capsys):
    for use, names in (("price", ["price"]), ("count,0", ["count", "price"]), ('"price"', ["price"])):
        runs("fit", "numbers.csv", "-o", "m.flow", "--use", use, *FAST)
        assert list(nflows_np.load("m.flow").feature_names_in_) == names
        assert len(scores(capsys, "m.flow", "numbers.csv")) == N
    for use, match in (
        ("prise", "--use: 'prise' is none"), ("5", "--use: '5' is no position"), ("0,price", "a column twice"),
        ("", "names no column"),
    ):  # fmt: skip
        fails(capsys, "fit", "numbers.csv", "-o", "x", "--use", use, *FAST, match=match)
    np.save("t.npy", np.random.default_rng(0).normal(size=(40, 3)) + np.array([0, np.nan, 0]))
    runs("fit", "t.npy", "-o", "m.flow", "--use", "2,0", *FAST)
    fails(capsys, "fit", "t.npy", "-o", "x", "--use", "a", *FAST, match="which has no names: give positions")


def test_resume_is_one_fit(capsys):
    fast = [*FAST, "--max-iter"]
    runs("fit", "numbers.csv", "-o", "whole.flow", *fast, "5")
    runs("fit", "numbers.csv", "-o", "part.flow", "--resumable", *fast, "2")
    runs("fit", "numbers.csv", "-o", "rest.flow", "--resume", "part.flow", "-q", "--max-iter", "3")
    whole, rest = nflows_np.load("whole.flow"), nflows_np.load("rest.flow")
    assert np.array_equal(whole.parameters_, rest.parameters_) and rest.n_iter_ == 5 and not rest.warm_start
    capsys.readouterr()
    runs("fit", "numbers.csv", "-o", "rest.flow", "--resume", "whole.flow", "-q", "--max-iter", "1")
    assert "UserWarning: The model was saved without its state of training" in capsys.readouterr().err


def test_resume_what_cannot_be(capsys):
    runs("fit", "numbers.csv", "-o", "m.flow", "--resumable", *FAST)
    resume = ["fit", "numbers.csv", "-o", "x", "--resume", "m.flow", "-q"]
    fails(capsys, *resume, "--n-layers", "2", match="these parameters have changed since: n_layers (1 to 2)")
    fails(capsys, *resume, "--use", "price", match="leave --columns and --use out")
    fails(capsys, "fit", "numbers.csv", "-o", "x", "--resume", "nowhere.flow", match="'nowhere.flow'")
    write("other.csv", ["price"], [[1.0], [2.0]])
    fails(capsys, "fit", "other.csv", "-o", "x", "--resume", "m.flow", match="missing ['count']")


def test_resume_with_texts_and_gaps(capsys):
    pytest.importorskip("pandas")
    columns = spec(price={"kind": "positive"}, count={"kind": "integer", "low": 0})
    options = ["--missing", "observed", "--columns", columns, "--resumable", *FAST]
    runs("fit", "gaps.csv", "-o", "m.flow", *options)
    runs("fit", "gaps.csv", "-o", "m.flow", "--resume", "m.flow", "-q", "--max-iter", "2")
    assert nflows_np.load("m.flow").n_iter_ == 4


def test_validation_tables_have_the_same_columns(capsys):
    pytest.importorskip("pandas")
    header, *rows = lines("texts.csv")
    write("v.csv", ["more", *header[::-1]], [["x", *row[::-1]] for row in rows[:20]])
    runs("fit", "texts.csv", "-o", "m.flow", "--validation", "v.csv", *FAST)
    assert nflows_np.load("m.flow").early_stopping_
    write("v.csv", header[:2], [row[:2] for row in rows[:20]])
    fails(capsys, "fit", "texts.csv", "-o", "x", "--validation", "v.csv", *FAST, match="missing ['town']")


# score, sample, impute


def test_columns_are_matched_by_name(capsys, library):
    runs("fit", "texts.csv", "-o", "m.flow", *FAST)
    expected = scores(capsys, "m.flow", "texts.csv")
    header, *rows = lines("texts.csv")
    write("turned.csv", ["more", *header[::-1]], [["x", *row[::-1]] for row in rows])
    assert np.array_equal(scores(capsys, "m.flow", "turned.csv"), expected)
    write("bare.csv", None, [["1", *row] for row in rows])
    write("fewer.csv", header[1:], [row[1:] for row in rows])
    fails(capsys, "score", "m.flow", "fewer.csv", match="its columns are not the model's: missing ['price']")


def test_categories_that_are_not_known(capsys, library):
    runs("fit", "texts.csv", "-o", "m.flow", *FAST)
    write("t.csv", ["price", "count", "town"], [[1.5, 2, "Rom"], [1.5, 2, "Ulm"]])
    fails(
        capsys, "score", "m.flow", "t.csv", match="'town' holds 'Ulm' in row 1, which is none of its levels"
    )
    found = scores(capsys, "m.flow", "t.csv", "--handle-unknown", "ignore")
    assert np.isfinite(found[0]) and found[1] == -np.inf
    runs("score", "m.flow", "t.csv", "--handle-unknown", "ignore")
    assert capsys.readouterr().err == "mean log-density -inf nats over 2 rows, 1 of them impossible\n"


@pytest.mark.parametrize("name", ["s.csv", "s.csv.gz", "s.tsv", "S.CSV"])
def test_samples_are_what_the_fit_saw(capsys, library, name):
    runs("fit", "gaps.csv", "-o", "m.flow", "--missing", "observed", *FAST)
    runs("sample", "m.flow", "-n", "50", "--seed", "2", "--keep-missing", "-o", name)
    opened = gzip.open if name.endswith("gz") else open
    with opened(name, "rt") as file:
        text = file.read()
    rows = [line.split("\t") for line in text.splitlines()] if name.endswith("tsv") else lines(name, opened)
    header, *rows = rows
    assert header == ["price", "count", "town"] and len(rows) == 50
    assert {row[2] for row in rows} == {"", "Rom", "Oslo, N", "Bern"}
    assert any(row[0] == "" for row in rows) and all(row[1] for row in rows)
    assert np.isfinite(scores(capsys, "m.flow", name)).all()
    runs("sample", "m.flow", "-n", "50", "-o", "full.csv")
    assert all(all(row) for row in lines("full.csv"))


def test_gaps_of_arrays(capsys, neither):
    X = np.random.default_rng(0).normal(size=(60, 2))
    X[::4, 1] = np.nan
    np.save("t.npy", X)
    runs("fit", "t.npy", "-o", "m.flow", "--missing", "observed", *FAST)
    for name in ("s.csv", "s.npy"):
        runs("sample", "m.flow", "-n", "40", "--seed", "0", "--keep-missing", "-o", name)
    assert np.isnan(np.load("s.npy")).any()
    assert [[cell == "" for cell in row] for row in lines("s.csv")[1:]] == np.isnan(np.load("s.npy")).tolist()
    runs("impute", "m.flow", "t.npy", "-o", "full.npy", "--seed", "0")
    full = np.load("full.npy")
    assert np.isfinite(full).all() and np.array_equal(full[~np.isnan(X)], X[~np.isnan(X)])
    runs("fit", "numbers.csv", "-o", "n.flow", *FAST)
    fails(capsys, "sample", "n.flow", "-n", "1", "--keep-missing", match="fit met no such cell")


@pytest.mark.parametrize("target, match", [
    ("x.xlsx", "x.xlsx: no table is written as .xlsx. Endings that can be: .csv, .txt, .tsv, .npy, .npz, .parquet"),
    ("x.npy.gz", "no table is written as .npy.gz"),
    ("x.pkl", "no table is written as .pkl"),
    ("nowhere/x.csv", "there is no folder"),
    (".", "'.' is not the name of a file"),
])  # fmt: skip
def test_outputs_that_cannot_be_are_refused_first(capsys, monkeypatch, target, match):
    monkeypatch.setattr("nflows_np._cli_commands.loaded", lambda path: pytest.fail("loaded in vain"))
    for command in (["score", "m.flow", "numbers.csv"], ["sample", "m.flow", "-n", "1"],
                    ["impute", "m.flow", "numbers.csv"]):  # fmt: skip
        fails(capsys, *command, "-o", target, match=match)
    assert not os.path.exists(target) or target == "."


def test_arrays_have_no_place_for_texts(capsys, library):
    runs("fit", "texts.csv", "-o", "m.flow", *FAST)
    for name in ("s.npy", "s.npz"):
        fails(capsys, "sample", "m.flow", "-n", "1", "-o", name, match="no place for column 'town' of m.flow")
        assert not os.path.exists(name)


def test_numbers_as_frames(capsys):
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    runs("fit", "numbers.csv", "-o", "m.flow", "--columns", spec(count={"kind": "integer"}), *FAST)
    runs("sample", "m.flow", "-n", "5", "-o", "s.parquet")
    frame = pandas.read_parquet("s.parquet")
    assert list(map(str, frame.dtypes)) == ["float64", "int64"] and list(frame.columns) == ["price", "count"]


def test_impute(capsys, library):
    runs("fit", "gaps.csv", "-o", "m.flow", "--missing", "observed", *FAST)
    for name in ("a.csv", "b.csv"):
        runs("impute", "m.flow", "gaps.csv", "-o", name, "--seed", "3")
    found, given = lines("a.csv"), lines("gaps.csv")
    assert found == lines("b.csv") and found[0] == given[0] and len(found) == len(given)
    for row, old in zip(found[1:], given[1:], strict=True):
        assert all(row)
        assert old[2] in ("", row[2]) and (old[0] == "" or float(old[0]) == float(row[0]))
    runs("impute", "m.flow", "gaps.csv", "--seed", "3")
    assert capsys.readouterr().out.count("\n") == N + 1
    runs("fit", "texts.csv", "-o", "t.flow", *FAST)
    fails(capsys, "impute", "t.flow", "gaps.csv", match="gaps.csv, line 2, column 'price': an empty cell")


def test_numbers_are_read_as_ever(neither):
    """A table of numbers needs no frame, and is the estimator's own fit, bit for bit."""
    runs("fit", "numbers.csv", "-o", "m.flow", *FAST)
    X = np.array([[float(cell) for cell in row] for row in lines("numbers.csv")[1:]])
    own = FlowDensity("maf", n_layers=1, hidden_units=(4, 3), max_iter=2, random_state=0).fit(X)
    assert np.array_equal(nflows_np.load("m.flow").parameters_, own.parameters_)

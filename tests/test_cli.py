"""The command line: a user's own tables in and out, and one line about whatever is wrong with them."""

import csv
import io
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import nflows_np
from nflows_np import FlowDensity
from nflows_np._cli import main
from nflows_np._tables import TableError, read_table
from nflows_np.training import _Run

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FAST = ("--flow", "maf", "--n-layers", "1", "--hidden-units", "4,3", "--max-iter", "2", "--seed", "0")
NAMES = ["a", "b, c", "d"]


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(60, 3)) * [1.0, 1e-9, 1e6]


@pytest.fixture(scope="module")
def fitted(rows):
    return FlowDensity("maf", n_layers=1, hidden_units=(4, 3), max_iter=2, random_state=0).fit(rows)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch, rows):
    """A folder with tables of every kind and two models."""
    monkeypatch.chdir(tmp_path)
    write_csv("named.csv", rows, NAMES)
    write_csv("plain.csv", rows)
    np.save("rows.npy", rows)
    np.savez("rows.npz", rows)
    np.savez_compressed("several.npz", X=rows, y=rows[:, 0], half=rows[::2])
    return tmp_path


@pytest.fixture
def models(place, capsys):
    """named.flow knows the columns' names, plain.flow does not."""
    assert main(["fit", "named.csv", "-o", "named.flow", "-q", *FAST]) == 0
    assert main(["fit", "plain.csv", "-o", "plain.flow", "-q", *FAST]) == 0
    capsys.readouterr()


def write_csv(path, rows, names=None, delimiter=","):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        if names is not None:
            writer.writerow(names)
        writer.writerows(rows.tolist())


def read_csv(text):
    header, *lines = csv.reader(io.StringIO(text))
    return header, np.array([[float(cell) for cell in line] for line in lines])


def fails(capsys, *argv, match=""):
    """Status 2 and one line on the standard error, nothing on the standard output."""
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("nflows_np: error: ") and err.count("\n") == 1 and err.endswith("\n")
    assert match in err


# What works


@pytest.mark.parametrize(
    "table", ["named.csv", "plain.csv", "rows.npy", "rows.npz", "several.npz", "semicolons.csv", "tabs.txt"]
)
def test_fit_is_the_estimators(capsys, rows, fitted, table):
    """Whatever the table is kept in, the same model comes of it, bit for bit: no digit is lost on the way."""
    write_csv("semicolons.csv", rows, NAMES, delimiter=";")
    write_csv("tabs.txt", rows, delimiter="\t")
    assert main(["fit", table, "-o", "model.flow", *FAST]) == 0
    out, err = capsys.readouterr()
    assert "epoch    2" in out and out.splitlines()[-1].startswith("model.flow: ") and err == ""
    model = nflows_np.load("model.flow")
    assert np.array_equal(model.score_samples(rows), fitted.score_samples(rows))
    named = table in ("named.csv", "semicolons.csv")
    assert list(getattr(model, "feature_names_in_", [])) == (NAMES if named else [])


def test_options_of_fit(rows):
    options = ["--batch-size", "32", "--learning-rate", "0.01", "--dtype", "float64", "--n-jobs", "2"]
    options += ["--array", "half"]
    assert main(["fit", "several.npz", "-o", "model.flow", "-q", *FAST, *options]) == 0
    found = nflows_np.load("model.flow").get_params()
    expected = FlowDensity("maf").get_params() | {
        "n_layers": 1, "hidden_units": (4, 3), "max_iter": 2, "batch_size": 32, "learning_rate_init": 0.01,
        "dtype": "float64", "n_jobs": 2, "random_state": 0, "verbose": 0,
    }  # fmt: skip
    assert found == expected
    assert nflows_np.load("model.flow").loss_curve_ == pytest.approx(
        FlowDensity(**expected).fit(rows[::2]).loss_curve_
    )


def test_defaults_of_fit_are_the_estimators(rows):
    assert main(["fit", "plain.csv", "-o", "model.flow", "-q", "--max-iter", "1"]) == 0
    assert nflows_np.load("model.flow").get_params() == FlowDensity(max_iter=1).get_params()


def test_validation_rows(capsys, rows, fitted):
    """Their columns are put in order by name; and nothing is said of names, which were compared."""
    write_csv("validation.csv", rows[:20, ::-1], NAMES[::-1])
    assert main(["fit", "named.csv", "-o", "model.flow", "--validation", "validation.csv", *FAST]) == 0
    out, err = capsys.readouterr()
    assert "feature names" not in err
    model = nflows_np.load("model.flow")
    assert model.early_stopping_
    by_hand = FlowDensity("maf", n_layers=1, hidden_units=(4, 3), max_iter=2, random_state=0)
    by_hand.fit(rows, X_val=rows[:20])
    assert model.best_validation_score_ == by_hand.best_validation_score_
    assert f"mean log-likelihood {model.best_validation_score_:.4f} on validation rows" in out
    write_csv("other.csv", rows[:20], ["a", "b", "c"])
    fails(capsys, "fit", "named.csv", "-o", "x", "--validation", "other.csv", match="missing ['b, c', 'd']")


def test_score(capsys, models, rows, fitted):
    expected = fitted.score_samples(rows)
    for model, table in (
        ("named.flow", "named.csv"), ("named.flow", "plain.csv"), ("named.flow", "several.npz"),
        ("plain.flow", "named.csv"), ("plain.flow", "rows.npy"),
    ):  # fmt: skip
        assert main(["score", model, table]) == 0
        out, err = capsys.readouterr()
        header, found = read_csv(out)
        assert header == ["log_density"]
        assert np.array_equal(found[:, 0], expected)  # every digit
        assert err == f"mean log-density {expected.mean():.6f} nats over 60 rows\n"


def test_score_into_files(capsys, models, rows, fitted):
    expected = fitted.score_samples(rows)[:, None]
    for target in ("out.csv", "out.npy", "out.npz", "OUT.NPY", "out"):
        assert main(["score", "plain.flow", "rows.npy", "-o", target]) == 0
        assert capsys.readouterr().out == ""
    assert np.array_equal(np.load("out.npy"), expected) and np.array_equal(np.load("OUT.NPY"), expected)
    assert np.array_equal(np.load("out.npz")["X"], expected)
    for target in ("out.csv", "out"):
        with open(target) as file:
            assert np.array_equal(read_csv(file.read())[1], expected)


def test_columns_are_taken_by_name(capsys, models, rows, fitted):
    write_csv("turned.csv", rows[:, [2, 0, 1]], [NAMES[2], NAMES[0], NAMES[1]])
    assert main(["score", "named.flow", "turned.csv"]) == 0
    assert np.array_equal(read_csv(capsys.readouterr().out)[1][:, 0], fitted.score_samples(rows))
    write_csv("other.csv", rows, ["a", "B", "d"])
    fails(capsys, "score", "named.flow", "other.csv", match="missing ['b, c'], unknown ['B']")
    write_csv("fewer.csv", rows[:, :2], NAMES[:2])
    fails(capsys, "score", "named.flow", "fewer.csv", match="missing ['d'], unknown none")


def test_sample(capsys, models, fitted):
    expected = fitted.sample(7, random_state=3)
    for model, names in (("named.flow", NAMES), ("plain.flow", ["x0", "x1", "x2"])):
        assert main(["sample", model, "-n", "7", "--seed", "3"]) == 0
        out, err = capsys.readouterr()
        header, found = read_csv(out)
        assert header == names and err == ""
        assert np.array_equal(found, expected)
    assert main(["sample", "plain.flow", "-n", "7", "--seed", "3", "-o", "samples.npz"]) == 0
    assert np.array_equal(np.load("samples.npz")["X"], expected)
    assert main(["sample", "plain.flow", "-n", "7"]) == 0
    assert not np.array_equal(read_csv(capsys.readouterr().out)[1], expected)


def test_samples_are_a_table_again(capsys, models, fitted):
    assert main(["sample", "named.flow", "-n", "50", "--seed", "1", "-o", "samples.csv"]) == 0
    assert main(["score", "named.flow", "samples.csv"]) == 0
    found = read_csv(capsys.readouterr().out)[1][:, 0]
    assert np.array_equal(found, fitted.score_samples(fitted.sample(50, random_state=1)))


# What is wrong with a table


@pytest.mark.parametrize("name, content, match", [
    ("empty.csv", b"", "empty.csv: empty."),
    ("blank.csv", b"\n\n", "blank.csv: empty."),
    ("header.csv", b"a,b,d\n", "a header and no rows"),
    ("hole.csv", b"a,b,d\n1,,3\n", "line 2, column 'b': an empty cell"),
    ("nan.csv", b"a,b,d\n1,2,3\n1,nan,3\n", "row 2, column 'b': nan"),
    ("inf.csv", b"1,2,-inf\n1,2,3\n", "row 1, column 3: -inf"),
    ("ragged.csv", b"a,b,d\n1,2,3\n1,2\n", "line 3: 2 columns, where the first line has 3"),
    ("long.csv", b"a,b,d\n1,2,3,4\n", "3 columns in the first line and 4 below"),
    ("twice.csv", b"a,b,a\n1,2,3\n", "have the same name"),
    ("binary.csv", bytes(range(256)), "not a text file"),
    ("line.csv", b"x" * 200_000, "not a table"),
    ("zero.csv", b"a,b,d\n1,\0,3\n", "is not a number"),
    ("empty.npy", b"", "not a NumPy file"),
    ("text.npy", b"a,b,d\n", "not a NumPy file"),
    ("empty.npz", b"", "not a NumPy file"),
    ("text.npz", b"a,b,d\n", "not a NumPy file"),
    ("cut.npz", b"PK\x03\x04 and no more", "not a NumPy file"),
])  # fmt: skip
def test_tables_that_are_none(capsys, models, name, content, match):
    with open(name, "wb") as file:
        file.write(content)
    for command in (["fit", name, "-o", "new.flow", *FAST], ["score", "plain.flow", name]):
        fails(capsys, *command, match=match)
    assert not os.path.exists("new.flow")


@pytest.mark.parametrize("array, match", [
    (np.zeros(3), "not rows and columns"),
    (np.zeros((2, 3, 4)), "not rows and columns"),
    (np.zeros((4, 3), dtype=complex), "complex128"),
    (np.zeros((4, 3), dtype="U3"), "not rows and columns"),
    (np.array([[{}, 1, 2]], dtype=object), "bject"),
    (np.array([[1, 2, 3], [1, np.nan, 3.0]]), "row 2, column 2: nan"),
    (np.zeros((0, 3)), "0 sample(s)"),
])  # fmt: skip
def test_arrays_that_are_no_tables(capsys, models, array, match):
    np.save("array.npy", array)
    np.savez("array.npz", array)
    for name in ("array.npy", "array.npz"):
        fails(capsys, "score", "plain.flow", name, match=match)


def test_damaged_arrays(capsys, models):
    with open("rows.npy", "rb") as file:
        whole = file.read()
    with open("cut.npy", "wb") as file:
        file.write(whole[:-100])
    fails(capsys, "score", "plain.flow", "cut.npy", match="cut.npy: not a NumPy file of numbers")
    for name in ("rows.npz", "several.npz"):
        with open(name, "rb") as file:
            damaged = bytearray(file.read())
        damaged[300] ^= 0xFF
        with open("damaged.npz", "wb") as file:
            file.write(damaged)
        fails(capsys, "score", "plain.flow", "damaged.npz", match="cannot be read")


def read_or_refused(name):
    """A damaged file is a table still, or a TableError of one line with its name: nothing else."""
    try:
        return bool(len(read_table(name).values))
    except TableError as error:
        assert str(error).startswith(name) and "\n" not in str(error) and len(str(error)) < 500
        return False


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["rows.npy", "rows.npz", "several.npz", "named.csv"])
def test_damaged_bytes(name):
    with open(name, "rb") as file:
        whole = file.read()
    rng = np.random.default_rng(0)
    read = []
    for _ in range(300):
        damaged = bytearray(whole)
        for at in rng.integers(min(len(whole), 128), size=rng.integers(1, 4)):
            damaged[at] = rng.choice([rng.integers(256), *b"0(){}[]',:-\x00"])
        with open(f"damaged-{name}", "wb") as file:
            file.write(damaged)
        read.append(read_or_refused(f"damaged-{name}"))
    assert not all(read)


def header(text):
    text = text.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", [
    "", "{", "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': 0, 'shape': (2, 3)}",
    *(
        f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"
        for descr, shape in [
            ("'<f8'", "(-1, 3)"), ("'<f8'", "(-1L, 3L)"), ("'<f8'", "(10**9, 3)"), ("'<f8'", f"({10**19}, 3)"),
            ("'<f8'", f"({2**62}, {2**62})"), ("'<f8'", f"({10**15}, 0)"), ("'<f8'", "(0, 0)"),
            ("'<f8'", "(True, 3)"), ("'<f8'", "(2.0, 3)"), ("'<f8'", "()"), ("'<f8'", "(1,) * 70"),
            ("'<f8,('", "(2, 3)"), ("'(1,,)f8'", "(2, 3)"), ("'<q8x'", "(2, 3)"), ("'|O'", "(2, 3)"),
            ("'<f-8'", "(2, 3)"), ("'|V0'", "(2, 3)"), ("[]", "(2, 3)"), ("{}", "(2, 3)"), ("None", "(2, 3)"),
            ("[('a',)]", "(2, 3)"), ("('<f8', -1)", "(2, 3)"), ("1", "(2, 3)"), ("'\\ud800'", "(2, 3)"),
        ]
    ),
])  # fmt: skip
def test_damaged_headers(capsys, models, text):
    with open("bad.npy", "wb") as file:
        file.write(header(text) + b"\0" * 24)
    fails(capsys, "score", "plain.flow", "bad.npy", match="bad.npy: ")


def test_archives_and_arrays_under_each_other_s_names(capsys, models):
    os.replace("rows.npz", "archive.npy")
    os.replace("rows.npy", "array.npz")
    fails(capsys, "score", "plain.flow", "archive.npy", match="archive.npy: an .npz archive")
    fails(capsys, "score", "plain.flow", "array.npz", match="array.npz: not an .npz archive")


@pytest.mark.filterwarnings("error")
def test_headers_of_python_2(capsys, models):
    text = "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 3L)}"
    with open("old.npy", "wb") as file:
        file.write(header(text) + b"\0" * 48)
    assert main(["score", "plain.flow", "old.npy"]) == 0
    assert capsys.readouterr().err.startswith("mean log-density")


def test_names_and_cells_are_quoted_in_short(capsys, models, rows):
    np.savez("names.npz", **{f"{i}\n{'x' * 1000}": rows for i in range(30)})
    fails(capsys, "score", "plain.flow", "names.npz", match=", and 20 more]. Say which")
    write_csv("wide.csv", np.zeros((2, 3000)), [f"{i}{'x' * 100}" for i in range(3000)])
    fails(capsys, "score", "named.flow", "wide.csv", match=", and 2990 more].")
    with open("cell.csv", "w") as file:
        file.write("a,b,d\n1,2," + "x" * 100_000)
    fails(capsys, "score", "plain.flow", "cell.csv", match="line 2, column 'd': 'xxx")
    for name in ("names.npz", "wide.csv", "cell.csv"):
        main(["score", "named.flow", name])
        assert len(capsys.readouterr().err) < 2500


def test_cells_without_end(capsys, models):
    with open("long.csv", "w") as file:
        file.write("1,2,3\n4,5," + "x" * 200_000)
    fails(capsys, "score", "plain.flow", "long.csv", match="long.csv, line 2: not a table")


def test_arrays_of_an_archive(capsys, models, rows):
    np.savez("two.npz", A=rows, B=rows)
    fails(capsys, "score", "plain.flow", "two.npz", match="there are ['A', 'B']. Say which with --array.")
    fails(capsys, "score", "plain.flow", "two.npz", "--array", "C", match="no array 'C'")
    assert main(["score", "plain.flow", "two.npz", "--array", "B"]) == 0


# What is wrong otherwise


def test_files_that_are_not_there(capsys, models):
    for command in (
        ["fit", "nowhere.csv", "-o", "new.flow"], ["score", "plain.flow", "nowhere.npy"],
        ["score", "nowhere.flow", "rows.npy"], ["sample", "nowhere.flow", "-n", "1"],
        ["fit", "plain.csv", "-o", "new.flow", "--validation", "nowhere.npz"],
    ):  # fmt: skip
        fails(capsys, *command, match="No such file or directory: 'nowhere")


def test_targets_that_cannot_be(capsys, models, monkeypatch):
    """For a model that is found before the fit, not after it."""
    monkeypatch.setattr(FlowDensity, "_fit_flow", lambda *args, **kwargs: pytest.fail("fitted in vain"))
    for target in ("nowhere/new.flow", ".", "", "rows.npy/new.flow"):
        fails(capsys, "fit", "plain.csv", "-o", target, *FAST, match=target or "''")
    for target in ("nowhere/out.csv", "nowhere/out.npy", "nowhere/out.npz"):
        fails(capsys, "sample", "plain.flow", "-n", "1", "-o", target, match=target)
        assert main(["score", "plain.flow", "rows.npy", "-o", target]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_other_numbers_of_columns(capsys, models, rows):
    np.save("two.npy", rows[:, :2])
    fails(capsys, "score", "plain.flow", "two.npy", match="X has 2 features, but FlowDensity is expecting 3")
    fails(
        capsys, "fit", "rows.npy", "-o", "x", "--validation", "two.npy", *FAST, match="X_val has 2 features"
    )
    np.save("one.npy", rows[:1])
    fails(capsys, "fit", "one.npy", "-o", "x", *FAST, match="1 sample")


def test_damaged_models(capsys, models):
    with open("plain.flow", "rb") as file:
        whole = file.read()
    damaged = whole[: len(whole) // 2] + b"!" + whole[len(whole) // 2 + 1 :]
    for content in (b"", b"x", whole[:500], damaged):
        with open("bad.flow", "wb") as file:
            file.write(content)
        fails(capsys, "score", "bad.flow", "rows.npy", match="bad.flow")
        fails(capsys, "sample", "bad.flow", "-n", "1", match="bad.flow")
    fails(capsys, "score", "rows.npz", "rows.npy", match="rows.npz: no model.json")


@pytest.mark.parametrize("options, match", [
    (["-n", "0"], "n_samples must be an integer of at least 1, got 0"),
    (["-n", "-3"], "n_samples must be an integer of at least 1, got -3"),
    (["-n", "1000000000000000"], "nable to allocate"),
    (["-n", "1", "--seed", "-1"], "random_state must be None, an int from 0 to 2**32 - 1"),
])  # fmt: skip
def test_numbers_that_cannot_be(capsys, models, options, match):
    fails(capsys, "sample", "plain.flow", *options, match=match)


def test_parameters_that_cannot_be(capsys):
    for name in ("n-layers", "max-iter", "learning-rate", "n-jobs", "hidden-units"):
        fails(capsys, "fit", "plain.csv", "-o", "x", f"--{name}", "0", match=name.replace("-", "_"))
    assert not os.path.exists("x")


@pytest.mark.parametrize("argv, match", [
    (["fit"], "required: TABLE, -o/--output"),
    (["fit", "plain.csv"], "required: -o/--output"),
    (["score", "plain.flow"], "required: TABLE"),
    (["sample", "plain.flow"], "required: -n/--n-samples"),
    (["sample", "plain.flow", "-n", "many"], "invalid int value: 'many'"),
    (["fit", "plain.csv", "-o", "x", "--flow", "spline"], "invalid choice: 'spline'"),
    (["fit", "plain.csv", "-o", "x", "--hidden-units", "64,"], "'64,' is no width"),
    (["train"], "invalid choice: 'train'"),
])  # fmt: skip
def test_usage(capsys, argv, match):
    with pytest.raises(SystemExit) as exit:
        main(argv)
    assert exit.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("usage: python -m nflows_np")
    assert match in err.splitlines()[-1]


def test_interrupt(capsys, monkeypatch):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("nflows_np._cli_commands.loaded", interrupted)
    assert main(["sample", "plain.flow", "-n", "1"]) == 130
    assert capsys.readouterr().err == "nflows_np: interrupted\n"


def test_an_interrupted_fit_is_written(capsys, models, monkeypatch):
    """With the best weights so far; what is interrupted before there are any leaves no file."""
    original, calls = _Run.epoch, []

    def epoch(self):
        calls.append(1)
        if len(calls) in (1, 4):
            raise KeyboardInterrupt
        return original(self)

    with monkeypatch.context() as patch:
        patch.setattr(_Run, "_judge_best", interrupted)
        assert main(["fit", "plain.csv", "-o", "broken.flow", *FAST]) == 130
    assert not os.path.exists("broken.flow")
    monkeypatch.setattr(_Run, "epoch", epoch)
    for epochs in (0, 2):
        assert main(["fit", "plain.csv", "-o", "broken.flow", *FAST, "--max-iter", "50", "-q"]) == 130
        assert "nflows_np: interrupted\n" in capsys.readouterr().err
        assert len(nflows_np.load("broken.flow").loss_curve_) == epochs


def interrupted(*args):
    raise KeyboardInterrupt


@pytest.mark.parametrize("command", [[], ["fit"], ["score"], ["sample"], ["impute"]])
def test_help(capsys, command):
    with pytest.raises(SystemExit) as exit:
        main([*command, "--help"])
    assert exit.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: python -m nflows_np")
    assert all(word in out for word in (("fit", "score", "sample", "impute") if not command else ("-o",)))


def test_version(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--version"])
    assert exit.value.code == 0
    assert capsys.readouterr().out == f"nflows_np {nflows_np.__version__}\n"


# As a program


def program(*argv, **environment):
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-m", "nflows_np", *argv],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
    )


def test_as_a_program(rows, fitted):
    done = program("fit", "named.csv", "-o", "model.flow", *FAST)
    assert done.returncode == 0 and "epoch    2" in done.stdout
    assert re.fullmatch("nflows_np: ConvergenceWarning: Maximum number of epochs .*\n", done.stderr)
    scored = program("score", "model.flow", "named.csv")
    assert scored.returncode == 0
    assert np.array_equal(read_csv(scored.stdout)[1][:, 0], fitted.score_samples(rows))
    wrong = program("score", "model.flow", "nowhere.csv")
    assert (wrong.returncode, wrong.stdout) == (2, "") and wrong.stderr.count("\n") == 1


def test_warnings_are_one_line():
    done = program("fit", "named.csv", "-o", "model.flow", "--validation", "named.csv", "-q", *FAST)
    assert done.returncode == 0 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("nflows_np: ConvergenceWarning: Maximum number of epochs (2) reached")


def test_an_engine_that_cannot_be(models):
    done = program("score", "plain.flow", "rows.npy", NFLOWS_NP_ISA="abacus")
    assert done.returncode == 2 and done.stderr.startswith("nflows_np: error: NFLOWS_NP_ISA=abacus: unknown")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/bin/sh"), reason="needs a shell")
def test_a_reader_that_goes_away(models):
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' -m nflows_np sample plain.flow -n 200000 | head -n 1"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("x0,x1,x2\n", "")


def test_the_main_job(place):
    """Without a command: on rows held out, the flow beats a Gaussian by far, and what is tuned beside it."""
    pytest.importorskip("matplotlib")
    done = program(MPLBACKEND="agg")
    assert (done.returncode, done.stderr) == (0, "")
    scores = {}
    for line in done.stdout.splitlines():
        if line.startswith("  ") and " +- " in line:
            *words, score = line.partition(" +- ")[0].split()
            scores[" ".join(words)] = float(score)
    assert list(scores) == [
        "FlowDensity, defaults", "Gaussian", "GaussianMixture, tuned", "KernelDensity, tuned",
    ]  # fmt: skip
    flow, gaussian, mixture, kernels = scores.values()
    assert flow > gaussian + 1.0
    assert flow > max(mixture, kernels)
    assert "10,000 samples in" in done.stdout
    assert (place / "nflows_np.png").stat().st_size > 10_000

"""The way into panels and back, against the definition, for every type, layout and choice of rows."""

import sys
import threading
import time
import tracemalloc

import numpy as np
import pytest
from nflows_np._stream import n_panels
from tables import PANELS, every_panel, every_source, gathered, table

from nflows_np.columns import Gather, Scatter


def panels_by_definition(X, loc, scale, panel):
    n, d = X.shape
    z = (np.asarray(X, dtype=np.float64) - loc) / scale
    out = np.zeros((-(-n // 16), d, 16), dtype=panel)
    for r in range(n):
        out[r // 16, :, r % 16] = z[r]
    return out


# ---- gather


@every_source
@every_panel
@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 100])
def test_gather_is_its_definition(source, panel, n):
    X = table(source, n, 3)
    loc, scale = np.array([0.1, -3.0, 1e3]), np.array([2.0, 1e-3, 7.0])
    assert np.array_equal(gathered(X, None, loc, scale, panel), panels_by_definition(X, loc, scale, panel))


@every_source
@pytest.mark.parametrize(
    "layout", ["F", "rows", "columns", "reversed", "broadcast", "read-only", "misaligned"]
)
def test_gather_reads_any_layout(source, layout):
    X = table(source, 50, 6)
    if layout == "F":
        X = np.asfortranarray(X)
    elif layout == "rows":
        X = X[::3]
    elif layout == "columns":
        X = X[:, 1::2]
    elif layout == "reversed":
        X = X[::-1, ::-1]
    elif layout == "broadcast":
        X = np.broadcast_to(X[3], X.shape)
    elif layout == "read-only":
        X.flags.writeable = False
    else:
        buffer = np.zeros(X.nbytes + 1, dtype=np.uint8)
        shifted = buffer[1:].view(X.dtype).reshape(X.shape)
        shifted[...] = X
        X = shifted
    zero, one = np.zeros(X.shape[1]), np.ones(X.shape[1])
    assert np.array_equal(gathered(X), panels_by_definition(X, zero, one, np.float64))
    rows = np.array([7, 0, 7, len(X) - 1])
    assert np.array_equal(gathered(X, rows), panels_by_definition(X[rows], zero, one, np.float64))


def test_gather_reads_a_memory_map(tmp_path):
    X = table(np.float32, 40, 3)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert np.array_equal(gathered(mapped), gathered(X))


@every_panel
@pytest.mark.parametrize("source", [np.float64, np.float16])
def test_gather_takes_rows_in_any_order(panel, source):
    X = table(source, 30_000, 2)
    rng = np.random.default_rng(1)
    loc, scale = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    for rows in (rng.integers(0, len(X), size=20_001), rng.permutation(len(X)), np.array([5])):
        expected = panels_by_definition(X[rows], loc, scale, panel)
        assert np.array_equal(gathered(X, rows, loc, scale, panel), expected)
    for rows in (slice(3, 29_990), slice(17, 18), slice(5, 5)):
        expected = panels_by_definition(X[rows], loc, scale, panel)
        assert np.array_equal(gathered(X, rows, loc, scale, panel), expected)


def test_a_rows_numbers_do_not_depend_on_its_company():
    X = table(np.float64, 100, 3)
    loc, scale = np.array([0.3, 0.2, 0.1]), np.array([0.7, 1.1, 1.3])
    whole = gathered(X, None, loc, scale).transpose(0, 2, 1).reshape(-1, 3)
    for r in range(100):
        assert np.array_equal(gathered(X, np.array([r]), loc, scale)[0, :, 0], whole[r])


def test_gather_makes_no_copy_of_the_table():
    for source in (np.int16, np.float64, np.float16):
        X = np.ones((200_000, 10), dtype=source)
        rows = np.arange(64)
        tracemalloc.start()
        gathered(X, rows)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100_000


@every_panel
def test_finite_stays_finite(panel):
    largest = np.finfo(panel).max
    X = np.array([[1.5e308, 1e300, -1e300, 5e-324, np.inf, -np.inf, np.nan]])
    loc = np.array([-1.5e308, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    scale = np.array([1e308, 1e-300, 1e-300, 5e-324, 1.0, 1.0, 1.0])
    z = gathered(X, None, loc, scale, panel)[0, :, 0]
    assert z == pytest.approx([3.0, largest, -largest, 1.0, np.inf, -np.inf, np.nan], nan_ok=True, rel=1e-6)


@every_panel
def test_one_far_value_does_not_change_its_neighbours(panel):
    X = table(np.float64, 16, 1)
    far = X.copy()
    far[5] = 1e308
    loc, scale = np.array([0.1]), np.array([1e-3])
    near = np.arange(16) != 5
    assert np.array_equal(
        gathered(X, None, loc, scale, panel)[..., near], gathered(far, None, loc, scale, panel)[..., near]
    )


def test_gather_releases_the_gil():
    X, out = np.ones((100_000, 20)), np.empty((6250, 20, 16))
    rows = Gather(X, slice(None), np.zeros(20), np.ones(20), out.dtype)
    inside, ticks = False, 0

    def work():
        nonlocal inside
        inside = True
        rows.move(out)
        inside = False

    previous = sys.getswitchinterval()
    sys.setswitchinterval(10.0)  # no thread is interrupted: one runs where another gives way
    try:
        thread = threading.Thread(target=work)
        thread.start()
        while thread.is_alive():
            ticks += inside
            time.sleep(0)
    finally:
        sys.setswitchinterval(previous)
    assert ticks > 0


ZERO, ONE = np.zeros(2), np.ones(2)
X2 = np.zeros((4, 2))


@pytest.mark.parametrize(
    "error, message, changed",
    [
        (ValueError, "the table must be a 2-D ndarray; got list", {"X": [[1.0]]}),
        (ValueError, "the table must be a 2-D ndarray; got an array of shape .3,.", {"X": np.zeros(3)}),
        (TypeError, "the table must be boolean, integer or real; got dtype complex128", {"X": X2 + 0j}),
        (TypeError, "got dtype object", {"X": X2.astype(object)}),
        (TypeError, "got dtype datetime64", {"X": X2.astype("M8[s]")}),
        (IndexError, r"rows\[1\] = 4 is not a row of 4", {"rows": np.array([0, 4])}),
        (IndexError, r"rows\[0\] = -1 is not a row of 4", {"rows": np.array([-1])}),
        (IndexError, "rows must be a slice of 4 rows with step 1", {"rows": slice(0, 4, 2)}),
        (TypeError, "rows must be a 1-D int64 ndarray", {"rows": np.array([0.0])}),
        (TypeError, "rows must be a 1-D int64 ndarray", {"rows": [0]}),
        (ValueError, r"loc must have shape \(2,\)", {"loc": np.zeros(3)}),
        (TypeError, "scale must be a contiguous float64", {"scale": np.ones(2, int)}),
        (TypeError, "dtype must be float32 or float64; got int64", {"dtype": int}),
    ],
)
def test_gather_checks_its_arguments(error, message, changed):
    arguments = {"X": X2, "rows": slice(0, 1), "loc": ZERO, "scale": ONE, "dtype": float} | changed
    with pytest.raises(error, match=message):
        Gather(*arguments.values())


def test_rows_past_the_end_of_a_slice_are_none():
    assert Gather(X2, slice(2, 9), ZERO, ONE, float).shape == (1, 2, 16)
    assert Gather(X2, slice(3, 1), ZERO, ONE, float).shape == (0, 2, 16)


def test_panels_are_checked_before_they_are_moved():
    stream = Gather(X2, slice(0, 1), ZERO, ONE, float)
    for panels in (np.empty((2, 2, 16)), np.empty((1, 2, 16), np.float32), [[[0.0] * 16] * 2]):
        with pytest.raises(ValueError, match=r"panels must be of shape \(1, 2, 16\) and dtype float64; got"):
            stream.move(panels)
    read_only = np.zeros((1, 2, 16))
    read_only.flags.writeable = False
    for panels in (read_only, np.empty((1, 2, 32))[..., ::2]):
        with pytest.raises(ValueError, match="panels must be C-contiguous, aligned and writeable"):
            stream.move(panels)


# ---- scatter


@every_panel
@pytest.mark.parametrize("target", PANELS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 100])
def test_scatter_is_its_definition(panel, target, order, n):
    panels = np.random.default_rng(0).normal(size=(n_panels(n), 3, 16)).astype(panel)
    loc, scale = np.array([0.1, -3.0, 1e3]), np.array([2.0, 1e-3, 7.0])
    out = np.full((n, 3), np.nan, dtype=target, order=order)
    Scatter(out, loc, scale, panel).move(panels)
    rows = panels.transpose(0, 2, 1).reshape(-1, 3)[:n]
    rtol = 4 * float(np.finfo(target).eps)
    np.testing.assert_allclose(out, rows.astype(np.float64) * scale + loc, rtol=rtol)


def test_scatter_undoes_gather():
    X = table(np.float64, 45, 4)
    loc, scale = X.mean(axis=0), X.std(axis=0)
    out = np.empty_like(X)
    Scatter(out, loc, scale, float).move(gathered(X, None, loc, scale))
    assert out == pytest.approx(X, rel=1e-12, abs=1e-14)


def test_scatter_stays_finite():
    panels = np.zeros((1, 3, 16))
    panels[0, :, 0] = [1.9, 1e300, -1e300]
    out = np.empty((1, 3))
    Scatter(out, np.array([-1e308, 0.0, 0.0]), np.array([1e308, 1e300, 1e300]), float).move(panels)
    assert out[0] == pytest.approx([0.9e308, np.finfo(float).max, -np.finfo(float).max])


def test_scatter_checks_its_arguments():
    with pytest.raises(ValueError, match="the table must be a 2-D ndarray"):
        Scatter(np.empty(2), ZERO, ONE, float)
    with pytest.raises(TypeError, match="the table must be writeable float32 or float64"):
        Scatter(np.empty((1, 2), dtype=int), ZERO, ONE, float)
    with pytest.raises(ValueError, match=r"loc must have shape \(3,\)"):
        Scatter(np.empty((1, 3)), ZERO, ONE, float)

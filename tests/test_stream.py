"""Streams of panels give the engine what an array of panels would, to the last bit."""

import numpy as np
import pytest
from engine_flows import every_dtype, every_isa, random_flow
from nflows_np._stream import PanelStream, StandardNormal
from tables import gathered

from nflows_np.columns import Gather, Scatter
from nflows_np.specs import Affine, Autoregressive, LinearGaussian, Permutation

N, D = 1003, 5  # eight tiles, the last of them short
LOC, SCALE = np.linspace(-1.0, 1.0, D), np.linspace(0.5, 2.0, D)
# With as many parameters, that many rows are worth three threads (worthwhile_threads in csrc/flow/flow.cpp).
LAYERS = [Autoregressive(Affine(), hidden_units=(64, 64)), Permutation("reverse"), LinearGaussian()]
TABLE = np.random.default_rng(0).normal(size=(2 * N, D))
ROWS = np.random.default_rng(1).permutation(2 * N)[:N]

every_threads = pytest.mark.parametrize("n_threads", [1, 2, 3])


def flow_of(isa, dtype, n_context=0):
    return random_flow(LAYERS, D, n_context, dtype=dtype, isa=isa)[0]


@every_isa
@every_dtype
@every_threads
def test_rows_of_a_table(isa, dtype, n_threads):
    flow = flow_of(isa, dtype)
    rows, panels = Gather(TABLE, ROWS, LOC, SCALE, dtype), gathered(TABLE, ROWS, LOC, SCALE, dtype)
    assert np.array_equal(flow.log_prob(rows, N, n_threads=n_threads), flow.log_prob(panels, N))
    for method in (flow.forward, flow.inverse):
        found, expected = method(rows, N, n_threads=n_threads), method(panels, N)
        assert np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])


@every_isa
@every_dtype
@every_threads
def test_results_into_a_table(isa, dtype, n_threads):
    flow, panels = flow_of(isa, dtype), gathered(TABLE, ROWS, LOC, SCALE, dtype)
    for method in (flow.forward, flow.inverse):
        by_panels, by_stream = np.empty((N, D)), np.asfortranarray(np.full((N, D), np.nan))
        expected, log_det = method(panels, N)
        Scatter(by_panels, LOC, SCALE, dtype).move(expected)
        sink = Scatter(by_stream, LOC, SCALE, dtype)
        returned, stream_log_det = method(panels, N, n_threads=n_threads, out=sink)
        assert returned is sink
        assert np.array_equal(by_stream, by_panels) and np.array_equal(stream_log_det, log_det)


@every_dtype
@every_threads
def test_noise_is_read_in_order(dtype, n_threads):
    flow = flow_of(None, dtype)
    with StandardNormal(np.random.RandomState(3), N, D, dtype) as noise:
        panels = noise.move(np.empty(noise.shape, dtype))
    with StandardNormal(np.random.RandomState(3), N, D, dtype) as noise:
        found = flow.inverse(noise, N, n_threads=n_threads)
    expected = flow.inverse(panels, N)
    assert np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])


@every_isa
@every_dtype
def test_context(isa, dtype):
    flow = flow_of(isa, dtype, n_context=2)
    X, panels = TABLE[:N], gathered(TABLE[:N], None, None, None, dtype)
    given = Gather(TABLE[:, :2], ROWS, LOC[:2], SCALE[:2], dtype)
    context = gathered(TABLE[:, :2], ROWS, LOC[:2], SCALE[:2], dtype)
    rows = Gather(X, slice(None), np.zeros(D), np.ones(D), dtype)
    assert np.array_equal(flow.log_prob(rows, N, given, n_threads=2), flow.log_prob(panels, N, context))


@every_isa
@every_dtype
@every_threads
@pytest.mark.parametrize("batch_size", [256, 1008])
def test_training(isa, dtype, n_threads, batch_size):
    weights = np.random.default_rng(2).uniform(size=N)
    parameters = []
    for x, threads in (
        (gathered(TABLE, ROWS, LOC, SCALE, dtype), 1),
        (Gather(TABLE, ROWS, LOC, SCALE, dtype), n_threads),
    ):
        flow = flow_of(isa, dtype)
        before = flow.get_params()
        flow.trainer(learning_rate=1e-2).run(x, N, batch_size, weights=weights, n_threads=threads)
        parameters.append(flow.get_params())
        assert not np.array_equal(before, parameters[-1])
    assert np.array_equal(*parameters)


@every_isa
@every_dtype
@pytest.mark.parametrize("in_place", [True, False])
def test_training_in_an_order(isa, dtype, in_place):
    """Rows that an order lists, some twice, are the rows themselves, from a stream as from an array."""
    weights = np.random.default_rng(2).uniform(size=N)
    order = np.random.default_rng(3).integers(N, size=700)
    chosen = gathered(TABLE, ROWS[order], LOC, SCALE, dtype)
    whole = Gather if in_place else gathered
    found = []
    for x, n, w, which in (
        (chosen, len(order), weights[order], None),
        (whole(TABLE, ROWS, LOC, SCALE, dtype), N, weights, order),
    ):
        flow = flow_of(isa, dtype)
        losses, _ = flow.trainer(learning_rate=1e-2).run(x, n, 256, weights=w, n_threads=2, order=which)
        found.append((losses, flow.get_params()))
    assert np.array_equal(found[0][0], found[1][0]) and np.array_equal(found[0][1], found[1][1])


def test_an_order_of_other_rows_is_refused():
    flow = flow_of(None, "float32")
    rows = Gather(TABLE, ROWS, LOC, SCALE, np.float32)
    for order, message in [
        (np.array([0, N]), f"order: entry 1 is {N}, not a row of {N}"),
        (np.array([-1]), "order: entry 0 is -1"),
        (np.array([0.0]), "order: expected a C-contiguous array of int64"),
        (np.array([], dtype=np.int64), "training needs at least one row"),
    ]:
        with pytest.raises(ValueError, match=message):
            flow.trainer(learning_rate=1e-2).run(rows, N, 16, order=order)


def test_streams_that_do_not_fit_are_refused():
    flow = flow_of(None, "float32")
    rows = Gather(TABLE, ROWS, LOC, SCALE, np.float32)
    narrow = Gather(TABLE[:, :2], ROWS, LOC[:2], SCALE[:2], np.float32)
    double = Gather(TABLE, ROWS, LOC, SCALE, np.float64)
    for method in (flow.log_prob, flow.forward, flow.inverse):
        for args, message in [
            ((rows, N - 1), "expected a stream of 1002 rows and 5 features, got 1003 and 5"),
            ((narrow, N), "got 1003 and 2"),
            ((double, N), "expected a stream of numbers of 4 bytes, got 8"),
            ((rows, N, rows), "context: this flow takes none"),
            ((TABLE.tolist(), N), "expected a C-contiguous array of float32, got"),
        ]:
            with pytest.raises(ValueError, match=message):
                method(*args)
    with pytest.raises(ValueError, match="out: expected a stream"):
        flow.forward(rows, N, out=np.empty((N, D)))
    out = np.full((N, D), 7.0)
    with pytest.raises(ValueError, match="x: expected a stream of 1002 rows"):
        flow.forward(rows, N - 1, out=Scatter(out[1:], LOC, SCALE, np.float32))
    with pytest.raises(ValueError, match="out: expected a stream of 1003 rows"):
        flow.forward(rows, N, out=Scatter(out[1:], LOC, SCALE, np.float32))
    assert np.all(out == 7.0)


def test_training_does_not_take_rows_in_order_only():
    flow = flow_of(None, "float32")
    trainer = flow.trainer(learning_rate=1e-2)
    noise = StandardNormal(np.random.RandomState(0), N, D, np.float32)
    with pytest.raises(ValueError, match="training reads rows in any order"):
        trainer.run(noise, N, N)


def test_a_stream_that_nobody_opened_is_refused():
    stream = PanelStream()
    with pytest.raises(TypeError, match="PanelStream: nothing to move"):
        stream.stream  # noqa: B018
    with pytest.raises(TypeError, match="PanelStream: nothing to move"):
        stream.move(np.empty((0, 0, 16)))

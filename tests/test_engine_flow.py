"""The border of an engine's flow: what it refuses, in words, and that a refusal changes nothing."""

import numpy as np
import pytest
from engine_flows import every_dtype, every_isa, make_flow, random_flow, resolve

from nflows_np._engine import load
from nflows_np.specs import Affine, Autoregressive, Coupling, LinearGaussian, Permutation
from nflows_np.testing import to_panels


def flow_and_panels(isa, n_context=0):
    flow, _, _ = random_flow([LinearGaussian(), Coupling(Affine(), hidden_units=(5,))], 3, n_context, isa=isa)
    return flow, to_panels(np.random.default_rng(0).standard_normal((20, 3)))


@every_isa
def test_refused_parameters_change_nothing(isa):
    flow, _ = flow_and_panels(isa)
    before = flow.get_params()
    nan, inf = before.copy(), before.copy()
    nan[3], inf[-1] = np.nan, np.inf
    for wrong, message in [
        (before[1:], "shape"),
        (before[None], "shape"),
        (before.astype(np.float32), "float64"),
        (np.repeat(before, 2)[::2], "contiguous"),
        (before.tolist(), "array"),
        (nan, "entry 3"),
        (inf, f"entry {len(before) - 1}"),
    ]:
        with pytest.raises(ValueError, match=message):
            flow.set_params(wrong)
        assert np.array_equal(flow.get_params(), before)


@every_isa
def test_get_params_is_a_copy(isa):
    flow, _ = flow_and_panels(isa)
    before = flow.get_params()
    flow.get_params()[:] = 7.0
    assert np.array_equal(flow.get_params(), before)


@every_isa
def test_wrong_panels_are_refused(isa):
    flow, x = flow_and_panels(isa)
    for method in (flow.log_prob, flow.forward, flow.inverse):
        for args, message in [
            ((x, 40), "shape"),
            ((x, -1), "n"),
            ((x[:, :2].copy(), 20), "shape"),
            ((x.astype(np.float32), 20), "float64"),
            ((x.transpose(0, 2, 1), 20), "contiguous"),
            ((x, 20, x), "context"),
            ((x, 20, None, 0), "n_threads"),
        ]:
            with pytest.raises(ValueError, match=message):
                method(*args)
    for method in (flow.forward_vjp, flow.inverse_vjp):
        with pytest.raises(ValueError, match="shape"):
            method(x, 20, x[:1].copy(), np.zeros(20))
        with pytest.raises(ValueError, match="dlog_det"):
            method(x, 20, x, np.zeros(32))


@every_isa
def test_context_is_needed_where_there_is_one(isa):
    flow, x = flow_and_panels(isa, n_context=2)
    context = to_panels(np.zeros((20, 2)))
    assert np.isfinite(flow.log_prob(x, 20, context)).all()
    for wrong in (None, x, context[:1].copy(), context.astype(np.float32)):
        with pytest.raises(ValueError, match="context"):
            flow.log_prob(x, 20, wrong)


@every_isa
def test_wrong_starts_are_refused_and_change_nothing(isa):
    flow, x = flow_and_panels(isa)
    before, one_negative = flow.get_params(), np.ones(20)
    one_negative[4] = -1.0
    for args, message in [
        ((x[:0], 0), "at least one row"),
        ((x, 20, np.zeros(20)), "all are zero"),
        ((x, 20, one_negative), "negative"),
        ((x, 20, np.full(20, np.nan)), "finite"),
        ((x, 20, np.ones(19)), "weights"),
    ]:
        with pytest.raises(ValueError, match=message):
            flow.start_from_data(*args)
        assert np.array_equal(flow.get_params(), before)


@every_isa
def test_start_from_data_leaves_the_data_alone(isa):
    flow, x = flow_and_panels(isa)
    before = x.copy()
    flow.start_from_data(x, 20)
    assert np.array_equal(x, before)


@every_isa
def test_wrong_specs_are_refused(isa):
    make = load(isa).Flow64
    good = resolve([Coupling(Affine(), hidden_units=(4,)), Autoregressive(), Permutation()], 3)

    def changed(layer, **fields):
        layers = [dict(bijection) for bijection in good["bijections"]]
        layers[layer].update(fields)
        return {**good, "bijections": layers}

    make(good, 3)
    for spec, n_features, message in [
        (changed(0, name="nonsense"), 3, "nonsense"),
        (changed(0, transformer={"name": "nonsense"}), 3, "nonsense"),
        (changed(0, activation="nonsense"), 3, "nonsense"),
        (changed(0, kept=[0, 3]), 3, "3"),
        (changed(0, kept=[0, 0]), 3, "twice"),
        (changed(0, kept=[0, 1, 2]), 3, "all 3"),
        (changed(0, kept="alternating"), 3, "kept"),
        (changed(1, hidden_units=[4, 0]), 3, "hidden_units"),
        (changed(1, hidden_units=[-4]), 3, "hidden_units"),
        (changed(1, hidden_units=[2**32, 2**32]), 3, "hidden_units"),
        (changed(2, order=[0, 1]), 3, "order"),
        (changed(2, order=[0, 1, 1]), 3, "order"),
        ({**good, "base": {"name": "nonsense"}}, 3, "nonsense"),
        ({"name": "flow", "bijections": []}, 3, "base"),
        (good, 4, "order"),
        (good, 0, "n_features"),
    ]:
        with pytest.raises(ValueError, match=message):
            make(spec, n_features)


@every_isa
@every_dtype
def test_one_flow_serves_several_threads(isa, dtype):
    """The GIL is released: calls on one flow at the same time do not share working memory."""
    from concurrent.futures import ThreadPoolExecutor

    layers = [Autoregressive(Affine(), hidden_units=(32, 32)), Permutation()] * 3
    flow = make_flow(layers, 6, isa=isa, dtype=dtype)
    rows = [np.random.default_rng(seed).standard_normal((500, 6)) for seed in range(8)]
    panels = [to_panels(r, dtype) for r in rows]
    expected = [flow.log_prob(p, 500) for p in panels]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            found = list(pool.map(lambda p: flow.log_prob(p, 500, None, 2), panels))
            assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))

r"""Maps and their inverses at whatever parameters and rows: never a NaN, and errors that rounding explains.

For z = f(x) with slope f', all of it in a precision of epsilon e, rows may be off by

    |z - f(x)|          <= 4 n e (|z| + s_z + f' (|x| + s_x))          against the engine in double precision
    |x - f^-1(f(x))|    <= 4 m e (|x| + s_x + (|z| + s_z) / f')        in either precision

and likewise the other way round. Nothing smaller can be promised: x and z themselves are rounded, f passes the one
on by its slope, and f^-1 the other by one over it. s_x and s_z are the largest numbers that a formula adds to x and
z, as the ends of a spline's interval are: what it loses is relative to those. Where f is flat, as mixtures are between
their modes, no way back finds x: then f has to make the same z of both. n is how many terms it sums up, m how
many of them its two directions do not share: the inverse of a spline walks the spline's own knots. Log-dets may be
off by 16 n e in each feature, and by what they differ where those errors may carry a row.

An example is 16 maps with parameters of their own at some 400 rows, so that the examples of one test make a million
numbers. They are the same in every run; `pytest tests/test_fuzz.py --hypothesis-profile long` draws many others.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest
from engine_flows import ISAS, make_flow, resolve
from hypothesis import given
from hypothesis import strategies as st
from reference import registry

from nflows_np import specs
from nflows_np._engine import engine
from nflows_np.specs import Elementwise, Planar, Radial, Sylvester
from nflows_np.testing import apply, check_rounding, vjp

EPS = {dtype: float(np.finfo(dtype).eps) for dtype in ("float32", "float64")}
N_MAPS = 16
FAR = 1e14  # float32 holds what is further out at 1e15 (csrc/bijections/sequence.cpp)

BOUNDS = st.sampled_from([1.0, 5.0, 100.0])
SEEDS = st.integers(0, 2**32 - 1)


class Fuzzed(NamedTuple):
    """A transformer's options, the numbers n and m of terms, and s_x and s_z, from its spec and parameters."""

    options: dict[str, Any] = {}
    n_terms: Any = lambda spec: 1
    n_other: Any = lambda spec: 1
    sizes: Any = lambda spec, p, x: (1.0, 1.0)


def shift_sizes(spec, p, x):
    return np.abs(p[:, 0]), 0.0


def affine_sizes(spec, p, x):
    return 0.0, np.abs(p[:, 0])


def affine_spline_sizes(spec, p, x):
    return (np.abs(p[:, 0]) + spec.tail_bound) * np.exp(2.0 * np.tanh(p[:, 1] / 2.0)), spec.tail_bound


def interval_sizes(spec, p, x):
    bound = getattr(spec, "tail_bound", None) or spec.bound
    return bound, bound


def circle_sizes(spec, p, x):
    """The turns, half a turn of the spline, and the phase."""
    return 3 * np.pi + np.abs(x), 3 * np.pi + np.abs(x)


def sum_of_squares_sizes(spec, p, x):
    """The terms of a polynomial cancel, and so may z and its constant."""
    largest = np.abs(4.0 * np.tanh(p[:, 1:] / 4.0)).reshape(N_MAPS, 2, -1).sum(axis=2) + 0.8
    return 0.0, np.abs(p[:, 0]) + (spec.bound + np.abs(x)) * np.square(largest).sum(axis=1)


# One line for each transformer.
FUZZED = {
    "additive": Fuzzed(sizes=shift_sizes),
    "affine": Fuzzed(sizes=affine_sizes),
    "affine_spline": Fuzzed(
        {"n_bins": st.sampled_from([1, 8]), "tail_bound": BOUNDS},
        lambda spec: spec.n_bins,
        sizes=affine_spline_sizes,
    ),
    "bernstein": Fuzzed(
        {"degree": st.sampled_from([1, 2, 5, 24]), "bound": BOUNDS},
        lambda spec: spec.degree + 1,
        lambda spec: spec.degree + 1,
        interval_sizes,
    ),
    "circular_spline": Fuzzed(
        {"n_bins": st.sampled_from([1, 2, 8, 33])}, lambda spec: spec.n_bins, sizes=circle_sizes
    ),
    # log_ndtr may be off by seven roundings, and log-dets are differences of two logarithms, of 17 for numbers of 1e7.
    "mixture_cdf": Fuzzed(
        {"n_components": st.sampled_from([1, 2, 8])},
        lambda spec: 3 * spec.n_components,
        lambda spec: 3 * spec.n_components,
        lambda spec, p, x: (30.0, 30.0),
    ),
    "modulus": Fuzzed({}, lambda spec: 20, lambda spec: 20),
    "rational_quadratic": Fuzzed(
        {"n_bins": st.sampled_from([1, 2, 8, 8, 33]), "tail_bound": BOUNDS},
        lambda spec: spec.n_bins,
        sizes=interval_sizes,
    ),
    "scale": Fuzzed(),
    "sigmoidal": Fuzzed(
        {"n_units": st.sampled_from([1, 2, 8])},
        lambda spec: spec.n_units,
        lambda spec: spec.n_units,
        lambda spec, p, x: (0.0, 30.0),
    ),
    # Powers go through the logarithms of rows, up to 20, and an error of those is a relative one of the rows.
    "sinh_arcsinh": Fuzzed({}, lambda spec: 20, lambda spec: 20),
    "sum_of_squares": Fuzzed(
        {"degree": st.sampled_from([0, 1, 3, 16]), "bound": BOUNDS},
        lambda spec: spec.degree + 1,
        lambda spec: spec.degree + 1,
        sum_of_squares_sizes,
    ),
    "yeo_johnson": Fuzzed({}, lambda spec: 20, lambda spec: 20),
}


def parameters(rng, pattern, size, n_params):
    """(N_MAPS, n_params): normal, all equal, all zero but one, or of one size; with float32's digits."""
    p = rng.standard_normal((N_MAPS, n_params))
    if pattern == "equal":
        p[:] = p[:, :1]
    elif pattern == "one-hot":
        p *= np.arange(n_params) == rng.integers(0, n_params, (N_MAPS, 1))
    elif pattern == "one size":
        p = np.sign(p)
    return (size * p).astype(np.float32)


def rows_for(rng, spec, p):
    """Rows within the interval, around it and far out, at its ends, on both axes' knots and beside them."""
    circle = spec.name == "circular_spline"  # float32 loses angles at 1e6
    bound = np.pi if circle else getattr(spec, "tail_bound", None) or getattr(spec, "bound", 3.0)
    far = 1e4 if circle else 1e6
    places = np.array([-far, -bound, -1e-6, 0.0, 1e-30, 0.5 * bound, bound, far])
    rows = [
        bound * rng.uniform(-1.0, 1.0, (200, N_MAPS)),
        2.0 * bound * rng.standard_normal((100, N_MAPS)),
        np.tile(places[:, None], N_MAPS),
    ]
    if circle or spec.name == "rational_quadratic":
        reference = registry.make_transformer(spec.to_dict())
        spline, p = (reference.spline, p[:, 1:]) if circle else (reference, p)
        knots = np.concatenate(spline.knots(p.astype(float))[:2], axis=1).T.astype(np.float32)
        rows += [np.nextafter(knots, np.float32(side)) for side in (-np.inf, np.inf)] + [knots]
    return np.concatenate(rows).astype(np.float32)


def slopes(flow, direction, rows):
    """Of every number's own map."""
    return vjp(flow, direction, rows, None, np.ones(rows.shape), np.zeros(len(rows)))[0]


def assert_within(error, allowed, what):
    beyond = ~(error <= allowed)
    if beyond.any():
        raise AssertionError(f"{what}: {np.max(error[beyond] / allowed[beyond]):.3g} times the error allowed")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a mixture's slope may be 0, the way back's infinite
@pytest.mark.parametrize("name", engine.registry()["transformers"])
@given(data=st.data())
def test_transformers(name, data):
    assert name in FUZZED, f"FUZZED wants a line for {name}"
    fuzzed = FUZZED[name]
    spec = specs.registry()["transformers"][name](**{k: data.draw(v, k) for k, v in fuzzed.options.items()})
    pattern = data.draw(st.sampled_from(["normal", "equal", "one-hot", "one size"]), "pattern")
    size = data.draw(st.sampled_from([0.3, 3.0, 30.0, 1e4, 1e30]), "size")
    isa, rng = data.draw(st.sampled_from(ISAS), "isa"), np.random.default_rng(data.draw(SEEDS, "seed"))

    double, single = (make_flow(Elementwise(spec), N_MAPS, isa=isa, dtype=d) for d in ("float64", "float32"))
    p = parameters(rng, pattern, size, double.n_params // N_MAPS)
    for flow in (double, single):
        flow.set_params(p.ravel().astype(flow.get_params().dtype))
    rows, p = rows_for(rng, spec, p), p.astype(np.float64)
    no_rows, no_log_dets = np.zeros(rows.shape), np.zeros(len(rows))
    n_terms, n_other = fuzzed.n_terms(spec), fuzzed.n_other(spec)
    for there, back in (("forward", "inverse"), ("inverse", "forward")):
        exact, exact_log_det = apply(double, there, rows)
        slope = slopes(double, there, rows)
        s_x, s_z = fuzzed.sizes(spec, p, rows if there == "forward" else exact)
        s_rows, s_exact = (s_x, s_z) if there == "forward" else (s_z, s_x)
        lost_here, lost_there = np.abs(rows) + s_rows, np.abs(exact) + s_exact
        near = np.abs(exact) < FAR

        # Numbers that move far meet other slopes: those count, too, where float32's errors may carry a number.
        moved = 4.0 * n_terms * EPS["float32"] * (lost_here + lost_there / slope)
        around = [slopes(double, there, rows + sign * moved) for sign in (-1, 1)]
        flattest = np.minimum(slope, np.minimum(*around))

        for flow in (single, double):
            found, log_det = apply(flow, there, rows)
            again, log_det_back = apply(flow, back, found)
            for values in (found, log_det, again, log_det_back):
                assert np.isfinite(values).all()
            allowed = 4.0 * n_other * EPS[found.dtype.name] * (lost_here + lost_there / flattest)
            error = np.abs(again.astype(np.float64) - rows)
            differ = np.abs(apply(double, there, again.astype(np.float64))[0] - exact)
            as_good = near & (differ <= 4.0 * n_other * EPS[found.dtype.name] * lost_there)
            error[as_good] = 0.0
            assert_within(error[near], allowed[near], f"{back} of {there}, {found.dtype}")

        found, log_det = apply(single, there, rows)
        allowed = 4.0 * n_terms * EPS["float32"] * (lost_there + slope * lost_here)
        assert_within(np.abs(found - exact)[near], allowed[near], f"{there} in float32")
        bend = np.abs(vjp(double, there, rows, None, no_rows, no_log_dets + 1.0)[0])
        jump = np.max([np.abs(np.log(other / slope)) for other in around], axis=0)
        allowed = 16.0 * n_terms * EPS["float32"] + 4.0 * bend * moved + jump
        allowed[np.isnan(allowed)] = np.inf
        allowed = allowed.sum(axis=1)
        all_near = near.all(axis=1)
        assert_within(np.abs(log_det - exact_log_det)[all_near], allowed[all_near], f"{there}'s log-det")


def diagonal(flow, params):
    """Sylvester's R and S without what is off their diagonals, which multiplies one row's error into the next one's."""
    for name, at, size, _ in flow.layout():
        if name.split(".")[-1] in ("inner", "outer"):
            params[at : at + size] *= np.eye(round(size**0.5)).ravel()
    return params


@pytest.mark.parametrize("make", [Planar, Radial, Sylvester])
@given(data=st.data())
def test_layers_that_solve_for_one_number(make, data):
    """The law of trained flows (nflows_np/testing/_condition.py), relative to parameters where those exceed the rows.

    A factor of 16 in place of 4, for such a layer is a chain of steps by itself: reflections, a product, the root,
    and a difference of numbers as large as the parameters.
    """
    n_features = data.draw(st.sampled_from([1, 2, 5, 17]), "n_features")
    size = data.draw(st.sampled_from([1.0, 30.0, 1e3]), "size")
    isa, dtype = data.draw(st.sampled_from(ISAS), "isa"), data.draw(st.sampled_from(sorted(EPS)), "dtype")
    rng = np.random.default_rng(data.draw(SEEDS, "seed"))

    layer = make(data.draw(st.integers(1, n_features), "rank")) if make is Sylvester else make()
    flow = make_flow(layer, n_features, isa=isa, dtype=dtype)
    params = rng.uniform(-size, size, flow.n_params) * 10.0 ** rng.uniform(-2.0, 0.0, flow.n_params)
    flow.set_params(diagonal(flow, params).astype(dtype))
    rows = rng.standard_normal((400, n_features)) * 10.0 ** rng.uniform(-6.0, 6.0, (400, 1))
    check_rounding(flow, resolve(layer, n_features), rows, factor=16.0 * max(1.0, np.abs(params).max()))

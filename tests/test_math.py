"""simd/math.h on every engine module: errors in ULP over bit patterns, special values, a lane against rows.

float32 is measured against NumPy and SciPy in float64, float64 against long double. The bounds are those that
the headers state.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from engine_flows import ISAS, every_dtype, every_isa
from scipy import special

from nflows_np._engine import hooks

pytestmark = pytest.mark.hooks

SIMD = Path(__file__).parents[1] / "csrc" / "simd"

INF, NAN = np.inf, np.nan


def erf_series(x):
    """erf x = 2/sqrt(pi) e^(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!: terms of one sign, in the type of x."""
    a = np.minimum(np.abs(x), 7)  # from there on it is 1, in long double too
    term = total = a * np.exp(-a * a)
    for n in range(1, 260):
        term = term * (2 * a * a / (2 * n + 1))
        total = total + term
    return np.copysign(total * (2 / np.sqrt(np.arctan(x.dtype.type(1)) * 4)), x)


def log_ndtr(x):
    """log Phi in the type of x: by erf near zero, by Laplace's continued fraction of Mills's ratio from 2 on."""
    a, two_pi = np.abs(x), np.arctan(x.dtype.type(1)) * 8
    rest = np.zeros_like(a)
    for n in range(300, 0, -1):
        rest = n / (a + rest)
    log_tail = -np.log(a + rest) - a * a / 2 - np.log(two_pi) / 2
    near = a < 2
    log_tail[near] = np.log((1 - erf_series(a[near] / np.sqrt(x.dtype.type(2)))) / 2)
    return np.where(x < 0, log_tail, np.log1p(-np.exp(log_tail)))


class Function(NamedTuple):
    reference: object  # in the wider type
    max_ulp: tuple[float, float]  # float32, float64
    low: tuple[float, float] = (-INF, -INF)  # where the bound holds
    high: tuple[float, float] = (INF, INF)


FLUSH = (-86.9, -708.0)  # below, results are too small and become zero
FUNCTIONS = {
    "exp": Function(np.exp, (1.2, 1.2), low=FLUSH),
    "expm1": Function(np.expm1, (1.4, 1.8)),
    "sigmoid": Function(lambda x: 1 / (1 + np.exp(-x)), (2.6, 2.6), low=(-89.0, -710.0)),
    "tanh": Function(np.tanh, (2.6, 2.6)),
    "log": Function(np.log, (1.0, 1.4)),
    "log1p": Function(np.log1p, (1.7, 2.0)),
    "softplus": Function(lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), (2.1, 2.2), low=FLUSH),
    "log_ndtr": Function(
        lambda x: special.log_ndtr(x) if x.dtype == np.float64 else log_ndtr(x), (6.6, 7.6), high=(13.1, 37.6)
    ),
    "erf": Function(lambda x: special.erf(x) if x.dtype == np.float64 else erf_series(x), (1.4, 2.0)),
    "sin": Function(np.sin, (1.6, 1.8), low=(-1e4, -1e6), high=(1e4, 1e6)),
    "cos": Function(np.cos, (1.6, 1.8), low=(-1e4, -1e6), high=(1e4, 1e6)),
}
every_function = pytest.mark.parametrize("name", FUNCTIONS)

LONG_DOUBLE_IS_WIDER = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant

# Around these, and their negatives, functions change form: every neighbour is tried.
CORNERS = [
    *(0.0, 0.5, 1.0, 4.0, 6.0, 10.0, 20.0, 40.0, 1 / 3, 2 / 3, 4 / 3),
    *(2.0**-54, 2.0**-25, np.sqrt(0.5), np.sqrt(2), 2.0**127, 2.0**1023),
    *(2.0, 12.93, 13.19, 14.0, 37.47, 37.63, 39.0),
    *(86.99, 87.5, 88.7228, 89.0, 89.07, 89.4, 708.05, 708.5, 709.78, 710.0, 710.13, 710.4),
    *((k + 0.5) * np.log(2) for k in range(4)),
    *(k * np.pi / 4 for k in (1, 2, 3, 4, 5, 6, 7, 8, 1001, 1002, 12732, 12733, 1273240)),
    *(1e6, 1e9),
]


@cache
def numbers(dtype):
    """Bit patterns in equal steps (float32) or at random (float64), usual numbers, neighbours of corners."""
    integer = np.uint32 if dtype == "float32" else np.uint64
    rng = np.random.default_rng(0)
    if dtype == "float32":
        patterns = np.arange(0, 2**32, 4099, dtype=np.uint64).astype(integer)
    else:
        patterns = rng.integers(0, 2**64, 50_000, dtype=integer, endpoint=False)
    with np.errstate(over="ignore"):
        corners = np.array([*CORNERS, np.finfo(dtype).tiny, np.finfo(dtype).max], dtype=dtype)
    near = (corners.view(integer).astype(object)[:, None] + np.arange(-50, 51)[None, :]).ravel()
    near = np.array([p for p in near if p >= 0], dtype=integer).view(dtype)
    scales = np.array([1e-3, 1.0, 10.0, 100.0, 750.0, 1e4, 1e6])
    usual = (rng.uniform(-1, 1, (20_000, scales.size)) * scales).ravel().astype(dtype)
    x = np.concatenate([patterns.view(dtype), near, -near, usual])
    x.setflags(write=False)
    return x


@cache
def references(name, dtype):
    """The function at numbers(dtype), in the wider type."""
    with np.errstate(all="ignore"):
        return FUNCTIONS[name].reference(numbers(dtype).astype(wider(dtype)))


def wider(dtype):
    return np.float64 if dtype == "float32" else np.longdouble


def ulps(y, reference):
    """|y - reference| in units in the last place of the reference; infinity follows the largest number."""
    largest = np.finfo(y.dtype).max
    last_unit = np.spacing(largest / 2) * 2
    end = reference.dtype.type(largest) + last_unit
    unit = np.minimum(np.spacing(np.minimum(np.abs(reference), largest / 2).astype(y.dtype)), last_unit)
    unit = np.where(np.abs(reference) > largest / 2, last_unit, unit)
    distance = np.clip(y.astype(reference.dtype), -end, end) - np.clip(reference, -end, end)
    return np.abs(distance / unit).astype(np.float64)


def within(name, dtype):
    """Which of numbers(dtype) lie where the function's bound holds."""
    x, k = numbers(dtype), 0 if dtype == "float32" else 1
    return (x >= FUNCTIONS[name].low[k]) & (x <= FUNCTIONS[name].high[k])


@every_isa
@every_dtype
@every_function
def test_error_is_within_the_stated_ulps(isa, dtype, name):
    if dtype == "float64" and not LONG_DOUBLE_IS_WIDER:
        pytest.skip("long double is double on this platform: there is nothing more accurate to compare with")
    x, reference, inside = numbers(dtype), references(name, dtype), within(name, dtype)
    y = hooks(isa).math(name, x)
    assert y.dtype == dtype
    inside = inside & ~np.isnan(reference)
    error = ulps(y[inside], reference[inside])
    worst = np.argmax(error)
    bound = FUNCTIONS[name].max_ulp[0 if dtype == "float32" else 1]
    at, found = x[inside][worst], y[inside][worst]
    assert error[worst] <= bound, f"{name}({at!r}) = {found!r}: {error[worst]:.3f} ULP > {bound}"


@every_isa
@every_dtype
@every_function
def test_nan_exactly_where_the_function_has_no_value(isa, dtype, name):
    y = hooks(isa).math(name, numbers(dtype))
    np.testing.assert_array_equal(np.isnan(y), np.isnan(references(name, dtype)))


@every_isa
@every_dtype
def test_beyond_the_bound(isa, dtype):
    math, x = hooks(isa).math, numbers(dtype)
    for name in ("exp", "sigmoid", "softplus"):
        low = x < FUNCTIONS[name].low[0 if dtype == "float32" else 1] - 0.2
        y = math(name, x[low])
        assert low.any() and not y.any() and not np.signbit(y).any(), f"{name} is not flushed to +0"
    high = x > FUNCTIONS["log_ndtr"].high[0 if dtype == "float32" else 1] + 0.1
    y = math("log_ndtr", x[high])
    assert high.any() and not y.any() and np.signbit(y).all(), "log_ndtr is not flushed to -0"
    for name in ("sin", "cos"):
        finite = np.isfinite(x)
        assert np.all(np.abs(math(name, x[finite])) <= 1)


# name: (x, value), ...
TINY = "the smallest denormal of the type"
SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (1000.0, INF), (-1000.0, 0.0), (TINY, 1.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (1000.0, INF), (-99.0, -1.0), (TINY, TINY)],
    "sigmoid": [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (1000.0, 1.0), (-1000.0, 0.0)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (20.0, 1.0), (-20.0, -1.0), (TINY, TINY)],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF), (-1.0, NAN), (-INF, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (-2.0, NAN), (-INF, NAN), (TINY, TINY)],
    "log_ndtr": [(INF, -0.0), (-INF, -INF), (1000.0, -0.0)],
    "softplus": [(INF, INF), (-INF, 0.0), (1000.0, 1000.0), (-1000.0, 0.0)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (6.0, 1.0), (-6.0, -1.0)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (1e30, 0.0), (TINY, TINY)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (1e30, 1.0), (TINY, 1.0)],
}


@every_isa
@every_dtype
@every_function
def test_special_values(isa, dtype, name):
    smallest = np.finfo(dtype).smallest_subnormal
    pairs = [[smallest if v is TINY else v for v in pair] for pair in [*SPECIAL[name], (NAN, NAN)]]
    x, expected = np.array(pairs, dtype=dtype).T
    y = hooks(isa).math(name, np.ascontiguousarray(x))
    np.testing.assert_array_equal(y, expected)
    signed = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(y[signed]), np.signbit(expected[signed]))


@every_isa
@every_dtype
@pytest.mark.parametrize("name", ["tanh", "erf", "sin"])
def test_odd_bit_by_bit(isa, dtype, name):
    x = numbers(dtype)
    x = x[~np.isnan(x)]
    np.testing.assert_array_equal(hooks(isa).math(name, -x), -hooks(isa).math(name, x))


@every_isa
@every_dtype
@pytest.mark.parametrize(
    "name", ["exp", "expm1", "sigmoid", "tanh", "log", "log1p", "softplus", "log_ndtr", "erf"]
)
def test_increasing(isa, dtype, name):
    low = {"log": 0.0, "log1p": -0.99}.get(name, -3.0)
    x = np.linspace(low, 3, 2001, dtype=dtype)  # steps above what rounding can undo
    assert np.all(np.diff(hooks(isa).math(name, x)) > 0)


@every_isa
@every_dtype
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("tanh", -1, 1),
        ("erf", -1, 1),
        ("sigmoid", 0, 1),
        ("exp", 0, INF),
        ("softplus", 0, INF),
        ("log_ndtr", -INF, 0),
    ],
)
def test_never_leaves_its_range(isa, dtype, name, low, high):
    x = numbers(dtype)
    y = hooks(isa).math(name, x[~np.isnan(x)])
    assert y.min() == low
    assert y.max() == high


@every_isa
@every_dtype
@every_function
def test_one_lane_is_bitwise_sixteen(isa, dtype, name):
    engine, x = hooks(isa), numbers(dtype)[within(name, dtype)]
    np.testing.assert_array_equal(engine.math_scalar(name, x), engine.math(name, x))


@every_isa
@every_dtype
@every_function
@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 33])
def test_a_row_knows_no_other_row(isa, dtype, name, n):
    math, x = hooks(isa).math, numbers(dtype)[-64:]
    np.testing.assert_array_equal(math(name, x[:n]), math(name, x)[:n])
    np.testing.assert_array_equal(math(name, x[5 : 5 + n]), math(name, x)[5 : 5 + n])


def test_every_function_of_the_headers_is_tested():
    declared = {
        name
        for header in SIMD.glob("math_*.h")
        for name in re.findall(r"template <class R>\nNFLOWS_FN R (\w+)\(R x\)", header.read_text())
    }
    assert declared == set(FUNCTIONS) == set(SPECIAL)
    for isa in ISAS:
        assert hooks(isa).math_names() == sorted(declared)


@every_isa
@pytest.mark.parametrize("call", ["math", "math_scalar"])
def test_errors(isa, call):
    call = getattr(hooks(isa), call)
    with pytest.raises(ValueError, match="unknown function 'gamma'; known: cos, erf, exp"):
        call("gamma", np.zeros(3))
    with pytest.raises(ValueError, match="1-D array of float32 or float64, got int64"):
        call("exp", np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match=r"got float64 of shape \(3, 2\)"):
        call("exp", np.zeros((3, 2)))

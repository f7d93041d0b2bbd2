"""Elementary maps of columns before the scaling: the formulas, both ways, and in the streams."""

import numpy as np
import pytest
from linked import ALL, INF, KINDS, NAN, every_kind, gathered, one, rows_of, scaler_of, scattered
from tables import every_panel, every_source, table

from nflows_np.columns import ColumnScaler, Gather, Scatter
from nflows_np.columns.links import ABOVE, BELOW, BETWEEN, CIRCLE, IDENTITY, Links


def by_definition(kind, x):
    """Linked values and logarithms of slopes, in long double."""
    code, low, high = KINDS[kind]
    x, low, high, pi = (
        np.asarray(a, dtype=np.longdouble) for a in (x, low, high, "3.14159265358979323846264")
    )
    if code == IDENTITY:
        return x, np.zeros_like(x)
    if code == ABOVE:
        return np.log(x - low), -np.log(x - low)
    if code == BELOW:
        return -np.log(high - x), -np.log(high - x)
    if code == BETWEEN:
        return np.log((x - low) / (high - x)), np.log((high - low) / ((x - low) * (high - x)))
    t = (x - low) / (high - low)
    return 2 * pi * (t - np.floor(t)) - pi, np.full_like(x, np.log(2 * pi / (high - low)))


def inside(kind, n=200):
    """Values of a column, among them some next to its ends."""
    code, low, high = KINDS[kind]
    low, high = (-50.0 if np.isinf(low) else low), (50.0 if np.isinf(high) else high)
    near = (high - low) * 10.0 ** np.arange(-14.0, -1.0)
    x = np.r_[
        np.linspace(low, high, n)[1:-1], low + near, high - near, np.nextafter([low, high], [high, low])
    ]
    return np.r_[x, x - 24.0 * 3, x + 24.0 * 1000, 1e6, -1e6] if code == CIRCLE else x


# ---- the formulas


@every_kind
def test_forms_are_the_definition(kind):
    x = inside(kind)
    found, expected = one(kind).forward(0, x), by_definition(kind, x)
    room = 2e-15 + (np.abs(x) * 6e-17 if kind == "circle" else 0.0)  # x - low is rounded
    for form, definition in zip(found, expected, strict=True):
        assert np.all(np.abs(form - definition) <= 4e-16 * np.abs(definition) + room)


@every_kind
def test_the_slope_is_the_derivative(kind):
    _, low, high = KINDS[kind]
    x, h = np.linspace(max(low, -9.0), min(high, 9.0), 300)[2:-2], 1e-6
    links = one(kind)
    numeric = (links.forward(0, x + h)[0] - links.forward(0, x - h)[0]) / (2 * h)
    np.testing.assert_allclose(np.exp(links.forward(0, x)[1]), numeric, rtol=1e-6)


@every_kind
def test_inverses_are_accurate_at_both_ends(kind):
    code, low, high = KINDS[kind]
    links, u = one(kind), np.linspace(-12.0, 12.0, 101) if code != CIRCLE else np.linspace(-3.14, 3.14, 101)
    x, wide = links.inverse(0, u), u.astype(np.longdouble)
    if code == ABOVE:
        distance, expected = x.astype(np.longdouble) - low, np.exp(wide)
    elif code == BELOW:
        distance, expected = high - x.astype(np.longdouble), np.exp(-wide)
    elif code == BETWEEN:
        upper = u > 0.0
        distance = np.where(upper, high - x.astype(np.longdouble), x.astype(np.longdouble) - low)
        expected = (high - low) / (1.0 + np.exp(np.abs(wide)))
    else:
        distance, expected = links.forward(0, x)[0], u
    np.testing.assert_allclose(distance.astype(float), expected.astype(float), rtol=4e-16, atol=2e-15)


def test_ends_far_from_zero_keep_the_distances():
    links = Links.of({0: (ABOVE, 1e6, INF), 1: (BETWEEN, 0.0, 1.0)}, 2)
    assert links.forward(0, np.array([1e6 + 2.0**-20]))[0] == pytest.approx(-20 * np.log(2.0), rel=1e-15)
    tiny = 1e-300
    assert links.forward(1, np.array([tiny]))[0] == pytest.approx(np.log(tiny), rel=1e-15)
    assert links.inverse(1, np.log(np.array([tiny]))) == pytest.approx(tiny, rel=1e-12)


# ---- the streams


@every_source
@every_panel
@pytest.mark.parametrize("n", [1, 16, 50])
def test_streams_are_the_forms(source, panel, n):
    X = table(source, n, 5)
    x = X.astype(np.float64)
    low, high = x.min() - 0.1 * np.ptp(x) - 1.0, x.max() + 0.1 * np.ptp(x) + 1.0
    codes = [IDENTITY, ABOVE, BELOW, BETWEEN, CIRCLE]
    ends = [(-INF, INF), (low, INF), (-INF, high), (low, high), (low, low + 0.3 * (high - low))]
    links = Links.of({j: (code, *ends[j]) for j, code in enumerate(codes)}, 5)
    loc, scale = np.array([0.1, 0.2, -0.3, 0.4, 0.0]), np.array([2.0, 0.5, 3.0, 0.7, 1.0])
    found, log_jacobian = gathered(ColumnScaler(loc, scale, links=links), X, panel)
    u, log_slopes = (np.stack(a) for a in zip(*(links.forward(j, x[:, j]) for j in range(5)), strict=True))
    tolerance = 1e-13 if panel == np.float64 else 1e-6
    np.testing.assert_allclose(found, (u.T - loc) / scale, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(log_jacobian, log_slopes.sum(axis=0), rtol=1e-13, atol=1e-13)


@every_kind
@every_panel
def test_scatter_is_the_inverse(kind, panel):
    u = np.linspace(-30.0, 30.0, 211).astype(panel)[:, None]
    scaler = scaler_of(one(kind), 0.25, 0.5)
    expected = one(kind).inverse(0, u[:, 0].astype(float) * 0.5 + 0.25)
    for target, rtol in ((np.float64, 1e-14), (np.float32, 1e-6)):
        found = scattered(scaler, u, target, panel)
        np.testing.assert_allclose(found[:, 0], expected, rtol=rtol, atol=rtol)


@every_kind
def test_scatter_undoes_gather(kind):
    code, low, high = KINDS[kind]
    x, scaler = inside(kind), scaler_of(one(kind), 0.3, 0.7)
    if code == CIRCLE:
        x = x[(x >= low) & (x < high)]
    back = scattered(scaler, gathered(scaler, x[:, None])[0])[:, 0]
    distance = np.minimum(np.abs(x - low), np.abs(high - x)) if code != CIRCLE else 24.0
    room = np.abs(x) if code == IDENTITY else 100.0 * distance + np.abs(x)
    assert np.all(np.abs(back - x) <= 4e-16 * room + 1e-15)


def test_a_row_is_the_same_whichever_come_with_it():
    X = np.random.default_rng(0).uniform(-0.9, 2.9, size=(100, 5))
    X[::7, 3], X[::5, 1] = NAN, -2.0
    scaler = scaler_of(ALL, 0.3, 0.7)
    whole, log_jacobian = gathered(scaler, X)
    for r in range(100):
        alone, its = gathered(scaler, X[r : r + 1])
        assert np.array_equal(alone[0], whole[r], equal_nan=True) and its[0] == log_jacobian[r]


def test_rows_come_in_any_order():
    X, order = np.random.default_rng(0).uniform(-0.9, 2.9, size=(100, 5)), np.array([7, 0, 99, 7])
    log_jacobian = np.empty(4)
    stream = scaler_of(ALL).gather(X, order, np.float64, log_jacobian)
    rows = rows_of(stream.move(np.empty(stream.shape)), 4)
    whole, expected = gathered(scaler_of(ALL), X)
    assert np.array_equal(rows, whole[order]) and np.array_equal(log_jacobian, expected[order])


@every_panel
def test_identities_are_no_links_to_the_last_bit(panel):
    X = np.random.default_rng(0).standard_cauchy(size=(100, 3))
    X[5], X[6, 0], X[7, 1] = 1e308, NAN, -INF
    plain = ColumnScaler(np.full(3, 0.1), np.full(3, 1e-3))
    linked = scaler_of(Links.of({}, 3), 0.1, 1e-3)
    found, log_jacobian = gathered(linked, X, panel)
    assert np.array_equal(found, gathered(plain, X, panel)[0], equal_nan=True) and not log_jacobian.any()
    assert np.array_equal(scattered(linked, X), scattered(plain, X), equal_nan=True)


# ---- what is no link


@pytest.mark.parametrize(
    ("field", "at", "value", "message"),
    [
        ("codes", 0, 5, "link_codes must be from 0 to 4"),
        ("codes", 0, -1, "link_codes must be from 0 to 4"),
        ("low", 0, 0.0, "link_low must be finite where a column has that end, -inf elsewhere"),
        ("low", 1, -INF, "link_low must be finite"),
        ("low", 3, NAN, "link_low must be finite"),
        ("high", 1, 7.0, "link_high must be finite where a column has that end, inf elsewhere"),
        ("high", 2, INF, "link_high must be finite"),
        ("high", 4, INF, "link_high must be finite"),
        ("high", 3, -1.0, "link_low must be below link_high"),
        ("high", 3, np.nextafter(-1.0, 0.0), "link_low must be below link_high"),
        ("low", 4, 25.0, "link_low must be below link_high"),
    ],
)
def test_links_that_are_none_are_refused(field, at, value, message):
    arrays = {name: array.copy() for name, array in vars(ALL).items()}
    arrays[field][at] = value
    bad, X, zero, unit = Links(**arrays), np.zeros((4, 5)), np.zeros(5), np.ones(5)
    with pytest.raises(ValueError, match=message):
        Gather(X, slice(None), zero, unit, np.float64, links=bad)
    with pytest.raises(ValueError, match=message):
        Scatter(X, zero, unit, np.float64, links=bad)
    with pytest.raises(ValueError, match=message):
        ColumnScaler.fit(X, links=bad)


def test_links_of_other_columns_are_refused():
    ALL.check(5)
    Links.of({0: (BETWEEN, -1e308, 0.7e308)}, 1).check(1)
    with pytest.raises(ValueError, match="link_codes must be 4 numbers, one a column; got 5"):
        ALL.check(4)
    with pytest.raises(ValueError, match="link_low must be 5 numbers"):
        Links(ALL.codes, ALL.low[:3], ALL.high).check(5)
    with pytest.raises(ValueError, match="a finite difference"):
        Links.of({0: (BETWEEN, -1.7e308, 1.7e308)}, 1).check(1)


def test_links_are_copied_and_do_not_change():
    low = np.array([0.0])
    links = Links([ABOVE], low, [INF])
    low[0] = 5.0
    assert links.low[0] == 0.0 and links.codes.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        links.low[0] = 1.0

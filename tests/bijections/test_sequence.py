"""Sequence: a chain of bijections as one."""

import numpy as np
import pytest
from engine_flows import (
    every_dtype,
    every_isa,
    log_prob,
    log_prob_vjp,
    make_flow,
    random_flow,
    rows_and_context,
)

from nflows_np import FlowDensity
from nflows_np.specs import (
    ActNorm,
    Affine,
    Autoregressive,
    Coupling,
    Elementwise,
    Flow,
    Inverse,
    LinearGaussian,
    LinearLU,
    On,
    Permutation,
    RationalQuadratic,
    Sequence,
)
from nflows_np.testing import apply, to_panels, vjp

CASES = [
    (Sequence([]), 1, 0),
    (Sequence([]), 3, 2),
    (Sequence([Elementwise(Affine(), hidden_units=(5,)), ActNorm()]), 1, 2),
    (Sequence([LinearLU("random"), Coupling(Affine(), hidden_units=(9,))]), 3, 0),
    (
        Sequence([
            LinearGaussian(),
            Autoregressive(Affine(), hidden_units=(14,), activation="tanh"),
            Permutation("random"),
        ]),
        5,
        2,
    ),
    (Inverse(Sequence([ActNorm(), Autoregressive(Affine(), hidden_units=(8,), activation="elu")])), 3, 2),
    (Sequence([Sequence([LinearLU("random"), Sequence([])]), Inverse(Sequence([Coupling(), ActNorm()]))]), 2, 0),
    (
        Sequence([
            On((2, 0), Sequence([Coupling(Affine(), hidden_units=(6,)), LinearLU("random")])),
            Autoregressive(Affine(), hidden_units=(7,), activation="silu"),
        ]),
        3,
        2,
    ),
    ([Sequence([LinearGaussian(), Permutation()]), Sequence([Coupling(hidden_units=(10,)), ActNorm()])], 17, 0),
]  # fmt: skip

PARTS = [
    LinearGaussian(),
    Coupling(RationalQuadratic(4), hidden_units=(8,)),
    LinearLU((2, 0, 1)),
    Autoregressive(Affine(), hidden_units=(8,), activation="elu"),
    ActNorm(),
]
NESTED = [
    [Sequence(PARTS)],
    [Sequence(PARTS[:2]), *PARTS[2:]],
    [PARTS[0], Sequence([Sequence(PARTS[1:3]), Sequence([]), PARTS[3]]), Sequence(PARTS[4:])],
    [*PARTS, Sequence([])],
]
every_nesting = pytest.mark.parametrize("nested", NESTED, ids=["all", "first", "some", "none"])


def twins(nested, isa, dtype, seed=0):
    """The same layers with and without sequences, at the same parameters."""
    plain, _, _ = random_flow(PARTS, 3, 2, isa=isa, dtype=dtype, seed=seed)
    chained = make_flow(nested, 3, 2, isa=isa, dtype=dtype)
    chained.set_params(plain.get_params())
    return plain, chained


def assert_same_bits(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert np.array_equal(a, b, equal_nan=True)


@every_nesting
@every_isa
@every_dtype
@pytest.mark.parametrize("scale", [1.0, 1e12, 1e30])
def test_a_flow_has_the_same_bits_with_and_without_sequences(nested, isa, dtype, scale):
    """Far from the data as well, where what stands between two layers is held back."""
    plain, chained = twins(nested, isa, dtype)
    rows, context = rows_and_context(40, 3, 2, scale=scale)
    d_out, d_log_det = rows_and_context(40, 3, seed=1)[0], np.linspace(-1.0, 1.0, 40)
    assert np.array_equal(log_prob(chained, rows, context), log_prob(plain, rows, context))
    for direction in ("forward", "inverse"):
        assert_same_bits(*(apply(flow, direction, rows, context) for flow in (chained, plain)))
        gradients = [vjp(f, direction, rows, context, d_out, d_log_det) for f in (chained, plain)]
        assert_same_bits(*gradients)
    assert_same_bits(*(log_prob_vjp(flow, rows, d_log_det, context) for flow in (chained, plain)))


@every_nesting
@every_isa
def test_starts_have_the_same_bits(nested, isa):
    rows, _ = rows_and_context(200, 3, scale=3.0)
    flows = [make_flow(layers, 3, isa=isa, seed=4) for layers in (PARTS, nested)]
    assert_same_bits(*([flow.get_params()] for flow in flows))
    for flow in flows:
        flow.start_from_data(to_panels(rows), len(rows))
    assert_same_bits(*([flow.get_params()] for flow in flows))


def test_blocks_have_the_names_of_their_parts():
    layers = [ActNorm(), Sequence([LinearLU(), Inverse(Sequence([ActNorm()])), On((0, 1), ActNorm())])]
    layout = make_flow(layers, 3).layout()
    of_lu = ["1.0.shift", "1.0.log_scale", "1.0.lower", "1.0.upper"]
    of_others = ["1.1.0.shift", "1.1.0.log_scale", "1.2.shift", "1.2.log_scale"]
    assert [name for name, *_ in layout] == ["0.shift", "0.log_scale", *of_lu, *of_others]
    assert [size for *_, size, _ in layout][-4:] == [3, 3, 2, 2]


def test_the_inverse_takes_the_parts_backwards():
    inverse, _, _ = random_flow(Inverse(Sequence(PARTS)), 3, 2)
    backwards = make_flow([Inverse(part) for part in reversed(PARTS)], 3, 2)
    sizes = [make_flow(part, 3, 2).n_params for part in PARTS]
    blocks = np.split(inverse.get_params(), np.cumsum(sizes)[:-1])
    backwards.set_params(np.concatenate(blocks[::-1]))
    rows, context = rows_and_context(20, 3, 2)
    for direction in ("forward", "inverse"):
        assert_same_bits(*(apply(flow, direction, rows, context) for flow in (inverse, backwards)))


def test_random_choices_are_drawn_as_in_a_flow():
    layers = [Permutation("random"), LinearLU("random"), Coupling(mask="random"), Permutation("random")]
    plain = Flow(layers).resolve(7, np.random.default_rng(5))
    nested = Flow([layers[0], Sequence(layers[1:])]).resolve(7, np.random.default_rng(5))
    assert nested.bijections == (plain.bijections[0], Sequence(plain.bijections[1:]))


def test_layers_are_counted_with_those_inside():
    flow = Flow([ActNorm(), Inverse(Sequence([ActNorm(), On(0, Sequence([ActNorm()] * 2))])), Sequence([])])
    fitted = FlowDensity(flow, max_iter=1).fit(rows_and_context(20, 3)[0])
    assert fitted.n_layers_ == 5


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fits_have_the_same_bits(banana):
    layers = [LinearGaussian(), Coupling(hidden_units=(8,)), LinearLU("random"), Coupling(swap=True)]
    plain, nested = (
        FlowDensity(Flow(chain), max_iter=3, random_state=0).fit(banana)
        for chain in (layers, [Sequence(layers[:2]), Sequence(layers[2:])])
    )
    assert np.array_equal(nested.parameters_, plain.parameters_)
    assert np.array_equal(nested.score_samples(banana), plain.score_samples(banana))
    assert np.array_equal(nested.sample(9, random_state=1), plain.sample(9, random_state=1))
    assert nested.n_layers_ == plain.n_layers_ == 4

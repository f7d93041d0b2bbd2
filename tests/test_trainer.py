"""The engine's trainer: Adam's steps on the mean negative log-likelihood, bit for bit the same again."""

import gc

import numpy as np
import pytest
from engine_flows import every_dtype, every_isa, log_prob, make_flow, resolve
from reference import build_flow
from reference.adam import Adam

from nflows_np.specs import Affine, Autoregressive, Coupling, Elementwise, LinearGaussian, Permutation
from nflows_np.testing import apply, to_panels, vjp

LAYERS = [
    LinearGaussian(),
    Autoregressive(Affine(), hidden_units=(21, 18), activation="tanh"),
    Permutation("reverse"),
    Coupling(Affine(), hidden_units=(19,), activation="silu"),
]
N_FEATURES = 4


def data(n, n_features=N_FEATURES, seed=0):
    """Bent and correlated columns."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, n_features))
    rows[:, 1:] += 0.5 * rows[:, :-1] ** 2
    return rows


def setting(isa, dtype="float64", layers=LAYERS, n_features=N_FEATURES, n_context=0, **options):
    """A flow and its trainer."""
    flow = make_flow(layers, n_features, n_context, isa=isa, dtype=dtype)
    return flow, flow.trainer(**{"learning_rate": 1e-2, **options})


def loss_and_gradient(flow, rows, context=None, weights=None):
    """-mean(weights * log p), and its gradient from the flow's own vector-Jacobian product."""
    n = len(rows)
    weights = np.ones(n) if weights is None else weights
    z, log_det = apply(flow, "forward", rows, context)
    log_prob = log_det - 0.5 * (z**2).sum(axis=1) - 0.5 * rows.shape[1] * np.log(2 * np.pi)
    _, gradient, _ = vjp(flow, "forward", rows, context, weights[:, None] * z / n, -weights / n)
    return -(weights * log_prob).sum() / n, gradient


OPTIONS = {
    "plain": {},
    "clipped": {"clip_ratio": 1.001},
    "not clipped": {"clip_ratio": np.inf},
    "decayed": {"alpha": 0.3},
    "cosine": {"schedule": "cosine", "total_steps": 5},
    "warm-up": {"warm_up_steps": 4},
    "everything": {
        "beta_1": 0.7,
        "beta_2": 0.9,
        "epsilon": 1e-3,
        "alpha": 0.1,
        "clip_ratio": 1.1,
        "schedule": "cosine",
        "total_steps": 20,
        "warm_up_steps": 10,
    },
}


@every_isa
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_steps_are_adams(isa, options):
    n_context = 2
    flow, trainer = setting(isa, n_context=n_context, **options)
    twin = make_flow(LAYERS, N_FEATURES, n_context, isa=isa)
    decays = np.zeros(flow.n_params, dtype=bool)
    for _, offset, size, decayed in flow.layout():
        decays[offset : offset + size] = decayed
    assert decays.any() and not decays.all()
    plain = {k: v for k, v in options.items() if k != "schedule"}
    adam = Adam(decays, **{"learning_rate": 1e-2, **plain})

    rng = np.random.default_rng(1)
    params = twin.get_params()
    # More rows than one part of the gradient holds, and a last batch that is short and ends inside a panel.
    n, batch_size = 300 + 300 + 7, 304
    for _ in range(3):
        rows, context, weights = data(n), rng.standard_normal((n, n_context)), rng.random(n)
        losses, applied = trainer.run(to_panels(rows), n, batch_size, weights, to_panels(context))
        assert losses.shape == applied.shape == (2,) and applied.all()
        for batch, loss in zip((slice(0, batch_size), slice(batch_size, n)), losses, strict=True):
            expected, gradient = loss_and_gradient(twin, rows[batch], context[batch], weights[batch])
            assert loss == pytest.approx(expected, rel=1e-11)
            params = adam.step(params, gradient)
            twin.set_params(params)
        np.testing.assert_allclose(flow.get_params(), params, rtol=1e-8, atol=1e-9)
    assert trainer.step == adam.t == 6
    state = trainer.get_state()
    np.testing.assert_allclose(state["m"], adam.m, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(state["v"], adam.v, rtol=1e-8, atol=1e-12)


@every_isa
@pytest.mark.parametrize("ratio", [1.5, 4.0, np.inf])
def test_long_gradients_are_shortened(isa, ratio):
    """To so many root mean squares of those before, which keep their direction."""
    flow, trainer = setting(isa, clip_ratio=ratio)
    rows = data(n := 64)
    for _ in range(5):
        trainer.run(to_panels(rows), n, n)
    before = trainer.get_state()
    usual = np.sqrt(before["v"].sum() / (1.0 - 0.999**5))
    _, gradient = loss_and_gradient(flow, 30.0 * rows)
    norm = np.linalg.norm(gradient)
    assert norm > 8.0 * usual
    trainer.run(to_panels(30.0 * rows), n, n)
    taken = (trainer.get_state()["m"] - 0.9 * before["m"]) / 0.1
    np.testing.assert_allclose(
        taken, gradient * min(1.0, ratio * usual / norm), rtol=1e-8, atol=1e-10 * usual
    )


@every_isa
def test_the_first_gradient_is_shortened_too(isa):
    """Otherwise one row of the first batch would be the measure of all that follow."""
    flow, trainer = setting(isa, clip_ratio=1.5)
    rows = 30.0 * data(n := 64)
    _, gradient = loss_and_gradient(flow, rows)
    trainer.run(to_panels(rows), n, n)
    shortened = gradient * 1.5 * 3.0 / np.linalg.norm(gradient)
    np.testing.assert_allclose(trainer.get_state()["m"], 0.1 * shortened, rtol=1e-8, atol=1e-10)


@every_isa
def test_gradients_too_long_to_square_are_not_applied(isa):
    """In float32 the moments would be infinite, and their parameters would never move again."""
    flow, trainer = setting(isa, "float32", layers=[Elementwise()])
    before = flow.get_params()
    _, applied = trainer.run(to_panels(np.full((16, N_FEATURES), 1e17), "float32"), 16, 16)
    assert not applied.any() and trainer.step == 0
    assert np.array_equal(flow.get_params(), before)


@every_isa
@every_dtype
def test_loss_is_that_before_the_update(isa, dtype):
    flow, trainer = setting(isa, dtype)
    rows = data(n := 100)
    panels = to_panels(rows, dtype)
    for _ in range(3):
        expected = -log_prob(flow, rows).mean()
        (loss,), (applied,) = trainer.run(panels, n, n)
        assert applied
        assert loss == pytest.approx(expected, rel=1e-12)


@every_isa
@every_dtype
def test_masked_weights_stay_zero(isa, dtype):
    flow, trainer = setting(isa, dtype, alpha=0.1)
    zero = ~build_flow(flow, resolve(LAYERS, N_FEATURES))[1].free
    assert zero.any()
    trainer.run(to_panels(data(200), dtype), 200, 64)
    assert np.all(flow.get_params()[zero] == 0.0)
    assert np.all(trainer.get_state()["m"][zero] == 0.0)


@every_isa
@every_dtype
def test_bits_do_not_depend_on_threads(isa, dtype):
    layers = [Autoregressive(Affine(), hidden_units=(64, 64)), Permutation("reverse")] * 3
    runs = []
    for n_threads in (1, 2, 3):
        flow, trainer = setting(isa, dtype, layers, n_features=8)
        n = 1500
        losses, _ = trainer.run(to_panels(data(n, 8), dtype), n, 512, n_threads=n_threads)
        runs.append((losses, flow.get_params(), trainer.get_state()["m"], trainer.get_state()["v"]))
    for other in runs[1:]:
        for a, b in zip(runs[0], other, strict=True):
            assert a.tobytes() == b.tobytes()


@every_isa
@every_dtype
def test_non_finite_batch_changes_nothing(isa, dtype):
    flow, trainer = setting(isa, dtype)
    good = data(64)
    bad = good.copy()
    bad[40, 2] = np.nan
    trainer.run(to_panels(good, dtype), 64, 64)
    before = flow.get_params(), trainer.get_state()
    losses, applied = trainer.run(to_panels(bad, dtype), 64, 64)
    assert not applied.any() and not np.isfinite(losses).any()
    assert flow.get_params().tobytes() == before[0].tobytes()
    after = trainer.get_state()
    assert after["step"] == before[1]["step"] == trainer.step == 1
    for moment in ("m", "v"):
        assert after[moment].tobytes() == before[1][moment].tobytes()
    # Of several batches only the bad one is left out, and training goes on.
    _, applied = trainer.run(to_panels(bad, dtype), 64, 16)
    assert applied.tolist() == [True, True, False, True]
    assert np.isfinite(flow.get_params()).all()


@every_isa
def test_overflowing_gradient_changes_nothing(isa):
    flow, trainer = setting(isa, "float32")
    before = flow.get_params()
    rows = data(32)
    rows[3] = 1e14  # finite, and so is the loss in float64; gradients are of the second order in it
    weights = np.ones(32)
    weights[3] = 1e15
    losses, applied = trainer.run(to_panels(rows, np.float32), 32, 32, weights)
    assert np.isfinite(losses).all() and not applied.any()
    assert flow.get_params().tobytes() == before.tobytes()
    assert trainer.step == 0 and not trainer.get_state()["m"].any() and not trainer.get_state()["v"].any()


@every_isa
@every_dtype
def test_state_resumes_bit_for_bit(isa, dtype):
    options = {"schedule": "cosine", "total_steps": 20, "warm_up_steps": 8, "alpha": 0.01}
    panels = to_panels(data(160), dtype)
    flow, trainer = setting(isa, dtype, **options)
    trainer.run(panels, 160, 32)
    params, state = flow.get_params(), trainer.get_state()
    trainer.run(panels, 160, 32)

    resumed, again = setting(isa, dtype, **options)
    resumed.set_params(params)
    again.set_state(state)
    assert again.step == 5
    again.run(panels, 160, 32)
    assert resumed.get_params().tobytes() == flow.get_params().tobytes()
    for key, value in trainer.get_state().items():
        assert np.asarray(value).tobytes() == np.asarray(again.get_state()[key]).tobytes()


@every_isa
def test_state_is_a_copy(isa):
    _, trainer = setting(isa)
    state = trainer.get_state()
    trainer.run(to_panels(data(32)), 32, 32)
    assert np.all(state["m"] == 0.0) and state["step"] == 0


@every_isa
def test_weight_two_is_the_row_twice(isa):
    rows = data(50)
    counts = np.random.default_rng(0).integers(0, 4, 50)
    weighted, trainer = setting(isa)
    repeated, other = setting(isa)
    again = np.repeat(rows, counts, axis=0)
    for _ in range(3):
        (loss,), _ = trainer.run(to_panels(rows), 50, 50, weights=counts * 50 / counts.sum())
        (expected,), _ = other.run(to_panels(again), len(again), len(again))
        assert loss == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(weighted.get_params(), repeated.get_params(), rtol=1e-8, atol=1e-10)


@every_isa
@every_dtype
def test_training_finds_the_likelihood(isa, dtype):
    flow, trainer = setting(isa, dtype)
    rows = data(1024)
    panels = to_panels(rows, dtype)
    flow.start_from_data(panels, len(rows))
    gaussian = log_prob(flow, rows).mean()
    for _ in range(30):
        _, applied = trainer.run(panels, len(rows), 128)
        assert applied.all()
    # Given the column before it each column is normal with standard deviation 1.
    truth = -0.5 * N_FEATURES * (np.log(2 * np.pi) + 1)
    assert gaussian < truth - 0.2
    assert abs(log_prob(flow, rows).mean() - truth) < 0.1


@every_isa
def test_trainer_keeps_its_flow_alive(isa):
    flow, trainer = setting(isa)
    del flow
    gc.collect()
    assert trainer.run(to_panels(data(32)), 32, 16)[1].all()


@every_isa
def test_learning_rate_can_be_changed(isa):
    flow, trainer = setting(isa, learning_rate=1e-3)
    assert trainer.learning_rate == 1e-3
    trainer.learning_rate = 1e-9
    before = flow.get_params()
    trainer.run(to_panels(data(32)), 32, 32)
    assert 0.0 < np.abs(flow.get_params() - before).max() < 2e-9


@every_isa
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": np.nan}, "learning_rate"),
        ({"beta_1": 1.0}, "beta_1"),
        ({"beta_2": -0.1}, "beta_2"),
        ({"epsilon": 0.0}, "epsilon"),
        ({"alpha": -1.0}, "alpha"),
        ({"clip_ratio": 1.0}, "clip_ratio"),
        ({"clip_ratio": np.nan}, "clip_ratio"),
        ({"schedule": "linear"}, "schedule"),
        ({"schedule": "cosine"}, "total_steps"),
        ({"warm_up_steps": -1}, "warm_up_steps"),
    ],
)
def test_bad_options_are_refused(isa, options, message):
    with pytest.raises(ValueError, match=message):
        setting(isa, **options)


@every_isa
def test_bad_calls_are_refused_and_change_nothing(isa):
    flow, trainer = setting(isa)
    panels = to_panels(data(40))
    before = flow.get_params()
    for args, kwargs, message in [
        ((panels, 40, 20), {}, "batch_size"),
        ((panels, 40, 0), {}, "batch_size"),
        ((panels, 0, 16), {}, "x"),
        ((panels, 60, 64), {}, "x"),
        ((panels.astype(np.float32), 40, 40), {}, "x"),
        ((panels, 40, 40), {"weights": np.ones(39)}, "weights"),
        ((panels, 40, 40), {"context": panels}, "context"),
        ((panels, 40, 40), {"n_threads": 0}, "n_threads"),
    ]:
        with pytest.raises(ValueError, match=message):
            trainer.run(*args, **kwargs)
    state = trainer.get_state()
    for wrong, message in [({"m": state["m"][1:]}, "m"), ({"step": -1}, "step")]:
        with pytest.raises(ValueError, match=message):
            trainer.set_state({**state, **wrong})
    with pytest.raises(ValueError, match="v"):
        trainer.set_state({"step": 0, "m": state["m"]})
    assert trainer.step == 0
    assert flow.get_params().tobytes() == before.tobytes()

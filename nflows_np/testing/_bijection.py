"""One bijection held to every law."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _engine
from ..specs import Bijection, Flow
from ._gradients import check_gradients
from ._laws import check_batch_invariance, check_log_det, check_round_trip, check_tails
from ._rows import Rows, vjp

N_ROWS = 37  # three panels, the last one not full
N_DIFFERENCED = 8


def check_bijection(
    bijection: Bijection,
    n_features: int,
    n_context: int = 0,
    *,
    scale: float = 0.1,
    isa: str | None = None,
    random_state: int = 0,
) -> None:
    r"""Hold one bijection to every law, at its start and at random parameters.

    The laws: the two directions undo each other and their log-dets cancel, in float32 and float64; log-dets
    equal :math:`\log|\det|` of a numerical Jacobian within 1e-8 nats; gradients by rows, parameters and
    context equal fourth-order differences within 1e-6; a row's bits depend neither on its batch nor on
    threads; rows far in the tails give no NaN; at random parameters a gradient reaches every block of them.

    Parameters
    ----------
    bijection : Bijection
        Its spec, for example ``Coupling(Affine())``.
    n_features : int
        Number of columns. Small ones are enough: try 1, 2 and 5.
    n_context : int, default=0
        Number of columns of the context.
    scale : float, default=0.1
        Standard deviation of what is added to the parameters of the start.
    isa : {"base", "avx2", "avx512"}, optional
        The engine's variant; by default the one in use.
    random_state : int, default=0
        Of rows, context and parameters.

    Raises
    ------
    AssertionError
        Names the law, the direction and the worst error.

    Examples
    --------
    >>> from nflows_np.specs import Affine, Coupling
    >>> from nflows_np.testing import check_bijection
    >>> check_bijection(Coupling(Affine(), hidden_units=(8,)), n_features=3, n_context=2)
    """
    engine = _engine.engine if isa is None else _engine.load(isa)
    rng = np.random.default_rng(random_state)
    spec = Flow([bijection]).resolve(n_features, rng).to_dict()
    rows = rng.standard_normal((N_ROWS, n_features))
    context = rng.standard_normal((N_ROWS, n_context)) if n_context else None
    for make in (engine.Flow64, engine.Flow32):
        flow = make(spec, n_features, n_context)
        flow.start(random_state)
        _check_flow(flow, rows, context)
        _randomise(flow, rng, scale, rows, context)
        _check_flow(flow, rows, context)


def _check_flow(flow: Any, rows: Rows, context: Rows | None) -> None:
    check_round_trip(flow, rows, context)
    check_batch_invariance(flow, rows, context)
    check_tails(flow, rows.shape[1], None if context is None else context[0])
    if flow.get_params().dtype == np.float64:
        few, few_context = rows[:N_DIFFERENCED], None if context is None else context[:N_DIFFERENCED]
        check_log_det(flow, few, few_context)
        check_gradients(flow, few, few_context)


def _randomise(flow: Any, rng: np.random.Generator, scale: float, rows: Rows, context: Rows | None) -> None:
    """Add noise to every parameter that a gradient reaches; the others are masked and stay zero.

    At the start the last layers of networks are zero and hide those before them from the gradient: hence
    three rounds.
    """
    reached = np.zeros(flow.n_params, dtype=bool)
    for _ in range(3):
        d_out, d_log_det = rng.standard_normal(rows.shape), rng.standard_normal(len(rows))
        new = (vjp(flow, "forward", rows, context, d_out, d_log_det)[1] != 0.0) & ~reached
        params = flow.get_params()
        params[new] += scale * rng.standard_normal(new.sum())
        flow.set_params(params)
        reached |= new
    unreached = [name for name, at, size, _ in flow.layout() if size and not reached[at : at + size].any()]
    if unreached and rows.shape[1] > 1:  # in one dimension a strict triangle is empty
        raise AssertionError(f"no gradient reaches the parameters {unreached}")

"""The law of the gradients: by rows, parameters and context they are those of differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._differences import assert_equal_derivative, by_columns, by_entries
from ._rows import DIRECTIONS, Rows, apply, from_panels, to_panels, vjp


def check_gradients(
    flow: Any,
    rows: Rows,
    context: Rows | None = None,
    *,
    rtol: float = 1e-6,
    kink: float | None = None,
    free: Rows | None = None,
    max_params: int = 200,
    random_state: int = 0,
) -> float:
    r"""Assert that gradients in both directions equal differences of fourth order.

    The function differentiated is a random linear form of outputs and log-dets,
    :math:`L = \sum_r \big(\sum_j a_{rj} z_{rj} + b_r \log|\det J_r|\big)`; its gradients by rows, parameters
    and context are compared entry by entry, and by the cosine of the whole.

    Parameters
    ----------
    flow : Flow64
        Its parameters are moved and put back.
    rows : ndarray of shape (n, n_features)
    context : ndarray of shape (n, n_context), optional
    rtol : float, default=1e-6
        Allowed error of an entry, relative to the entry or to 1; and of the cosine.
    kink : float, optional
        Entries at which differences at two steps are further apart are left out. By default ``0.1 * rtol``.
    free : ndarray of bool of shape (n_params,), optional
        The parameters that may differ from zero; the gradient by the others must be exactly zero. By default
        those that do differ from zero, or that a gradient of either direction reaches.
    max_params : int, default=200
        Of more free parameters, a random choice of so many is compared.
    random_state : int, default=0
        Of the linear form and of the choice.

    Returns
    -------
    worst : float
        The largest relative error found.

    Raises
    ------
    AssertionError
        Says which gradient fails and by how much.
    """
    rng = np.random.default_rng(random_state)
    d_out, d_log_det = rng.standard_normal(rows.shape), rng.standard_normal(len(rows))
    vjps = {d: vjp(flow, d, rows, context, d_out, d_log_det) for d in DIRECTIONS}
    reached = np.any([d_params != 0.0 for _, d_params, _ in vjps.values()], axis=0)
    if free is None:
        free = reached | (flow.get_params() != 0.0)
    if np.any(reached & ~free):
        blocks = [name for name, at, size, _ in flow.layout() if (reached & ~free)[at : at + size].any()]
        raise AssertionError(f"the gradient by masked parameters is not zero, in {blocks}")
    chosen = np.sort(rng.permutation(np.flatnonzero(free))[:max_params])

    worst = 0.0
    for direction, (d_rows, d_params, d_context) in vjps.items():
        form = _Form(flow, direction, rows, context, d_out, d_log_det)
        numeric = by_columns(form.of_rows, rows)
        worst = max(worst, assert_equal_derivative(d_rows.T, numeric, rtol, f"{direction}_vjp by rows", kink))
        if context is not None and d_context is not None:
            numeric = by_columns(form.of_context, context)
            error = assert_equal_derivative(d_context.T, numeric, rtol, f"{direction}_vjp by context", kink)
            worst = max(worst, error)
        numeric = by_entries(form.of_params, flow.get_params(), chosen)
        error = assert_equal_derivative(
            d_params[chosen], numeric, rtol, f"{direction}_vjp by parameters", kink
        )
        worst = max(worst, error)
    return worst


def check_log_prob_gradients(
    flow: Any, rows: Rows, *, rtol: float = 1e-6, kink: float | None = None, free: Rows | None = None
) -> float:
    """Assert that the gradients of the log-density by rows and parameters equal differences of fourth order.

    Parameters
    ----------
    flow : Flow64
        Its parameters are moved and put back.
    rows : ndarray of shape (n, n_features)
    rtol : float, default=1e-6
        Allowed error of an entry, relative to the entry or to 1; and of the cosine.
    kink : float, optional
        Entries at which differences at two steps are further apart are left out. By default ``0.1 * rtol``.
    free : ndarray of bool of shape (n_params,), optional
        The parameters to compare; the gradient by the others must be exactly zero. All by default.

    Returns
    -------
    worst : float
        The largest relative error found.

    Raises
    ------
    AssertionError
        Says which gradient fails and by how much.
    """
    n = len(rows)
    d_log_prob = np.random.default_rng(1).standard_normal(n)
    d_rows, d_params, _ = flow.log_prob_vjp(to_panels(rows), n, d_log_prob, None)
    if free is not None and np.any((d_params != 0.0) & ~free):
        raise AssertionError("the gradient by masked parameters is not zero")
    chosen = np.arange(flow.n_params) if free is None else np.flatnonzero(free)

    def of_rows(moved: Rows) -> Rows:
        weights = np.tile(d_log_prob, len(moved) // n)
        return weights * np.asarray(flow.log_prob(to_panels(moved), len(moved), None, 1))

    def of_params(moved: Rows) -> float:
        before = flow.get_params()
        flow.set_params(moved)
        value = float(of_rows(rows).sum())
        flow.set_params(before)
        return value

    numeric = by_columns(of_rows, rows)
    by_rows = assert_equal_derivative(from_panels(d_rows, n).T, numeric, rtol, "log_prob_vjp by rows", kink)
    numeric = by_entries(of_params, flow.get_params(), chosen)
    what = "log_prob_vjp by parameters"
    return max(by_rows, assert_equal_derivative(d_params[chosen], numeric, rtol, what, kink))


class _Form:
    """The linear form of one direction's outputs and log-dets, as a function of each of its arguments.

    Moved rows or context come as k copies of the n rows, and the form's terms as (k n,) numbers.
    """

    def __init__(
        self, flow: Any, direction: str, rows: Rows, context: Rows | None, d_out: Rows, d_log_det: Rows
    ) -> None:
        self.flow, self.direction = flow, direction
        self.rows, self.context = rows, context
        self.d_out, self.d_log_det = d_out, d_log_det

    def of_rows(self, moved: Rows) -> Rows:
        copies = len(moved) // len(self.rows)
        return self._terms(moved, None if self.context is None else np.tile(self.context, (copies, 1)))

    def of_context(self, moved: Rows) -> Rows:
        copies = len(moved) // len(self.rows)
        return self._terms(np.tile(self.rows, (copies, 1)), moved)

    def of_params(self, moved: Rows) -> float:
        before = self.flow.get_params()
        self.flow.set_params(moved)
        value = float(self._terms(self.rows, self.context).sum())
        self.flow.set_params(before)
        return value

    def _terms(self, rows: Rows, context: Rows | None) -> Rows:
        out, log_det = apply(self.flow, self.direction, rows, context)
        copies = len(rows) // len(self.rows)
        return (np.tile(self.d_out, (copies, 1)) * out).sum(axis=1) + np.tile(
            self.d_log_det, copies
        ) * log_det

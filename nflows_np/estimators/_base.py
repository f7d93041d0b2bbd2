"""What every estimator around one flow shares: fitting, going on with a fit, the engine, the state and its
file.

Fitted state is plain: arrays, numbers, a spec. The engine's object that computes with them is made when it is
first wanted and is no part of the state: it is neither copied nor pickled nor saved, so that a model moves
between processes, machines and instruction sets.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from nflows_np import persistence
from nflows_np._config import n_threads
from nflows_np._model import FlowModel
from nflows_np._random_state import CONSTRAINT, check_random_state
from nflows_np._weights import check_weights
from nflows_np.columns import ColumnScaler
from nflows_np.estimators import _document
from nflows_np.estimators._auto import BASES, Choice, choose
from nflows_np.estimators._rows import check_rows
from nflows_np.presets import PRESETS
from nflows_np.specs import Base, Flow
from nflows_np.specs.rational_quadratic import MAX_BINS
from nflows_np.training import History, Policy, Rows, TrainingState, train

DTYPES = {"float32": np.dtype(np.float32), "float64": np.dtype(np.float64)}

# Rows that the data-dependent start looks at: more of them move no mean and no covariance by an amount that
# matters.
START_ROWS = 32_768

# Scaled values beyond this are taken for this by the start: its means and covariances, unlike the medians and
# quartiles of the scaling, can be ruined by a single wild row.
START_RANGE = 100.0

# The parameters that say what is fitted rather than how: they must stay as they are while a fit goes on.
ARCHITECTURE = ("flow", "base", "n_layers", "hidden_units", "activation", "n_bins", "tail_bound", "dtype")


class FlowEstimator(BaseEstimator):
    """An estimator whose fitted state is one flow behind the scaling of its columns."""

    _parameter_constraints: dict[str, Any] = {
        "flow": [StrOptions({"auto", *PRESETS}), Flow],
        "base": [StrOptions({"auto", *BASES}), Base],
        "n_layers": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "hidden_units": [StrOptions({"auto"}), "array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions({"relu", "tanh", "silu", "elu"})],
        "n_bins": [StrOptions({"auto"}), Interval(Integral, 1, MAX_BINS, closed="both")],
        "tail_bound": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "clip_ratio": [Interval(Real, 1, None, closed="neither"), Options(Real, {np.inf})],
        "early_stopping": [StrOptions({"auto"}), "boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "dtype": [
            StrOptions(set(DTYPES)),
            Options(type, {np.float32, np.float64}),
            Options(np.dtype, set(DTYPES.values())),
        ],
        "device": [StrOptions({"cpu"})],
        "n_jobs": [None, Integral],
        "random_state": CONSTRAINT,
        "verbose": ["verbose"],
    }

    # Fitting

    def _fit_flow(
        self,
        X: Any,
        sample_weight: Any,
        X_val: Any = None,
        *,
        incremental: bool = False,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        """Fit, or go on with a fit.

        ``incremental`` is one epoch without validation, and goes on where there is a fit. ``feature_names``
        are for an array whose names are known from elsewhere.
        """
        resume = (incremental or self.warm_start) and hasattr(self, "parameters_")
        with self._all_or_nothing():
            X = self._check_rows(X, reset=not resume, ensure_min_samples=1 if resume else 2)
            if feature_names is not None:
                self.feature_names_in_ = np.asarray(feature_names, dtype=object)
            rows = self._weighted_rows(X, sample_weight, at_least=1 if resume else 2)
            choice = choose(self.get_params(deep=False), len(rows), X.shape[1])
            if resume:
                self._check_architecture()
                entropy = self._entropy
            else:
                entropy = (
                    check_random_state(self.random_state).randint(2**32, size=4, dtype=np.uint32).tolist()
                )
            seeds = _Seeds(entropy)
            validation = None
            if not incremental:
                rows, validation = self._validation_rows(rows, X_val, choice, seeds)
            model = self._model if resume else self._started(choice, rows, seeds)
            policy = self._policy(choice, incremental)
            if resume:
                state = TrainingState(**self._training)
            else:
                state = TrainingState.start(model.flow.get_params(), seeds.order)
            state, history = train(model, rows, validation, state, policy)
            if not resume:
                self._keep_start(choice, model, entropy)
            self._keep(model, state, history, policy, validation is not None)
        self._warn(history, policy, validation is not None)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """What fails inside leaves the estimator as it was."""
        before = self.__getstate__()
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _check_rows(self, X: Any, *, name: str = "X", **options: Any) -> NDArray[Any]:
        """Rows of the columns that are fitted, or to be fitted; see :func:`check_rows`."""
        return check_rows(self, X, name, **options)

    def _weighted_rows(self, X: NDArray[Any], sample_weight: Any, at_least: int) -> Rows:
        """The rows of positive weight."""
        if sample_weight is None:
            return Rows(X, np.arange(len(X)))
        weights = check_weights(sample_weight, X, type(self).__name__, at_least)
        index = np.flatnonzero(weights)
        return Rows(X, index, None if np.all(weights[index] == weights[index[0]]) else weights)

    def _validation_rows(
        self, rows: Rows, X_val: Any, choice: Choice, seeds: _Seeds
    ) -> tuple[Rows, Rows | None]:
        """The rows to learn from and those to validate on: given ones, a random share, or none."""
        if X_val is not None:
            if self.early_stopping is False:
                raise ValueError(
                    "X_val is given while early_stopping is False: nothing would be validated on it."
                )
            X_val = self._check_rows(X_val, name="X_val")
            return rows, Rows(X_val, np.arange(len(X_val)))
        n_validation = max(1, round(self.validation_fraction * len(rows)))
        if not choice.early_stopping or len(rows) - n_validation < 2:
            return rows, None
        order = np.random.Generator(np.random.PCG64(seeds.split)).permutation(len(rows))
        held_out, kept = np.sort(order[:n_validation]), np.sort(order[n_validation:])
        return rows.take(kept), rows.take(held_out)

    def _started(self, choice: Choice, rows: Rows, seeds: _Seeds) -> FlowModel:
        """A new model, scaled to the rows and started at their Gaussian fit."""
        dtype = np.dtype(self.dtype)
        names = getattr(self, "feature_names_in_", None)
        spec = choice.flow.resolve(self.n_features_in_, np.random.Generator(np.random.PCG64(seeds.resolve)))
        scaler = ColumnScaler.fit(
            rows.X,
            rows.index,
            sample_weight=rows.weights,
            feature_names=names,
            as_they_are=spec.circular_columns(self.n_features_in_),
        )
        model = FlowModel(spec, scaler, dtype)
        model.flow.start(int(seeds.start.generate_state(1, np.uint64)[0] >> 1))
        some = rows
        if len(rows) > START_ROWS:
            order = np.random.Generator(np.random.PCG64(seeds.order.spawn(1)[0])).permutation(len(rows))
            some = rows.take(np.sort(order[:START_ROWS]))
        stream = model.rows(some.X, some.index)
        panels = stream.move(np.empty(stream.shape, dtype))
        np.clip(panels, -START_RANGE, START_RANGE, out=panels)
        model.flow.start_from_data(panels, len(some), weights=some.normalised_weights())
        return model

    def _policy(self, choice: Choice, incremental: bool) -> Policy:
        """The parameters of training."""
        patience = np.inf if incremental else float(self.n_iter_no_change)  # a stream has no plateaus
        return Policy(
            max_iter=1 if incremental else int(self.max_iter),
            batch_size=choice.batch_size,
            learning_rate=float(self.learning_rate_init),
            alpha=choice.alpha,
            clip_ratio=float(self.clip_ratio),
            n_iter_no_change=patience,
            tol=float(self.tol),
            n_threads=n_threads(self.n_jobs),
            verbose=int(self.verbose),
        )

    def _architecture(self) -> dict[str, Any]:
        """The parameters that say what is fitted, in one spelling each."""
        params: dict[str, Any] = {name: getattr(self, name) for name in ARCHITECTURE}
        params["dtype"] = np.dtype(self.dtype).name
        if not isinstance(self.hidden_units, (str, Integral)):
            params["hidden_units"] = tuple(self.hidden_units)
        return params

    def _check_architecture(self) -> None:
        """Refuse to go on with a fit of something else."""
        now, fitted = self._architecture(), self._fitted_architecture
        changed = [
            f"{name} ({fitted[name]!r} to {now[name]!r})"
            for name in ARCHITECTURE
            if now[name] != fitted[name]
        ]
        if changed:
            raise ValueError(
                "warm_start and partial_fit go on with the flow that was fitted, and these parameters have changed "
                f"since: {', '.join(changed)}. Set warm_start=False to fit anew."
            )

    def _keep_start(self, choice: Choice, model: FlowModel, entropy: list[int]) -> None:
        """Store what the first call of a fit decides for those that go on with it."""
        self._entropy = entropy
        self._fitted_architecture = self._architecture()
        self.flow_ = model.spec
        self.n_layers_ = choice.n_layers
        self.hidden_units_ = choice.hidden_units
        self.loc_ = model.scaler.loc
        self.scale_ = model.scaler.scale
        self.n_iter_ = 0
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = None

    def _keep(
        self, model: FlowModel, state: TrainingState, history: History, policy: Policy, validated: bool
    ) -> None:
        """Store what training did."""
        self._training = state.to_dict()
        self._engine_model = model
        self.parameters_ = state.used
        self.n_parameters_ = len(self.parameters_)
        self.batch_size_ = history.batch_rows
        self.alpha_ = policy.alpha
        self.early_stopping_ = validated
        self.n_iter_ = state.epoch
        self.converged_ = state.converged
        self.loss_curve_ = [*self.loss_curve_, *history.losses]
        if validated:
            self.validation_scores_ = [*(self.validation_scores_ or []), *history.scores]
        self.best_validation_score_ = state.best_score

    def _warn(self, history: History, policy: Policy, validated: bool) -> None:
        """Say what the user should know; nothing where all went well."""
        if history.interrupted:
            warnings.warn(
                f"Training interrupted after {self.n_iter_} epochs; the best weights so far are kept.",
                stacklevel=5,
            )
        if history.dropped_steps:
            slowed = f"The learning rate came down to {history.learning_rate:.1e}"
            end = "Training was given up" if history.gave_up else slowed
            warnings.warn(
                f"{history.dropped_steps} training step(s) had a loss or gradient that was not finite; they were not "
                f"applied and the best weights so far were restored. {end}. Consider a smaller learning_rate_init, and "
                "look for extreme values in X.",
                ConvergenceWarning,
                stacklevel=5,
            )
        elif validated and policy.max_iter > 1 and not (self.converged_ or history.interrupted):
            warnings.warn(
                f"Maximum number of epochs ({policy.max_iter}) reached while the validation log-likelihood was still "
                "improving. Raise max_iter, or go on with warm_start=True.",
                ConvergenceWarning,
                stacklevel=5,
            )

    # State

    @property
    def _model(self) -> FlowModel:
        """The engine's side of the fitted state, made when it is first wanted."""
        model = self.__dict__.get("_engine_model")
        if model is None:
            scaler = ColumnScaler(self.loc_, self.scale_)
            model = FlowModel(self.flow_, scaler, self.parameters_.dtype, self.parameters_)
            self._engine_model = model
        return model

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_engine_model", None)
        return state

    @property
    def _n_features_out(self) -> int:
        """The latent columns, for ``get_feature_names_out``."""
        return self.n_features_in_

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to a file that :func:`nflows_np.load` reads.

        The file holds the parameters, the fitted state and the state of training, as JSON and plain arrays:
        nothing in it can run. It is written whole or not at all; a file that is there is replaced in one
        step.

        Parameters
        ----------
        path : str or path-like
            Where to.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        TypeError
            If a parameter of the estimator is of a type that has no place in a file.
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self)
        persistence.save(self, path)

    def _to_document(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return _document.write(self)

    @classmethod
    def _from_document(cls, document: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Any:
        return _document.read(cls, document, arrays)


class _Seeds:
    """Independent seeds for the four things that are random, from one draw of the user's random state."""

    def __init__(self, entropy: list[int]) -> None:
        self.resolve, self.start, self.split, self.order = np.random.SeedSequence(entropy).spawn(4)

"""What every estimator around one flow shares: parameters, fitting, going on with a fit, the state.

Fitted state is one frozen value, `Fitted`, of which an estimator shows the fields as attributes. The engine's object
that computes with it is made when it is first wanted and is no part of the state: it is neither copied nor pickled
nor saved, so that a model moves between processes, machines and instruction sets.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from nflows_np._config import n_threads
from nflows_np._devices import DEVICES, usable
from nflows_np._distinct import first_copies, merged
from nflows_np._limits import MAX_COUNT, MAX_LAYERS, MAX_REAL, MAX_WIDTH
from nflows_np._messages import shown
from nflows_np._model import FlowModel
from nflows_np._random_state import CONSTRAINT, check_random_state
from nflows_np._weights import check_weights
from nflows_np.columns.kinds import Kind
from nflows_np.columns.table import TableColumns, TableRows
from nflows_np.estimators import _files
from nflows_np.estimators._auto import FEW_COLUMNS, SPLINES, Choice, choose
from nflows_np.estimators._layers import bent_once, for_columns
from nflows_np.estimators._pattern import fit_pattern
from nflows_np.estimators._remarks import warn_of
from nflows_np.estimators._rows import check_same_kinds, read_rows, read_table
from nflows_np.estimators._seeds import Seeds
from nflows_np.estimators._split import check_groups, hold_out, units_of
from nflows_np.estimators._trials import When, fit_best
from nflows_np.estimators.fitted import PUBLIC, Fitted
from nflows_np.estimators.fitting import fit_flow, gaussianized, scaling
from nflows_np.presets import PRESETS
from nflows_np.specs import Base, Flow
from nflows_np.specs._checks import ACTIVATIONS
from nflows_np.specs._named import NAMED_BASES
from nflows_np.training_state import Policy, Rows

DTYPES = {"float32": np.dtype(np.float32), "float64": np.dtype(np.float64)}

# The parameters that say what is fitted rather than how: they must stay as they are while a fit goes on.
ARCHITECTURE = (
    "flow",
    "flow_params",
    "base",
    "n_layers",
    "hidden_units",
    "activation",
    "gaussianize",
    "columns",
    "missing",
    "dtype",
)


def _one_of(*names: str) -> StrOptions:
    """One of some names, which errors list in this order: a set's would change from process to process."""
    return StrOptions(dict.fromkeys(names).keys())


_POSITIVE_COUNT = Interval(Integral, 1, MAX_COUNT, closed="both")


class FlowEstimator(BaseEstimator):
    """An estimator whose fitted state is one flow behind the scaling of its columns."""

    _parameter_constraints: dict[str, Any] = {
        "flow": [_one_of("auto", *PRESETS), Flow],
        "flow_params": [dict, None],
        "base": [_one_of("auto", *NAMED_BASES), Base],
        "n_layers": [_one_of("auto"), Interval(Integral, 1, MAX_LAYERS, closed="both")],
        "hidden_units": [
            _one_of("auto"),
            "array-like",
            Interval(Integral, 1, MAX_WIDTH, closed="both"),
        ],
        "activation": [_one_of("auto", *ACTIVATIONS)],
        "gaussianize": [_one_of("auto"), "boolean"],
        "columns": [_one_of("from_dtype", "auto"), Kind, Mapping, type],  # of a type read_table says more
        "missing": [_one_of("error", "observed")],
        "handle_unknown": [_one_of("error", "ignore")],
        "max_iter": [_POSITIVE_COUNT],
        "batch_size": [_one_of("auto"), _POSITIVE_COUNT],
        "learning_rate_init": [Interval(Real, 0, MAX_REAL, closed="right")],
        "alpha": [_one_of("auto"), Interval(Real, 0, MAX_REAL, closed="both")],
        "clip_ratio": [Interval(Real, 1, MAX_REAL, closed="right"), Options(Real, {np.inf})],
        "early_stopping": [_one_of("auto"), "boolean"],
        "validation_fraction": [_one_of("auto"), Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_one_of("auto"), _POSITIVE_COUNT, Options(Real, {np.inf})],
        "tol": [Interval(Real, 0, MAX_REAL, closed="both")],
        "warm_start": ["boolean"],
        "dtype": [
            _one_of(*DTYPES),
            Options(type, {np.float32, np.float64}),
            Options(np.dtype, set(DTYPES.values())),
        ],
        "device": [_one_of("auto", *DEVICES)],
        "n_jobs": [None, Interval(Integral, -MAX_COUNT, MAX_COUNT, closed="both")],
        "random_state": CONSTRAINT,
        "verbose": ["boolean", Interval(Integral, 0, MAX_COUNT, closed="both")],
    }

    # Fitting

    def _fit_flow(
        self,
        X: Any,
        sample_weight: Any,
        X_val: Any = None,
        groups: Any = None,
        *,
        incremental: bool = False,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        """Fit, or go on with a fit.

        ``incremental`` is one epoch without validation over the rows as they come, and goes on where there is a fit.
        ``feature_names`` are for an array whose names are known from elsewhere.

        All is made aside and takes its place in one step: what fails leaves the estimator as it was, and threads
        that score meanwhile score with the fit that was there.
        """
        if incremental:
            self._validate_params()  # scikit-learn leaves that out where there is a fit already
        resume: Fitted | None = getattr(self, "_fitted", None) if incremental or self.warm_start else None
        least = 2 if resume is None else 1
        draft = copy.copy(self)
        if resume is None:
            read, columns, told = read_table(draft, X, least)
        else:
            columns = resume.of_table
            check_same_kinds(self.columns, X, columns)
            read = read_rows(draft, X, columns, fitting=True)
        X = read.numbers
        if feature_names is not None:
            draft.feature_names_in_ = np.asarray(feature_names, dtype=object)
        table = self._weighted_rows(X, sample_weight, least)
        units = None
        if not incremental:
            first = first_copies(X, table.index)
            if not columns.is_plain:
                first = np.where(columns.has_density(X[table.index]), first, np.arange(len(first)))
            if groups is not None:
                units = units_of(check_groups(groups, X)[table.index], first)
            table = merged(table, first)
        all_names: Sequence[str] | None = getattr(draft, "feature_names_in_", None)
        names = None if all_names is None else [str(all_names[j]) for j in columns.used]
        params = self.get_params(deep=False)
        choice = choose(params, len(table), X.shape[1], names)
        if resume is None:
            seeds = Seeds.draw(check_random_state(self.random_state))
        else:
            self._check_architecture(resume)
            seeds = Seeds(resume.entropy)
        noise = np.random.Generator(np.random.PCG64(seeds.start.generate_state(4)))
        table = dataclasses.replace(table, X=columns.spread_out(table.X, noise))
        rows, validation = table, None
        if X_val is not None:
            validation = draft._given_validation(X_val, groups, columns)
            validation = dataclasses.replace(validation, X=columns.spread_out(validation.X, noise))
        elif not incremental and choice.n_validation:
            rows, validation = hold_out(table, choice.n_validation, seeds.split, units)
        policy = self._policy(choice, incremental, validation is not None)
        fit = functools.partial(
            fit_flow,
            rows=rows,
            table=table,
            validation=validation,
            policy=policy,
            seeds=seeds,
            architecture=self._architecture(),
            device=self.device,
            feature_names=all_names,
            table_columns=None if columns.is_array_of_numbers else columns,
            resume=resume,
        )
        if resume is None:
            other: Callable[[], Choice] | None = None
            if self.flow == "auto" and X.shape[1] > FEW_COLUMNS:
                other = functools.partial(choose, params | {"flow": SPLINES}, len(table), X.shape[1], names)
            scaler, plan = scaling(choice, columns, table, seeds, columns.labels, told)
            choice = for_columns(choice, X.shape[1], plan, params)
            if other is not None and not plan.is_plain:
                others = other
                other = lambda: for_columns(others(), X.shape[1], plan, params)  # noqa: E731
            mapped = functools.partial(gaussianized, scaler, choice, plan, table, seeds)
            when = self._when_to_gaussianize()
            plainer = bent_once(choice) if plan.conditionals and self.flow == "auto" else None
            clusters = self.flow == "auto" and self.base == "auto" and plan.is_plain
            fitted, model, history = fit_best(
                fit, choice, scaler, mapped, when, clusters, table, validation, other, plainer
            )
        else:
            fitted, model, history = fit(choice, resume.scaler)
        self._adopt(fitted, model)
        gaps = np.flatnonzero(columns.own_gaps)
        if len(gaps) and not incremental and not history.interrupted:
            pattern, parameters, of_pattern = fit_pattern(rows, validation, gaps, policy, seeds)
            fitted = dataclasses.replace(fitted, pattern=pattern, pattern_parameters=parameters)
            self._adopt(fitted, model)
            history.interrupted = of_pattern.interrupted
        try:
            warn_of(self, history, policy, table)
        finally:
            if history.interrupted:  # the caller of many fits has to stop, too
                raise KeyboardInterrupt

    def _when_to_gaussianize(self) -> When:
        """What ``gaussianize`` says: "auto" is a question for "auto", a way out for a preset, and not for a `Flow`."""
        if self.gaussianize != "auto":
            return "always" if self.gaussianize else "never"
        if isinstance(self.flow, Flow):
            return "never"
        return "better" if self.flow == "auto" else "stuck"

    def _read(self, X: Any) -> TableRows:
        """Rows of the columns that were fitted."""
        return read_rows(self, X, self._fitted.of_table)

    def _possible_rows(self, X: Any) -> NDArray[Any]:
        """The same, where rows that cannot be have no answer."""
        return read_rows(self, X, self._fitted.of_table, fitting=True).numbers

    def _weighted_rows(self, X: NDArray[Any], sample_weight: Any, at_least: int) -> Rows:
        """The rows of positive weight."""
        if sample_weight is None:
            return Rows(X, np.arange(len(X)))
        weights = check_weights(sample_weight, X, type(self).__name__, at_least)
        index = np.flatnonzero(weights)
        return Rows(X, index, None if np.all(weights[index] == weights[index[0]]) else weights)

    def _given_validation(self, X_val: Any, groups: Any, columns: TableColumns) -> Rows:
        """The rows to validate on that the caller gives."""
        if self.early_stopping is False:
            raise ValueError(
                "X_val is given while early_stopping is False: nothing would be validated on it."
            )
        if groups is not None:
            raise ValueError(
                "groups say what may not be split, and with X_val nothing is split: give one of the two."
            )
        X_val = read_rows(self, X_val, columns, "X_val", fitting=True).numbers
        return Rows(X_val, np.arange(len(X_val)))

    def _policy(self, choice: Choice, incremental: bool, validated: bool) -> Policy:
        """The parameters of training. What nothing would judge is not trained, unless that is asked for."""
        patience: float | None = None if self.n_iter_no_change == "auto" else float(self.n_iter_no_change)
        if incremental:  # a stream has no plateaus
            patience = np.inf
        judged = validated or self.early_stopping != "auto"
        return Policy(
            max_iter=1 if incremental else int(self.max_iter) if judged else 0,
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
        params["flow_params"] = dict(self.flow_params or {})
        if not isinstance(self.hidden_units, (str, Integral)):
            params["hidden_units"] = tuple(self.hidden_units)
        if not isinstance(self.columns, str):  # kinds are compared by themselves
            params["columns"] = "given"
        return params

    def _check_architecture(self, resume: Fitted) -> None:
        """Refuse to go on with a fit of something else."""
        now = self._architecture()
        changed = [
            f"{name} ({shown(fitted)} to {shown(now[name])})"
            for name, fitted in resume.architecture.items()
            if now[name] != fitted
        ]
        if changed:
            raise ValueError(
                "warm_start and partial_fit go on with the flow that was fitted, and these parameters have changed "
                f"since: {', '.join(changed)}. Set warm_start=False to fit anew."
            )

    def _adopt(self, fitted: Fitted, model: FlowModel | None = None) -> None:
        """Become fitted, in one step for whoever else is looking; the engine's side is made when first wanted."""
        state: dict[str, Any] = {
            "_fitted": fitted,
            "_engine_model": model,
            "n_features_in_": len(fitted.of_table.kinds),
        }
        if fitted.feature_names is not None:
            state["feature_names_in_"] = np.asarray(fitted.feature_names, dtype=object)
        self.__dict__.update(state)
        if fitted.feature_names is None:
            self.__dict__.pop("feature_names_in_", None)

    # State

    @property
    def _model(self) -> FlowModel:
        """The engine's side of the fitted state, made when it is first wanted."""
        model = self.__dict__.get("_engine_model")
        if model is None:
            fitted = self._fitted
            device = usable("cuda") if self.device == "cuda" else "cpu"
            dtype = fitted.parameters.dtype
            model = FlowModel(fitted.flow, fitted.scaler, dtype, fitted.parameters, device)
            self._engine_model = model
        return model

    @property
    def device_(self) -> str:
        """Where the fitted flow is computed, in this process."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'device_'")
        return self._model.device

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "observed"
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return "_fitted" in self.__dict__

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_engine_model", None)
        return state

    @property
    def _n_features_out(self) -> int:
        """The latent columns, for ``get_feature_names_out``."""
        return len(self._fitted.loc)

    def save(self, path: str | os.PathLike[str], *, resumable: bool = False) -> None:
        """Write the fitted estimator to a file that :func:`nflows_np.load` reads.

        The file holds the parameters and the fitted state, as JSON and plain arrays: nothing in it can run. It is
        written whole or not at all; a file that is there is replaced in one step.

        Parameters
        ----------
        path : str or path-like
            Where to.
        resumable : bool, default=False
            Whether the file also holds the state of training, which is three to four times as large as the
            parameters. With it, ``partial_fit`` and ``warm_start`` go on bit for bit after loading; without it, they
            begin at the saved weights and scaling with fresh moments of Adam, and say so.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        TypeError
            If a parameter of the estimator is of a type that has no place in a file, or its class is one that
            :func:`nflows_np.load` does not know, as your own subclasses are.
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self)
        _files.save(self, path, resumable)


def _attribute(name: str) -> property:
    """A field of the fitted state, as users see it."""

    def get(self: FlowEstimator) -> Any:
        fitted = self.__dict__.get("_fitted")
        if fitted is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute '{name}_'")
        return getattr(fitted, name)

    return property(get)


for _name in PUBLIC:
    setattr(FlowEstimator, f"{_name}_", _attribute(_name))

# At least 1, as scikit-learn has it: where nothing is trained, the start, a closed form, is the one iteration.
_epochs = FlowEstimator.n_iter_
FlowEstimator.n_iter_ = property(lambda self: max(1, _epochs.fget(self)))

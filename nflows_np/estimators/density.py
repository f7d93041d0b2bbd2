"""FlowDensity: the density estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, DensityMixin, TransformerMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from nflows_np._config import n_threads
from nflows_np._random_state import check_random_state
from nflows_np._weights import check_weights, mean
from nflows_np.columns.kinds import Kind
from nflows_np.columns.links import CIRCLE
from nflows_np.estimators._base import FlowEstimator
from nflows_np.estimators._files import loadable
from nflows_np.estimators._imputation import imputed
from nflows_np.estimators._pattern import drawn_flags
from nflows_np.estimators._rows import check_rows
from nflows_np.specs import Base, Flow, StandardNormal


@loadable
class FlowDensity(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, FlowEstimator):
    r"""Density estimation with a normalizing flow.

    A flow is an invertible map :math:`f` from rows :math:`x` to latent rows :math:`z` of a base distribution, the
    standard normal unless you choose another. Its density is exact, and it is learnt by maximum likelihood:

    .. math:: \log p(x) = \log p_{\mathrm{base}}(f(x)) + \log\left|\det \frac{\partial f}{\partial x}\right| .

    Columns are scaled inside the model, robustly and from the training rows alone, and the scaling's Jacobian
    is counted: densities are those of the columns as they come in, in nats. No ``StandardScaler`` is needed
    before it, and one would change the density by its own, uncounted, Jacobian.

    Training starts at a Gaussian fit of the rows, its correlations shrunk as rows left out ask for, at a Gaussian
    copula, see `gaussianize`, or at normals in clusters of the rows, see `base`. Some rows are held out to judge by:
    where no epoch is better on them than the start, by more than chance, the start of all rows is what ``fit`` leaves.
    Equal rows count as one row of a larger weight, so that none trains and judges at once.

    Parameters
    ----------
    flow : str or Flow, default="auto"
        The flow: the name of a preset of :mod:`nflows_np.presets` (``nflows_np.presets.PRESETS`` lists them), or a
        :class:`nflows_np.specs.Flow`: one of your own, or what a preset's function returns, such as
        ``nflows_np.presets.bernstein(degree=24)``. Its layers may be `On` some columns, by name where ``X`` has names.
        "auto" is "nsf_ar"; for more than 40 columns it is "maf", unless that stays at a Gaussian which the rows are
        visibly not; and for fewer than 100 distinct rows "linear", a Gaussian.
    flow_params : dict, default=None
        Options of the named preset that others have not, such as ``{"n_bins": 16}`` of "nsf". A search over presets is
        a list of grids: ``[{"flow": ["maf"]}, {"flow": ["nsf"], "flow_params": [{"n_bins": 8}, {"n_bins": 16}]}]``.
    base : str or Base, default="auto"
        The distribution of the latents, trained with the flow: "standard_normal", "diagonal_normal", "full_normal",
        "gaussian_mixture" (for clusters), "student_t" (for heavy tails), or a base of :mod:`nflows_np.specs` such as
        ``GaussianMixture(5)``. "auto" keeps the base of `flow`, in every preset the standard normal; where `flow` is
        "auto", too, and rows lie in clusters far apart, it is a mixture that starts there.
    n_layers : int or "auto", default="auto"
        Layers of the named preset; "auto" is its own number, for some presets by the number of rows.
    hidden_units : int, sequence of int or "auto", default="auto"
        Widths of the hidden layers of its networks; "auto" grows them with the rows.
    activation : {"relu", "tanh", "silu", "elu"} or "auto", default="auto"
        Activation of its networks; "auto" is "elu". A `Flow` says for itself what these four are: with one, they stay
        as they are.
    gaussianize : bool or "auto", default="auto"
        Whether columns are mapped to normal scores before the flow sees them: each by a monotone map of its own, fixed
        in advance, unless a normal is as good (marginal Gaussianization). The start is then a Gaussian copula. "auto"
        fits without them first. With ``flow="auto"`` and rows held out, it then fits behind the maps where the copula
        alone has gained nearly as much over the Gaussian as that flow, and keeps what is better; with a named preset,
        where that stays at a Gaussian which the rows are visibly not. A `Flow` is taken as it is.
    columns : {"from_dtype", "auto"}, kind or mapping, default="from_dtype"
        What the columns are, by the kinds of :mod:`nflows_np.columns`: one for all, or a mapping such as ``{"price":
        Positive(), "angle": Periodic(0, 360), ("children", "cars"): Integer(0), "id": Drop()}``. A key is a name, a
        position, a tuple of them, or a selector such as ``sklearn.compose.make_column_selector``. Columns that it
        leaves out, and all with "from_dtype", are what their dtypes say: categories, texts and booleans are
        `Categorical`, or `Ordinal` where a dtype is ordered; numbers are `Real`, whole ones too. "auto" looks at the
        numbers as well: whole numbers that repeat are `Integer`, an atom or a hard edge at an end of the range makes a
        column `Bounded`. Integers, ranks, categories and atoms have exact probabilities, which keep one order of the
        columns: the presets "nsf_ar", "maf", "naf", "sos", "bernstein", "made_mog", "maf_mog" and "linear" can have
        them.
    missing : {"error", "observed"}, default="error"
        What to make of cells that are left out: NaN, None or what the frame has for it. "observed" learns from the
        cells that are there, and the density of a row is that of these cells; whether one is left out is assumed not to
        depend on what it would hold (missing at random).
    handle_unknown : {"error", "ignore"}, default="error"
        What to make of a category that none of the levels is, in rows to score: an error, or a log-density of -inf.
    max_iter : int, default=500
        Largest number of epochs (of further epochs, with ``warm_start``).
    batch_size : int or "auto", default="auto"
        Rows of a step. An epoch is divided evenly into steps of at most so many rows, rounded up to a
        multiple of 16.
    learning_rate_init : float, default=5e-3
        Learning rate of Adam, which rises to it over the first hundred steps or five epochs, whichever is less, and
        falls in the end, see `n_iter_no_change`. An average of the last hundred or so steps' weights is what is judged
        and kept.
    alpha : float or "auto", default="auto"
        Decoupled weight decay (AdamW) of the weight matrices of the networks; the Gaussian part is not
        decayed. "auto" is the stronger the fewer rows there are for every column.
    clip_ratio : float or inf, default=2.0
        Larger than 1. Gradients longer than this many times their usual norm (the root mean square norm of those
        before, which Adam's second moments hold) are shortened to it, so that a few rows far out do not drown what
        all others say; inf leaves them as they are.
    early_stopping : bool or "auto", default="auto"
        Whether to set rows aside, watch their likelihood and keep the weights that were best on them. "auto"
        does so where ``validation_fraction`` of the rows are ten rows or more, and trains nothing where they are
        fewer: the Gaussian start is kept. With False, progress is that of the training likelihood, and the last
        weights are kept.
    validation_fraction : float or "auto", default="auto"
        Share of the distinct rows to set aside. "auto" is a tenth, and a larger share, of up to a third, where a tenth
        is less than a hundred rows.
    n_iter_no_change : int, inf or "auto", default="auto"
        When training has converged. A number is patience: so many epochs within which the mean log-likelihood must gain
        ``tol``; after half as many the best weights come back and the learning rate is quartered. With inf the rate
        stays, and training goes on for ``max_iter`` epochs. "auto" is a course whose length follows from the table: the
        rate is held for ``450 / n**0.2`` epochs on n training rows, 82 of 5,000 and 45 of 100,000, and then annealed to
        nothing in two thirds as many. From some 5,000 rows on that takes about a third of the time of a patience of 20.
        Annealing begins earlier where more than a tenth of what the training rows have gained over the start is not to
        be seen on validation rows. Patience is so many epochs, too, but 20 where none was ever better than the start.
    tol : float, default=1e-4
        What counts as a gain, in nats.
    warm_start : bool, default=False
        Whether ``fit`` goes on where the last call ended: with its weights, moments of Adam, learning rate,
        generator and scaling of columns. Four epochs and six more are ten epochs, bit for bit.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the flow. Data are scaled and densities summed in float64 either way.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where to compute. "cuda" is an NVIDIA GPU, and needs an installation with
        ``pip install . -Ccmake.define.NFLOWS_CUDA=ON``; "auto" takes one where there is one and an epoch is work
        enough for it, a billion parameters times rows. Files do not know the device: what they hold is loaded for the
        CPU. Where a pickle meets no GPU, it is computed on the CPU.
    n_jobs : int, default=None
        Threads. ``None`` uses every core that the process may use, and one inside a parallel loop of joblib
        or a process pool; ``OMP_NUM_THREADS`` and cgroup limits are respected. More than the usable cores are not
        used. The result is bitwise the same for any number.
    random_state : int, RandomState, Generator or None, default=None
        Source of the starting weights, of random permutations within the flow, of the validation split and of
        the order of rows.
    verbose : int, default=0
        Whether to print a line for every epoch.

    Attributes
    ----------
    flow_ : Flow
        The flow with its base, nothing symbolic or random left in it.
    device_ : {"cpu", "cuda"}
        Where the flow is computed in this process.
    n_layers_, hidden_units_, batch_size_, alpha_, early_stopping_
        What the parameters of the same name came to; of a `Flow` the layers are counted, with those in a `Sequence`.
    n_parameters_ : int
        Number of trained parameters.
    parameters_ : ndarray of shape (n_parameters_,)
        The parameters, read-only.
    loc_, scale_ : ndarray of shape (n_features,)
        The scaling of the columns that are not dropped, ``(x - loc_) / scale_``; of bounded ones behind their logarithm
        or logit.
    summary_ : str
        What was fitted to which rows, where its weights come from, and how training ended: one line for people.
    preset_ : str or None
        The preset; None of a `Flow`.
    n_rows_, n_validation_ : int or None
        The distinct rows of the table, and those held out or given to judge by. None, like `start_score_`, in a model
        that was saved before this was recorded.
    gaussianized_ : ndarray of bool of shape (n_features,)
        The columns that are mapped to normal scores.
    columns_ : dict
        The kind of every column, by name, or by position where columns have no names. Nothing is left to the data:
        categories have their levels.
    measure_ : dict
        What densities are relative to, for every column that is not dropped: "length" in the units of the column,
        "count" for probabilities, or "atom + length". Log-densities are comparable where all measures are the same.
    n_iter_ : int
        Epochs so far; 1 where nothing was trained, for the start's sake.
    best_epoch_ : int or None
        The epoch whose weights were kept: 0 is the start, the last one without validation. None in a model that was
        saved before this was recorded.
    converged_ : bool
        Whether training ended because progress had.
    loss_curve_ : list of float
        Mean negative log-likelihood of the training rows during each epoch, in nats and original units.
    validation_scores_ : list of float or None
        Mean log-likelihood of the validation rows after each epoch.
    best_validation_score_ : float or None
        The validation score of the weights that were kept.
    start_score_ : float or None
        The validation score of the start.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where ``X`` had names that are all strings.

    See Also
    --------
    sklearn.neighbors.KernelDensity : Its ``score`` is a total; ours is a mean.
    sklearn.mixture.GaussianMixture : Mixtures of Gaussians.

    Notes
    -----
    A density is relative to a measure: length, in the column's own unit, for numbers of the line and of the circle;
    counting for whole numbers, ranks and categories, of which it is the probability; and both where a bound is an atom.
    So the densities of a table with a count and a number add up over the one and integrate over the other to 1.

    A log-density is in nats and in the units of the columns; densities of narrow columns exceed 1 and their
    logarithms 0. Scoring any subset of rows, in any order, gives each row the same bits.

    A column that is constant, or a combination of others, has no density. Such columns are warned about by
    name and treated as very narrow ones, so that everything stays finite; log-likelihoods then say little.

    References
    ----------
    Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2021), "Normalizing Flows for Probabilistic
    Modeling and Inference", JMLR 22(57).
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation", NeurIPS.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from nflows_np import FlowDensity
    >>> X, _ = make_moons(1000, noise=0.1, random_state=0)
    >>> flow = FlowDensity(max_iter=20, random_state=0).fit(X[:800])
    >>> flow.score_samples(X[800:]).shape
    (200,)
    >>> flow.sample(5, random_state=0).shape
    (5, 2)
    """

    def __init__(
        self,
        flow: str | Flow = "auto",
        *,
        flow_params: dict[str, Any] | None = None,
        base: str | Base = "auto",
        n_layers: int | str = "auto",
        hidden_units: int | str | ArrayLike = "auto",
        activation: str = "auto",
        gaussianize: bool | str = "auto",
        columns: str | Kind | Mapping[Any, Kind] = "from_dtype",
        missing: str = "error",
        handle_unknown: str = "error",
        max_iter: int = 500,
        batch_size: int | str = "auto",
        learning_rate_init: float = 5e-3,
        alpha: float | str = "auto",
        clip_ratio: float = 2.0,
        early_stopping: bool | str = "auto",
        validation_fraction: float | str = "auto",
        n_iter_no_change: float | str = "auto",
        tol: float = 1e-4,
        warm_start: bool = False,
        dtype: Any = "float32",
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.flow = flow
        self.flow_params = flow_params
        self.base = base
        self.n_layers = n_layers
        self.hidden_units = hidden_units
        self.activation = activation
        self.gaussianize = gaussianize
        self.columns = columns
        self.missing = missing
        self.handle_unknown = handle_unknown
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.alpha = alpha
        self.clip_ratio = clip_ratio
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.dtype = dtype
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the flow to rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least two rows. Any real dtype, order or memory map is read as it is and never copied whole.
        y : Ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, not negative. A weight of 2 is the row twice, a weight of 0 the row left out.
        X_val : array-like of shape (n_validation_samples, n_features), default=None
            Rows to validate on, in place of a share of ``X``.
        groups : array-like of shape (n_samples,), default=None
            A label for each row, such as a patient's or a chain's. Rows of one group are held out together or not at
            all, as scikit-learn's splitters by groups have it.

        Returns
        -------
        self : FlowDensity

        Raises
        ------
        ValueError
            If a parameter, a row, a weight or a group is not valid, or ``X_val`` is given with
            ``early_stopping=False`` or with ``groups``. The estimator is then as it was.

        Warns
        -----
        ConvergenceWarning
            If ``max_iter`` ended training while validation was still improving, steps were not finite, or training
            stayed at a Gaussian that the rows are visibly not.
        DegenerateColumnWarning
            If a column is constant or discrete, or a combination of others.
        UserWarning
            If rows are too few to judge the named flow by, or ``early_stopping=False`` leaves more parameters than rows
            unjudged. If training was interrupted (Ctrl-C): the best weights so far are then kept, the estimator is
            fitted, and the KeyboardInterrupt goes on to the caller.
        """
        self._fit_flow(X, sample_weight, X_val, groups)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Train for one epoch over some rows, and go on where the last call ended.

        The first call decides the flow, the scaling of the columns and the start, from its rows. Nothing is
        set aside for validation, and the learning rate does not fall: a stream has no plateaus. On the same rows, all
        distinct, ten calls are one ``fit(max_iter=10)`` with ``early_stopping=False``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least two rows in the first call, and one later.
        y : Ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, relative to those of the same call.

        Returns
        -------
        self : FlowDensity
        """
        self._fit_flow(X, sample_weight, incremental=True)
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Log-density of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In nats, in the units of the columns.
        """
        check_is_fitted(self)
        rows, impossible = self._read(X)
        log_density = self._log_prob(rows)
        if impossible is not None:
            log_density[impossible] = -np.inf
        return log_density

    def _log_prob(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Log-densities of the model's numbers; those of noise in their steps are the logarithm of their mean."""
        model, threads, offsets = self._model, n_threads(self.n_jobs), self._fitted.of_table.offsets()
        if offsets is None:
            return model.log_prob(rows, n_threads=threads)
        total = np.full(len(rows), -np.inf)
        for offset in offsets:
            total = np.logaddexp(total, model.log_prob(rows + offset, n_threads=threads))
        return total - np.log(len(offsets))

    def score(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Mean log-density of rows; higher is better, and folds of different size compare.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the mean, not negative and not all zero. Only their ratios count.

        Returns
        -------
        score : float
            In nats per row.
        """
        log_density = self.score_samples(X)
        weights = None
        if sample_weight is not None:
            weights = check_weights(sample_weight, log_density[:, None], type(self).__name__)
        return mean(log_density, weights)

    def sample(
        self,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        *,
        noise: Literal["numpy", "counter"] = "numpy",
        keep_missing: bool = False,
        output: Literal["like_fit", "array"] = "like_fit",
    ) -> Any:
        """Draw rows from the density.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState, Generator or None, default=None
            Fresh draws for None. The first rows of a longer sample are the shorter one.
        noise : {"numpy", "counter"}, default="numpy"
            Where the latents come from. "numpy" draws them from the generator, one after the other, on the CPU.
            "counter" draws only a key and makes every latent of it by its place, with the Philox generator of Salmon et
            al. (2011) and the Box-Muller transform: where the flow is, and in parallel. No number has to go to a GPU.
            The rows are others than those of "numpy", and the same on every device but for rounding. Only the standard
            normal base has it.
        keep_missing : bool, default=False
            Whether cells are left out as they are in the table that was fitted. Which ones is drawn first, then what
            the others hold.
        output : {"like_fit", "array"}, default="like_fit"
            A table like the one that was fitted, with its names, dtypes and categories, or an array of numbers.

        Returns
        -------
        X : array or frame of shape (n_samples, n_features)
            In the units of the columns. Numbers lie within their bounds, integers are whole. Columns that `flow` names
            as circular are from -pi to pi.

        Raises
        ------
        ValueError
            If an argument is not one of the above, or `noise` is "counter" and the base is not the standard normal.
        """
        check_is_fitted(self)
        if isinstance(n_samples, bool) or not hasattr(n_samples, "__index__") or n_samples < 1:
            raise ValueError(f"n_samples must be an integer of at least 1, got {n_samples!r}.")
        if noise not in ("numpy", "counter"):
            raise ValueError(f"noise must be 'numpy' or 'counter', got {noise!r}.")
        if noise == "counter" and not isinstance(self._fitted.flow.base, StandardNormal):
            base = type(self._fitted.flow.base).__name__
            raise ValueError(
                f"noise='counter' makes latents of the standard normal base alone, not of {base}."
            )
        random = check_random_state(random_state)
        if keep_missing:
            return self._table(self._with_gaps(int(n_samples), random), output)
        X = self._model.sample(int(n_samples), random, n_threads(self.n_jobs), noise)
        return self._table(X, output)

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Rows to the latent space, where they are distributed as the base if the density is right.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        return self._model.transform(self._possible_rows(X), n_threads(self.n_jobs))

    def inverse_transform(self, Z: ArrayLike, *, output: Literal["like_fit", "array"] = "like_fit") -> Any:
        """Latent rows to rows.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_features)
        output : {"like_fit", "array"}, default="like_fit"
            A table like the one that was fitted, or an array of numbers.

        Returns
        -------
        X : array or frame of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        latent = check_rows(self, Z, "Z")
        return self._table(self._model.inverse_transform(latent, n_threads(self.n_jobs)), output)

    def _with_gaps(self, n: int, random: np.random.RandomState) -> NDArray[np.float64]:
        """Rows with cells left out as they are in the table that was fitted."""
        fitted = self._fitted
        if fitted.pattern is None or fitted.pattern_parameters is None:
            raise ValueError(
                "keep_missing=True draws which cells are left out as fit has learnt it, and fit met no such cell."
            )
        flags = drawn_flags(fitted.pattern, fitted.pattern_parameters, n, random, n_threads(self.n_jobs))
        Z = random.standard_normal((n, len(fitted.loc)))
        Z[:, fitted.of_table.own_gaps] = np.where(flags, np.nan, Z[:, fitted.of_table.own_gaps])
        return self._model.inverse_transform(Z, n_threads(self.n_jobs))

    def impute(
        self,
        X: ArrayLike,
        n_draws: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        *,
        output: Literal["like_fit", "array"] = "like_fit",
    ) -> Any:
        """Draw the cells that are left out, given those that are there.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            Rows, some of whose cells are left out.
        n_draws : int, default=None
            How often; None for one table.
        random_state : int, RandomState, Generator or None, default=None
            Fresh draws for None.
        output : {"like_fit", "array"}, default="like_fit"
            A table like the one that was fitted, or an array of numbers.

        Returns
        -------
        X_imputed : array or frame of shape (n_samples, n_features), or a list of so many
            The rows, complete. Cells that were there are as they were.

        Raises
        ------
        ValueError
            If a row cannot be, or a cell is left out of a column that had none left out in the table that was fitted.

        Notes
        -----
        The draws are from the model's distribution of all left-out cells of a row together, by a particle filter along
        the columns. Cells are assumed to be missing at random: that one is left out may depend on what the row's other
        cells hold, but not on what it would hold itself (Rubin 1976).

        References
        ----------
        Gordon, Salmond, Smith (1993), "Novel approach to nonlinear/non-Gaussian Bayesian state estimation", IEE
        Proceedings F 140(2).
        Rubin (1976), "Inference and missing data", Biometrika 63(3).

        Examples
        --------
        >>> import numpy as np
        >>> from nflows_np import FlowDensity
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> X[:50, 1] = np.nan
        >>> flow = FlowDensity(missing="observed", max_iter=5, random_state=0).fit(X)
        >>> bool(np.isnan(flow.impute(X, random_state=0)).any())
        False
        """
        check_is_fitted(self)
        if n_draws is not None and (
            isinstance(n_draws, bool) or not hasattr(n_draws, "__index__") or n_draws < 1
        ):
            raise ValueError(f"n_draws must be None or an integer of at least 1, got {n_draws!r}.")
        rows = self._possible_rows(X).astype(np.float64)
        random = np.random.Generator(
            np.random.PCG64(check_random_state(random_state).randint(0, 2**63, dtype=np.int64))
        )
        if np.isnan(rows).any():
            draws = imputed(self._model, rows, int(n_draws or 1), random, n_threads(self.n_jobs))
        else:
            draws = [rows.copy() for _ in range(n_draws or 1)]
        tables = [self._table(draw, output) for draw in draws]
        return tables[0] if n_draws is None else tables

    def _table(self, X: NDArray[np.float64], output: str) -> Any:
        """Rows of the model as a table like the one that was fitted, or as an array of numbers."""
        if output not in ("like_fit", "array"):
            raise ValueError(f"output must be 'like_fit' or 'array', got {output!r}.")
        fitted = self._fitted
        angles = list(fitted.flow.circular_columns(len(fitted.loc)))
        if fitted.links is not None:
            angles = [j for j in angles if fitted.links.codes[j] != CIRCLE]
        X[:, angles] -= 2 * np.pi * np.round(X[:, angles] / (2 * np.pi))
        return X if output == "array" and fitted.of_table.is_plain else fitted.of_table.table(X, output)

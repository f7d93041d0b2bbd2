"""FlowDensity: the density estimator."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, DensityMixin, TransformerMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from nflows_np._config import n_threads
from nflows_np._random_state import check_random_state
from nflows_np._weights import check_weights, mean
from nflows_np.estimators._base import FlowEstimator
from nflows_np.estimators._files import loadable
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
    loc_, scale_ : ndarray of shape (n_features_in_,)
        The scaling of the columns, ``(x - loc_) / scale_``.
    summary_ : str
        What was fitted to which rows, where its weights come from, and how training ended: one line for people.
    preset_ : str or None
        The preset; None of a `Flow`.
    n_rows_, n_validation_ : int or None
        The distinct rows of the table, and those held out or given to judge by. None, like `start_score_`, in a model
        that was saved before this was recorded.
    gaussianized_ : ndarray of bool of shape (n_features_in_,)
        The columns that are mapped to normal scores.
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
        return self._model.log_prob(self._check_rows(X), n_threads=n_threads(self.n_jobs))

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
    ) -> NDArray[np.float64]:
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

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            In the units of the columns. Columns that `flow` names as circular are from -pi to pi.

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
        X = self._model.sample(
            int(n_samples), check_random_state(random_state), n_threads(self.n_jobs), noise
        )
        angles = list(self._fitted.flow.circular_columns(self.n_features_in_))
        X[:, angles] -= 2 * np.pi * np.round(X[:, angles] / (2 * np.pi))
        return X

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
        return self._model.transform(self._check_rows(X), n_threads(self.n_jobs))

    def inverse_transform(self, Z: ArrayLike) -> NDArray[np.float64]:
        """Latent rows to rows.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_features)

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        latent = self._check_rows(Z, name="Z")
        return self._model.inverse_transform(latent, n_threads(self.n_jobs))

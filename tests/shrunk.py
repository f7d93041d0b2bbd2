"""The Gaussian that starts from data are: correlations shrunk by a mean that left-out rows weigh, for a row to come."""

import numpy as np
from scipy.stats import multivariate_normal


def shrunk_gaussian(rows, weights=None):
    """Mean and covariance, by leaving out every row in turn."""
    n, d = rows.shape
    shares = np.full(n, 1.0 / n) if weights is None else weights / weights.sum()
    mean, covariance = moments(rows, shares)
    n_rows = 1.0 / np.square(shares).sum()
    diagonal, predictive = np.diag(covariance), (n_rows + 1) / (n_rows - 1)
    if d == 1 or n_rows < 3:
        return mean, predictive * np.diag(diagonal)
    rho = shrinkage(rows, shares, mean, covariance)
    return mean, predictive * shrink(covariance, rho, diagonal)


def shrinkage(rows, shares, mean, covariance):
    d, n_rows = rows.shape[1], 1.0 / np.square(shares).sum()
    scales = np.sqrt(np.diag(covariance))
    y = (rows - mean) / scales
    R = covariance / np.outer(scales, scales)
    distance = np.square(R).sum() - d
    chance = (shares @ np.square(np.square(y).sum(axis=1)) - np.square(R).sum()) / n_rows
    least = min(1.0, max(0.0, chance / distance))
    candidates = np.array([least, 0.5 * least, 0.5 * (1.0 + least), 1.0])
    if n_rows >= 5 * d:
        candidates = np.r_[candidates, 0.1 * least, 0.0]
    scores = np.array([left_out(rows, shares, rho, np.diag(covariance)) for rho in candidates])
    likelihoods = np.exp(n_rows * (scores - scores.max()))
    return likelihoods @ candidates / likelihoods.sum()


def moments(rows, shares):
    mean = shares @ rows
    return mean, (shares[:, None] * (rows - mean)).T @ (rows - mean)


def shrink(covariance, rho, diagonal):
    return (1.0 - rho) * covariance + rho * np.diag(diagonal)


def left_out(rows, shares, rho, diagonal):
    """The mean log-likelihood of rows by the fit to all others; the scales of independent columns count as known."""
    total = 0.0
    for i in np.flatnonzero(shares):
        others = np.where(np.arange(len(rows)) == i, 0.0, shares) / (1.0 - shares[i])
        mean, covariance = moments(rows, others)
        gaussian = multivariate_normal(mean, shrink(covariance, rho, diagonal / (1.0 - shares[i])))
        total += shares[i] * gaussian.logpdf(rows[i])
    return total

"""The Gaussian that starts from data are: correlations shrunk as far as the likelihood of left-out rows asks."""

import numpy as np
from scipy.stats import multivariate_normal


def shrunk_gaussian(rows, weights=None):
    """Mean and covariance, by leaving out every row in turn."""
    n, d = rows.shape
    shares = np.full(n, 1.0 / n) if weights is None else weights / weights.sum()
    mean, covariance = moments(rows, shares)
    scales = np.sqrt(np.diag(covariance))
    y = (rows - mean) / scales
    R = covariance / np.outer(scales, scales)
    distance = np.square(R).sum() - d
    chance = (shares @ np.square(np.square(y).sum(axis=1)) - np.square(R).sum()) * np.square(shares).sum()
    least = min(1.0, max(0.0, chance / distance)) if d > 1 else 0.0
    candidates = (
        [0.0]
        if d == 1
        else [least, 1.0]
        if 1.0 / np.square(shares).sum() < 5 * d
        else [0.0, 0.1 * least, least, 1.0]
    )
    best = max(candidates, key=lambda rho: left_out(rows, shares, rho, np.diag(covariance)))
    return mean, shrink(covariance, best, np.diag(covariance))


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

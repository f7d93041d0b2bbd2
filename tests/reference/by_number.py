"""References of transformers without a formula for the way back: one number at a time, and scipy's root finder."""

import numpy as np
from scipy import optimize


class ByNumber:
    """Subclasses have ``n_params``, ``one(x, p) -> (z, log-slope)`` and ``reach(z, p)``.

    The last is a bound of |x| for the x that is taken to z.
    """

    def one_back(self, z, p):
        reach = self.reach(z, p)
        x = optimize.brentq(lambda t: self.one(t, p)[0] - z, -reach, reach, xtol=1e-15, rtol=1e-15)
        return x, -self.one(x, p)[1]

    def forward(self, x, p):
        return self._each(self.one, x, p)

    def inverse(self, z, p):
        return self._each(self.one_back, z, p)

    def _each(self, function, numbers, p):
        p = np.broadcast_to(p, (*numbers.shape, self.n_params)).reshape(-1, self.n_params)
        found = [function(v, q) for v, q in zip(numbers.ravel(), p, strict=True)]
        values, log_slopes = np.array(found, dtype=np.float64).reshape(-1, 2).T
        return values.reshape(numbers.shape), log_slopes.reshape(numbers.shape)

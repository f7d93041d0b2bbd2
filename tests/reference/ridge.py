"""What planar, radial and Sylvester flows share: the bound of their steepness, and roots by bisection."""

import numpy as np

LOWEST = 1.0 - np.exp(-2.0)


def steepness(a):
    """m(a) = a + s - c > -c, s = sqrt(a^2 + c^2), the identity to first order at zero; a + s = c^2 / (s - a)."""
    s = np.sqrt(a * a + LOWEST**2)
    return np.where(a < 0.0, LOWEST**2 / (s + np.abs(a)), a + s) - LOWEST


def bisect(f, y, reach):
    """The t with f(t) = y, element by element, of an increasing f with |t - f(t)| <= reach."""
    low, high = y - reach, y + reach
    for _ in range(200):
        middle = 0.5 * (low + high)
        above = f(middle) > y
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 0.5 * (low + high)

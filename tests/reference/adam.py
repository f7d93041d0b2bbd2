"""Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) as their papers write them."""

import numpy as np


class Adam:
    """Clip the gradient's norm, take Adam's step, then decay the chosen parameters.

    Parameters
    ----------
    decays : ndarray of bool of shape (n_params,)
        The parameters that ``alpha`` decays.
    clip_ratio : float
        Bounds the norm, in root mean squares of the norms before, as they were taken.
    total_steps : int or None
        Of the cosine schedule; None for a constant rate.
    warm_up_steps : int
        Steps in which the rate comes up to that of the schedule.
    """

    def __init__(
        self,
        decays,
        *,
        learning_rate,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        alpha=0.0,
        clip_ratio=2.0,
        total_steps=None,
        warm_up_steps=0,
    ):
        self.decays = decays
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.alpha, self.clip_ratio = alpha, clip_ratio
        self.total_steps, self.warm_up_steps = total_steps, warm_up_steps
        self.m = np.zeros(len(decays))
        self.v = np.zeros(len(decays))
        self.t = 0

    def rate(self):
        """The rate of the next step: half a cosine from the learning rate to zero, times a ramp up to 1."""
        rate = self.learning_rate
        if self.warm_up_steps:
            rate *= min(1.0, (self.t + 1) / self.warm_up_steps)
        if self.total_steps is not None:
            rate *= 0.5 * (1.0 + np.cos(np.pi * min(1.0, self.t / self.total_steps)))
        return rate

    def step(self, params, gradient):
        """The parameters after one step."""
        norm = np.linalg.norm(gradient)
        usual = np.sqrt((self.v / (1.0 - self.beta_2**self.t)).sum()) if self.t else 3.0
        gradient = gradient * min(1.0, self.clip_ratio * usual / norm)
        rate = self.rate()
        self.t += 1
        self.m = self.beta_1 * self.m + (1.0 - self.beta_1) * gradient
        self.v = self.beta_2 * self.v + (1.0 - self.beta_2) * gradient**2
        m_hat = self.m / (1.0 - self.beta_1**self.t)
        v_hat = self.v / (1.0 - self.beta_2**self.t)
        decayed = rate * self.alpha * self.decays * params
        return params - rate * m_hat / (np.sqrt(v_hat) + self.epsilon) - decayed

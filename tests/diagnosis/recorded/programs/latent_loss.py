import numpy as np


class Latent:
    """The loss of a normal distribution's mean and spread, which are the halves of its input."""

    def __init__(self, size):
        self.size = size

    def loss(self, a):
        mean, log_spread = a[: self.size], a[self.size :]
        return -0.5 * (1 + 2 * log_spread - np.square(mean) - np.exp(2 * log_spread))

    def slope(self, a, arriving, drawn):
        mean, log_spread = a[: self.size], a[self.size :]
        spread = np.exp(log_spread)
        moved = np.multiply(drawn, spread)
        rebuilding = np.vstack((arriving, np.multiply(arriving, moved)))
        keeping = np.vstack((mean, np.exp(2 * log_spread) - np.ones(log_spread.shape)))
        return rebuilding + keeping


class Rectifier:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, arriving):
        passing = self.x > 0
        slope = arriving * passing
        return slope


rng = np.random.default_rng(4)
data, target, drawn = rng.normal(size=(3, 5)), rng.normal(size=(2, 5)), rng.normal(size=(2, 5))


def case(W=rng.normal(size=(6, 3)), V=rng.normal(size=(4, 6)) * 0.5):
    rectifier, latent = Rectifier(), Latent(2)
    h = rectifier.forward(W @ data)
    a = V @ h
    z = a[:2] + np.exp(a[2:]) * drawn
    loss = 0.5 * np.sum((z - target) ** 2) + np.sum(latent.loss(a))
    da = latent.slope(a, z - target, drawn)
    return loss, [rectifier.backward(V.T @ da) @ data.T, da @ h.T]


MISTAKES = [
    ("return rebuilding + keeping", "return rebuilding", "W V"),
    ("slope = arriving * passing", "slope = arriving", "W"),
]

import numpy as np


class MaxPooling:
    def forward(self, x):
        n, h, w, c = x.shape
        out = x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))
        self.mask = out.repeat(2, axis=1).repeat(2, axis=2) != x
        return out

    def backward(self, d):
        d = d.repeat(2, axis=1).repeat(2, axis=2)
        d[self.mask] = 0
        return d


rng = np.random.default_rng(8)
weights = rng.normal(size=(2, 2, 3, 2))


def case(x=rng.normal(size=(2, 4, 6, 2))):
    layer = MaxPooling()
    out = layer.forward(x)
    return np.sum(out**2 * weights), layer.backward(2 * out * weights)


MISTAKES = [("        d[self.mask] = 0\n", "", "x")]

import numpy as np


def sigmoid(x, slope=False):
    if slope:
        return sigmoid(x) * (1 - sigmoid(x))
    return 1 / (1 + np.exp(-x))


def tanh(x, slope=False):
    if slope:
        return 1 - tanh(x) ** 2
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


class Layer:
    def __init__(self, units, activate=tanh, gate=sigmoid):
        self.units, self.activate, self.gate = units, activate, gate
        self.p, self.g, self.kept, self.back = {}, {}, {}, {}


def forward(layer, X):
    n, steps, _ = X.shape
    layer.kept = {k: np.zeros((n, steps, layer.units)) for k in ("h", "hp", "c_", "c", "z_", "z")}
    layer.kept |= {k: np.zeros((n, steps, layer.units)) for k in ("r_", "r")}
    layer.kept["X"] = X
    h = np.zeros((n, layer.units))
    for s in range(steps):
        x = X[:, s]
        hp = layer.kept["hp"][:, s] = h
        r_ = layer.kept["r_"][:, s] = np.dot(x, layer.p["Ur"]) + np.dot(hp, layer.p["Vr"])
        r = layer.kept["r"][:, s] = layer.gate(r_)
        z_ = layer.kept["z_"][:, s] = np.dot(x, layer.p["Uz"]) + np.dot(hp, layer.p["Vz"])
        z = layer.kept["z"][:, s] = layer.gate(z_)
        c_ = layer.kept["c_"][:, s] = np.dot(x, layer.p["Uc"]) + np.dot(r * hp, layer.p["Vc"])
        c = layer.kept["c"][:, s] = layer.activate(c_)
        h = layer.kept["h"][:, s] = z * hp + (1 - z) * c
    return layer.kept["h"]


def backward(layer, dA):
    layer.back = {k: np.zeros(dA.shape) for k in ("dh_", "dh", "dhn", "dc_", "dz_", "dr_")}
    dh = np.zeros(dA[:, 0].shape)
    for s in reversed(range(dA.shape[1])):
        dhn = layer.back["dhn"][:, s] = dh
        dh_ = layer.back["dh_"][:, s] = dA[:, s] + dhn
        dc_ = layer.back["dc_"][:, s] = (
            dh_ * (1 - layer.kept["z"][:, s]) * layer.activate(layer.kept["c_"][:, s], slope=True)
        )
        dz_ = layer.back["dz_"][:, s] = (
            dh_
            * (layer.kept["hp"][:, s] - layer.kept["c"][:, s])
            * layer.gate(layer.kept["z_"][:, s], slope=True)
        )
        dr_ = layer.back["dr_"][:, s] = (
            np.dot(dc_, layer.p["Vc"].T)
            * layer.kept["hp"][:, s]
            * layer.gate(layer.kept["r_"][:, s], slope=True)
        )
        dh = layer.back["dh"][:, s] = (
            np.dot(dc_, layer.p["Vc"].T) * layer.kept["r"][:, s]
            + np.dot(dz_, layer.p["Vz"].T)
            + np.dot(dr_, layer.p["Vr"].T)
            + dh_ * layer.kept["z"][:, s]
        )


def gradients(layer):
    for name in layer.p:
        layer.g["d" + name] = np.zeros_like(layer.p[name])
    for s in reversed(range(layer.kept["X"].shape[1])):
        x, hp = layer.kept["X"][:, s], layer.kept["hp"][:, s]
        dc_ = layer.back["dc_"][:, s]
        layer.g["dUc"] += np.dot(x.T, dc_)
        layer.g["dVc"] += np.dot((layer.kept["r"][:, s] * hp).T, dc_)
        dz_ = layer.back["dz_"][:, s]
        layer.g["dUz"] += np.dot(x.T, dz_)
        layer.g["dVz"] += np.dot(hp.T, dz_)
        dr_ = layer.back["dr_"][:, s]
        layer.g["dUr"] += np.dot(x.T, dr_)
        layer.g["dVr"] += np.dot(hp.T, dr_)


rng = np.random.default_rng(5)
data, weights = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 5))
_U, _V = rng.normal(size=(3, 2, 5)) * 0.7, rng.normal(size=(3, 5, 5)) * 0.5


def case(Uc=_U[0], Uz=_U[1], Ur=_U[2], Vc=_V[0], Vz=_V[1], Vr=_V[2]):
    layer = Layer(5)
    layer.p = {"Uc": Uc, "Uz": Uz, "Ur": Ur, "Vc": Vc, "Vz": Vz, "Vr": Vr}
    out = forward(layer, data)
    backward(layer, out * weights)
    gradients(layer)
    return 0.5 * np.sum(out**2 * weights), {name: layer.g["d" + name] for name in layer.p}


_ALL = "Uc Uz Ur Vc Vz Vr"
MISTAKES = [
    ('* (1 - layer.kept["z"][:, s])', '* layer.kept["z"][:, s]', _ALL),
    ('\n            + dh_ * layer.kept["z"][:, s]\n        )', "\n        )", _ALL),
    ('(layer.kept["r"][:, s] * hp).T', "hp.T", "Vc"),
]  # fmt: skip

"""Every optimizer, one entry each: its state, its update as a program, its formula, its source.

Conventions and defaults are PyTorch's.  A constant that changes nothing (momentum 0) leaves no
trace in the program, so that the arithmetic on the screen is no longer than it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from gradtui.engine.registry import Constant, register
from gradtui.engine.stability import Dynamics

Hyperparameters = Mapping[str, float]
VELOCITY = "velocity"
"""The momentum's state `b` for people: a parameter may be called b, and v is another state."""

STATES: Mapping[str, str] = MappingProxyType({
    "b": f"the {VELOCITY}", "m": "m (mean of g)", "v": "v (mean of g²)", "s": "s (sum of g²)",
})  # fmt: skip
"""Every state of an optimizer -> what people read of it."""


class Optimizer(Struct, frozen=True):
    """An optimizer: how it turns a gradient into a step."""

    name: str
    """Its name in `[optimizer]`."""
    title: str
    """Its title for people."""
    hyperparameters: tuple[Constant, ...]
    """Constants beside the learning rate."""
    state: Callable[[Hyperparameters], tuple[tuple[str, float], ...]]
    """The states it keeps for each parameter, with their initial values."""
    program: Callable[[Hyperparameters], str]
    """The update of one parameter `w` with gradient `g`, at rate `lr` and time `t` = 1, 2, …"""
    formula: Callable[[Hyperparameters], str]
    """The update as in the source."""
    dynamics: Callable[[Hyperparameters], Dynamics]
    """Its dynamics along one direction of a quadratic loss."""
    source: str
    """Paper or textbook section."""

    def complete(self, given: Hyperparameters) -> Hyperparameters:
        """Return all hyperparameters: those given, and the defaults of the others."""
        defaults = {c.name: c.default for c in self.hyperparameters if c.default is not None}
        return MappingProxyType({**defaults, **given})


def _decayed(h: Hyperparameters) -> tuple[str, ...]:
    """Return the line of coupled weight decay: the gradient of weight_decay·w²/2 is added."""
    return ("g = g + weight_decay*w",) if h["weight_decay"] else ()


def _with_decay(h: Hyperparameters, formula: str) -> str:
    return f"g ← ∂L/∂w + weight_decay·w, {formula}" if h["weight_decay"] else formula


def _gradient(h: Hyperparameters) -> str:
    return "g" if h["weight_decay"] else "∂L/∂w"


def _sgd(h: Hyperparameters) -> str:
    if not h["momentum"]:
        return "\n".join([*_decayed(h), "w = w - lr*g"])
    step = "(g + momentum*b)" if h["nesterov"] else "b"
    return "\n".join([*_decayed(h), "b = momentum*b + g", f"w = w - lr*{step}"])


def _sgd_formula(h: Hyperparameters) -> str:
    g = _gradient(h)
    if not h["momentum"]:
        return _with_decay(h, f"w ← w - lr·{g}")
    step = f"({g} + momentum·{VELOCITY})" if h["nesterov"] else VELOCITY
    return _with_decay(h, f"{VELOCITY} ← momentum·{VELOCITY} + {g}, w ← w - lr·{step}")


def _adagrad(h: Hyperparameters) -> str:
    return "\n".join([*_decayed(h), "s = s + g**2", "w = w - lr*g/(sqrt(s) + eps)"])


def _rmsprop(h: Hyperparameters) -> str:
    lines = [*_decayed(h), "v = alpha*v + (1 - alpha)*g**2"]
    if h["momentum"]:
        return "\n".join([*lines, "b = momentum*b + g/(sqrt(v) + eps)", "w = w - lr*b"])
    return "\n".join([*lines, "w = w - lr*g/(sqrt(v) + eps)"])


def _rmsprop_formula(h: Hyperparameters) -> str:
    g = _gradient(h)
    average, scaled = f"v ← alpha·v + (1 - alpha)·{g}²", f"{g}/(√v + eps)"
    if h["momentum"]:
        moved = f"{VELOCITY} ← momentum·{VELOCITY} + {scaled}, w ← w - lr·{VELOCITY}"
        return _with_decay(h, f"{average}, {moved}")
    return _with_decay(h, f"{average}, w ← w - lr·{scaled}")


_ADAM = """\
m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
mhat = m/(1 - beta1**t)
vhat = v/(1 - beta2**t)
w = w - lr*mhat/(sqrt(vhat) + eps)"""
_ADAM_FORMULA = "w ← w - lr·m̂/(√v̂ + eps), m̂ and v̂ the running means of g and g²"


def _adam(h: Hyperparameters) -> str:
    return "\n".join([*_decayed(h), _ADAM])


def _adamw(h: Hyperparameters) -> str:
    decay = ("w = w - lr*weight_decay*w",) if h["weight_decay"] else ()
    return "\n".join([*decay, _ADAM])


def _adamw_formula(h: Hyperparameters) -> str:
    return f"w ← w - lr·weight_decay·w, {_ADAM_FORMULA}" if h["weight_decay"] else _ADAM_FORMULA


def _running_mean(h: Hyperparameters, decay: float) -> Dynamics:
    return Dynamics(h["beta1"], share=1.0 - h["beta1"], second="vhat", decay=decay)


_DECAY = Constant("weight_decay", 0.0, at_least=0)
_MOMENTUM = Constant("momentum", 0.0, at_least=0, below=1)
_EPS = Constant("eps", 1e-8, above=0)
_BETAS = (
    Constant("beta1", 0.9, at_least=0, below=1),
    Constant("beta2", 0.999, at_least=0, below=1),
)

_ENTRIES = (
    Optimizer(
        "sgd",
        "gradient descent",
        (_MOMENTUM, Constant("nesterov", False), _DECAY),
        state=lambda h: (("b", 0.0),) if h["momentum"] else (),
        program=_sgd,
        formula=_sgd_formula,
        dynamics=lambda h: Dynamics(
            h["momentum"], nesterov=bool(h["nesterov"]), decay=h["weight_decay"]
        ),
        source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 4.3; momentum and "
        "Nesterov's: Sutskever et al., On the importance of initialization and momentum in deep "
        "learning (2013), in the form that takes the rate outside of b",
    ),
    Optimizer(
        "adagrad",
        "AdaGrad",
        (Constant("eps", 1e-10, above=0), _DECAY),
        state=lambda h: (("s", 0.0),),
        program=_adagrad,
        formula=lambda h: _with_decay(
            h, f"s ← s + {_gradient(h)}², w ← w - lr·{_gradient(h)}/(√s + eps)"
        ),
        dynamics=lambda h: Dynamics(second="s", decay=h["weight_decay"]),
        source="Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and "
        "stochastic optimization (2011)",
    ),
    Optimizer(
        "rmsprop",
        "RMSProp",
        (Constant("alpha", 0.99, at_least=0, below=1), _EPS, _MOMENTUM, _DECAY),
        state=lambda h: (("v", 0.0), ("b", 0.0)) if h["momentum"] else (("v", 0.0),),
        program=_rmsprop,
        formula=_rmsprop_formula,
        dynamics=lambda h: Dynamics(h["momentum"], second="v", decay=h["weight_decay"]),
        source="Tieleman and Hinton, Neural networks for machine learning, lecture 6.5 (2012); "
        "eps and momentum as in PyTorch",
    ),
    Optimizer(
        "adam",
        "Adam",
        (*_BETAS, _EPS, _DECAY),
        state=lambda h: (("m", 0.0), ("v", 0.0)),
        program=_adam,
        formula=lambda h: _with_decay(h, _ADAM_FORMULA),
        dynamics=lambda h: _running_mean(h, h["weight_decay"]),
        source="Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1",
    ),
    Optimizer(
        "adamw",
        "Adam with decoupled weight decay",
        (*_BETAS, _EPS, Constant("weight_decay", 0.01, at_least=0)),
        state=lambda h: (("m", 0.0), ("v", 0.0)),
        program=_adamw,
        formula=_adamw_formula,
        dynamics=lambda h: _running_mean(h, 0.0),
        source="Loshchilov and Hutter, Decoupled weight decay regularization (2019), algorithm 2",
    ),
)


OPTIMIZERS = register(_ENTRIES)

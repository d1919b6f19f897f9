"""Updates that the diagnosis may be built with."""

from mutants.updates import (
    BIAS,
    CONSTANT,
    DECAY,
    MOMENTUM,
    RATE,
    ROOT,
    SIGN,
    SMALL,
    TIME,
    update,
)

UPDATES = {
    "sgd-statements": update(
        'name = "sgd"; lr = 0.05',
        "",
        """
w = w - lr*g
""",
        (SIGN, "w = w + lr*g", "plus for minus"),
        (RATE, "w = w - g", "no rate"),
        (RATE, "w = w - lr*lr*g", "the rate twice"),
        (RATE, "w = w - 2*lr*g", "twice the rate"),
        (RATE, "w = w - lr/t*g", "the rate over the time"),
    ),
    "sgd_decay-statements": update(
        'name = "sgd"; lr = 0.05; weight_decay = 0.1',
        "",
        """
gd = g + weight_decay*w
w = w - lr*gd
""",
        (SIGN, "w = w + lr*gd", "plus for minus"),
        ((*SIGN, *DECAY), "gd = g - weight_decay*w", "minus the decay"),
        (DECAY, "gd = g", "no decay"),
        ((*CONSTANT, *DECAY), "gd = g + 2*weight_decay*w", "twice the decay"),
        (RATE, "w = w - gd", "no rate"),
        (DECAY, "w = w - lr*g", "the decay computed and not used"),
    ),
    "momentum-statements": update(
        'name = "sgd"; lr = 0.05; momentum = 0.9',
        "b = 0.0",
        """
b = momentum*b + g
w = w - lr*b
""",
        (SIGN, "w = w + lr*b", "plus for minus"),
        ((*SIGN, *MOMENTUM), "b = momentum*b - g", "minus the gradient"),
        (RATE, "w = w - b", "no rate"),
        ((*MOMENTUM, *RATE), "b = momentum*b + (1 - momentum)*g", "an average"),
        (MOMENTUM, "w = w - lr*g", "the momentum not used"),
        (MOMENTUM, "w = w - lr*(g + momentum*b)", "Nesterov's"),
        (CONSTANT, "b = 0.8*b + g", "another constant"),
        ((*MOMENTUM, *CONSTANT), "b = b + g", "no decay of the sum"),
    ),
    "adam-statements": update(
        'name = "adam"; lr = 0.01',
        "m = 0.0, v = 0.0",
        """
m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
mhat = m/(1 - beta1**t)
vhat = v/(1 - beta2**t)
w = w - lr*mhat/(sqrt(vhat) + eps)
""",
        (SIGN, "w = w + lr*mhat/(sqrt(vhat) + eps)", "plus for minus"),
        (RATE, "w = w - mhat/(sqrt(vhat) + eps)", "no rate"),
        (RATE, "w = w - lr*lr*mhat/(sqrt(vhat) + eps)", "the rate twice"),
        (BIAS, "mhat = m", "no correction of m"),
        (BIAS, "vhat = v", "no correction of v"),
        (BIAS, "w = w - lr*m/(sqrt(vhat) + eps)", "m for its correction"),
        (TIME, "mhat = m/(1 - beta1**(t + 1))", "the next time"),
        (TIME, "vhat = v/(1 - beta2**(t + 1))", "the next time"),
        (TIME, "vhat = v/(1 - beta2**(t - 1))", "the time before"),
        (SMALL, "w = w - lr*mhat/sqrt(vhat + eps)", "eps inside the root"),
        (ROOT, "w = w - lr*mhat/(vhat + eps)", "no root"),
        (CONSTANT, "m = beta2*m + (1 - beta2)*g", "the other beta"),
        (CONSTANT, "v = beta1*v + (1 - beta1)*g**2", "the other beta"),
        (CONSTANT, "mhat = m/(1 - beta2**t)", "the other beta"),
        (CONSTANT, "v = 0.99*v + (1 - 0.99)*g**2", "another constant"),
        ((*MOMENTUM, *CONSTANT), "m = beta1*m + g", "a sum for an average"),
    ),
}

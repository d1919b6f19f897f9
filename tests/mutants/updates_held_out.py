"""Held out: updates by other optimizers and in other forms."""

from mutants.updates import (
    BIAS,
    CONSTANT,
    DECAY,
    EPS,
    MOMENTUM,
    OTHER,
    RATE,
    ROOT,
    SIGN,
    SMALL,
    TIME,
    update,
)

UPDATES = {
    "sgd-two_lines": update(
        'name = "sgd"; lr = 0.05',
        "",
        """
delta = -lr*g
w = w + delta
""",
        (SIGN, "delta = lr*g", "no minus", "w"),
        (SIGN, "w = w - delta", "minus for plus", "delta"),
        (RATE, "delta = -g", "no rate", "w"),
        (RATE, "delta = -lr*g/2", "half the rate", "w"),
    ),
    "sgd_decay-shrink": update(
        'name = "sgd"; lr = 0.05; weight_decay = 0.1',
        "",
        """
w = (1 - lr*weight_decay)*w - lr*g
""",
        (SIGN, "w = (1 - lr*weight_decay)*w + lr*g", "plus for minus"),
        (
            (*DECAY, *SIGN),
            "w = (1 + lr*weight_decay)*w - lr*g",
            "growth for decay",
        ),
        ((*DECAY, *RATE), "w = (1 - weight_decay)*w - lr*g", "decay without the rate"),
        (DECAY, "w = w - lr*g", "no decay"),
    ),
    "momentum-velocity": update(
        'name = "sgd"; lr = 0.05; momentum = 0.9',
        "vel = 0.0",
        """
vel = momentum*vel - lr*g
w = w + vel
""",
        (SIGN, "vel = momentum*vel + lr*g", "plus for minus", "w"),
        (SIGN, "w = w - vel", "minus for plus", "vel"),
        (RATE, "vel = momentum*vel - g", "no rate", "w"),
        ((*MOMENTUM, *RATE), "vel = momentum*vel - (1 - momentum)*lr*g", "an average"),
        (RATE, "w = w + lr*vel", "the rate twice", "vel"),
        (CONSTANT, "vel = 0.5*vel - lr*g", "another constant"),
    ),
    "momentum_decay-statements": update(
        'name = "sgd"; lr = 0.05; momentum = 0.8; weight_decay = 0.05',
        "b = 0.0",
        """
b = momentum*b + g + weight_decay*w
w = w - lr*b
""",
        ((*DECAY,), "b = momentum*b + g", "no decay"),
        ((*DECAY, *SIGN), "b = momentum*b + g - weight_decay*w", "minus the decay"),
        (CONSTANT, "b = weight_decay*b + g + weight_decay*w", "the wrong constant"),
        (
            (*MOMENTUM, *RATE),
            "b = momentum*b + (1 - momentum)*(g + weight_decay*w)",
            "an average",
        ),
        (RATE, "w = w - lr*lr*b", "the rate twice"),
        (SIGN, "w = w + lr*b", "plus for minus"),
    ),
    "nesterov-statements": update(
        'name = "sgd"; lr = 0.05; momentum = 0.9; nesterov = true',
        "b = 0.0",
        """
b = momentum*b + g
ahead = g + momentum*b
w = w - lr*ahead
""",
        (MOMENTUM, "ahead = b", "plain momentum"),
        (MOMENTUM, "w = w - lr*b", "plain momentum"),
        ((*MOMENTUM, *CONSTANT), "ahead = g + b", "no second factor"),
        (MOMENTUM, "ahead = b + momentum*b", "the sum for the gradient"),
        ((*MOMENTUM, *SIGN), "ahead = g - momentum*b", "minus"),
        ((*MOMENTUM, *RATE), "b = momentum*b + (1 - momentum)*g", "an average"),
        (SIGN, "w = w + lr*ahead", "plus for minus"),
        (RATE, "w = w - ahead", "no rate"),
    ),
    "adagrad-statements": update(
        'name = "adagrad"; lr = 0.1; eps = 1e-6',
        "s = 0.0",
        """
s = s + g**2
w = w - lr*g/(sqrt(s) + eps)
""",
        (SIGN, "w = w + lr*g/(sqrt(s) + eps)", "plus for minus"),
        (RATE, "w = w - g/(sqrt(s) + eps)", "no rate"),
        (ROOT, "w = w - lr*g/(s + eps)", "no root"),
        (SMALL, "w = w - lr*g/sqrt(s + eps)", "eps inside the root"),
        (OTHER, "s = s + abs(g)", "no square"),
        (CONSTANT, "w = w - lr*g/(sqrt(s) + 1e-3)", "another constant"),
        ((*OTHER, *MOMENTUM), "s = g**2", "no sum"),
    ),
    "rmsprop-statements": update(
        'name = "rmsprop"; lr = 0.01; alpha = 0.9; eps = 1e-6',
        "v = 0.0",
        """
v = alpha*v + (1 - alpha)*g**2
w = w - lr*g/(sqrt(v) + eps)
""",
        (SIGN, "w = w + lr*g/(sqrt(v) + eps)", "plus for minus"),
        (RATE, "w = w - lr**2*g/(sqrt(v) + eps)", "the rate twice"),
        (ROOT, "w = w - lr*g/(v + eps)", "no root"),
        (EPS, "w = w - lr*g/sqrt(v + eps)", "eps inside the root"),
        (CONSTANT, "v = 0.99*v + 0.01*g**2", "another constant"),
        (CONSTANT, "v = (1 - alpha)*v + alpha*g**2", "the constants swapped"),
        ((*MOMENTUM, *OTHER, *CONSTANT), "v = alpha*v + g**2", "a sum for an average"),
    ),
    "rmsprop_momentum-renamed": update(
        'name = "rmsprop"; lr = 0.01; momentum = 0.8',
        "square_avg = 0.0, buf = 0.0",
        """
square_avg = square_avg*alpha + g*g*(1 - alpha)
scaled = g/(square_avg**0.5 + eps)
buf = buf*momentum + scaled
w = w - buf*lr
""",
        (SIGN, "w = w + buf*lr", "plus for minus"),
        (ROOT, "scaled = g/(square_avg + eps)", "no root"),
        (EPS, "scaled = g/sqrt(square_avg + eps)", "eps inside the root"),
        (MOMENTUM, "w = w - scaled*lr", "the momentum not used"),
        (MOMENTUM, "buf = buf*momentum + (1 - momentum)*scaled", "an average"),
        (CONSTANT, "buf = buf*alpha + scaled", "the wrong constant"),
        (RATE, "w = w - buf", "no rate"),
    ),
    "adam-one_rate": update(
        'name = "adam"; lr = 0.01; eps = 1e-6',
        "m1 = 0.0, m2 = 0.0",
        """
m1 = m1 + (1 - beta1)*(g - m1)
m2 = m2 + (1 - beta2)*(g*g - m2)
root = sqrt(1 - beta2**t)
rate = lr*root/(1 - beta1**t)
w = w - rate*m1/(sqrt(m2) + eps*root)
""",
        (SIGN, "w = w + rate*m1/(sqrt(m2) + eps*root)", "plus for minus"),
        (BIAS, "rate = lr*root", "no correction of m"),
        (RATE, "rate = root/(1 - beta1**t)", "no rate"),
        (TIME, "root = sqrt(1 - beta2**(t + 1))", "the next time"),
        (TIME, "rate = lr*root/(1 - beta1**(t + 1))", "the next time"),
        (EPS, "w = w - rate*m1/(sqrt(m2) + eps)", "eps without the correction"),
        (ROOT, "w = w - rate*m1/(m2 + eps*root)", "no root"),
        (CONSTANT, "m1 = m1 + (1 - beta2)*(g - m1)", "the other beta"),
        (CONSTANT, "m2 = m2 + (1 - beta1)*(g*g - m2)", "the other beta"),
    ),
    "adam_decay-fused": update(
        'name = "adam"; lr = 0.01; weight_decay = 0.1; eps = 1e-6',
        "m = 0.0, v = 0.0",
        """
gd = g + weight_decay*w
m = beta1*m + (1 - beta1)*gd
v = beta2*v + (1 - beta2)*gd**2
w = w - lr*(m/(1 - beta1**t))/(sqrt(v/(1 - beta2**t)) + eps)
""",
        (DECAY, "gd = g", "no decay"),
        ((*DECAY, *SIGN), "gd = g - weight_decay*w", "minus the decay"),
        (DECAY, "m = beta1*m + (1 - beta1)*g", "decay in one average only"),
        (BIAS, "w = w - lr*m/(sqrt(v/(1 - beta2**t)) + eps)", "no correction of m"),
        (
            TIME,
            "w = w - lr*(m/(1 - beta1**(t + 1)))/(sqrt(v/(1 - beta2**(t + 1))) + eps)",
            "the next time",
        ),
        (
            EPS,
            "w = w - lr*(m/(1 - beta1**t))/sqrt(v/(1 - beta2**t) + eps)",
            "eps inside the root",
        ),
        (ROOT, "w = w - lr*(m/(1 - beta1**t))/(v/(1 - beta2**t) + eps)", "no root"),
    ),
    "adamw-statements": update(
        'name = "adamw"; lr = 0.01; weight_decay = 0.05',
        "m = 0.0, v = 0.0",
        """
m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
mhat = m/(1 - beta1**t)
vhat = v/(1 - beta2**t)
decay = lr*weight_decay*w
w = w - lr*mhat/(sqrt(vhat) + eps) - decay
""",
        ((*DECAY, *RATE), "decay = weight_decay*w", "decay without the rate"),
        (DECAY, "w = w - lr*mhat/(sqrt(vhat) + eps)", "no decay"),
        ((*DECAY, *SIGN), "w = w - lr*mhat/(sqrt(vhat) + eps) + decay", "plus the decay"),
        (BIAS, "vhat = v", "no correction of v"),
        (TIME, "mhat = m/(1 - beta1**(t - 1))", "the time before"),
        (CONSTANT, "v = beta1*v + (1 - beta1)*g**2", "the other beta"),
        (SMALL, "w = w - lr*mhat/sqrt(vhat + eps) - decay", "eps inside the root"),
        (DECAY, "m = beta1*m + (1 - beta1)*(g + weight_decay*w)", "coupled as well"),
        (SIGN, "w = w + lr*mhat/(sqrt(vhat) + eps) - decay", "plus for minus"),
    ),
    "adamw-shrink": update(
        'name = "adamw"; lr = 0.01; weight_decay = 0.1; beta2 = 0.99',
        "m = 0.0, v = 0.0",
        """
m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g*g
size = sqrt(v/(1 - beta2**t)) + eps
w = w*(1 - lr*weight_decay) - lr/(1 - beta1**t)*m/size
""",
        (DECAY, "w = w - lr/(1 - beta1**t)*m/size", "no decay"),
        (
            (*DECAY, *RATE),
            "w = w*(1 - weight_decay) - lr/(1 - beta1**t)*m/size",
            "decay without the rate",
        ),
        (BIAS, "size = sqrt(v) + eps", "no correction of v"),
        (ROOT, "size = v/(1 - beta2**t) + eps", "no root"),
        (CONSTANT, "v = 0.999*v + 0.001*g*g", "another constant"),
        (SMALL, "size = sqrt(v/(1 - beta2**t) + eps)", "eps inside the root"),
        (
            RATE,
            "w = w*(1 - lr*weight_decay) - 1/(1 - beta1**t)*m/size",
            "no rate",
        ),
    ),
}

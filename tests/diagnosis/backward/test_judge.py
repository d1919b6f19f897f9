"""What is wrong, what is right and what cannot be told: verdicts on the user's own data."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.backward.diagnose import diagnose


@pytest.fixture
def judge(write):
    def call(model, parameters, backward, data="", table="", more="", steps=5):
        hand = f"[backward]\n{table}\ncode = '''\n{backward}\n'''\n{more}"
        path = write(model, data=data, parameters=parameters, more=hand, steps=steps)
        return diagnose(gradtui.load(path).problem)

    return call


def network(depth, width, rows=4, residual=False, seed=0):
    """Return a tanh network of equal layers: its parts, and its backward pass line by line."""
    rng = np.random.default_rng(seed)
    weights, model, back = {}, [], []
    before = "X"
    for at in range(depth):
        weights[f"W{at}"] = (rng.normal(size=(width, width)) / np.sqrt(width)).tolist()
        model += [f"a{at} = {before}@W{at}", f"h{at} = tanh(a{at})" + f" + {before}" * residual]
        before = f"h{at}"
    model += [f"L = mean(({before} - Y)**2)"]
    back.append(f"dh{depth - 1} = 2*({before} - Y)/{rows * width}")
    for at in reversed(range(depth)):
        above, slope = f"h{at - 1}" if at else "X", f"(1 - tanh(a{at})**2)"
        back += [f"da{at} = dh{at}*{slope}", f"dW{at} = {above}.T@da{at}"]
        if at:
            back.append(f"dh{at - 1} = da{at}@W{at}.T" + f" + dh{at}" * residual)
    data = {name: rng.normal(size=(rows, width)).tolist() for name in "XY"}
    parameters = "\n".join(f"{name} = {value}" for name, value in weights.items())
    return {
        "model": "\n".join(model),
        "parameters": parameters,
        "data": "\n".join(f"{name} = {value}" for name, value in data.items()),
        "backward": back,
    }


MISTAKES = {
    "a forgotten .T": ("dh0", "da1@W1"),
    "five percent too much": ("dW0", "1.05*X.T@da0"),
    "the wrong slope": ("da0", "dh0*(1 - tanh(a0))"),
    "a sign": ("da1", "-dh1*(1 - tanh(a1)**2)"),
    "a thousandth too much": ("da0", "1.001*dh0*(1 - tanh(a0)**2)"),
}


def spoilt(lines, name, expression):
    """Return a program with another line in the place of that which assigns a name."""
    (line,) = (line for line in lines if line.startswith(f"{name} ="))
    return [f"{name} = {expression}" if one == line else one for one in lines]


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("depth", [6, 20])
def test_a_mistake_near_the_input_of_a_deep_network_is_found_at_its_line(judge, depth, mistake):
    """Twenty layers of tanh shrink a gradient far below the sum of what is added up on the way."""
    parts = network(depth, 8)
    backward = spoilt(parts.pop("backward"), *MISTAKES[mistake])
    diagnosis = judge(**parts, backward="\n".join(backward))
    errors = [one for one in diagnosis.findings if one.severity == "error"]
    assert diagnosis.verdict == "wrong"
    assert [one.target for one in errors] == [MISTAKES[mistake][0]]


@pytest.mark.parametrize("residual", [False, True])
def test_a_deep_network_that_is_right_raises_no_alarm(judge, residual):
    parts = network(24, 6, residual=residual)
    backward = "\n".join(parts.pop("backward"))
    diagnosis = judge(**parts, backward=backward)
    assert diagnosis.verdict == "correct"
    assert [one for one in diagnosis.findings if one.severity != "info"] == []


def test_the_row_of_a_small_feature_counts_by_itself(judge):
    """The column of 1e-4 has a gradient 1e7 times smaller than that of 1e3."""
    data = "X = [[1e3, 2e-4], [-2e3, 1e-4], [0.5e3, -3e-4]]\ny = [1.0, -2.0, 0.5]"
    back = "de = 2*e/3\ng = X.T@de\ndw = concat(g[0:1], {sign}g[1:2])"
    model, parameters = "e = X@w - y\nL = mean(e**2)", "w = [0.1, 0.2]"
    assert judge(model, parameters, back.format(sign=""), data).verdict == "correct"
    assert judge(model, parameters, back.format(sign="-"), data).verdict == "wrong"


def test_a_difference_that_is_rounding_alone_is_no_mistake(judge):
    """p - q is 0 but for rounding; so is the claim, in another order."""
    model = "p = (u+v)**2\nq = u**2 + 2*u*v + v**2\nL = b*(p - q) + w**2"
    back = "db = (u + v)**2 - v**2 - 2*u*v - u**2\ndw = 2*w"
    parameters = "u = 1.3\nv = 0.7\nb = 0.5\nw = 2.0"
    diagnosis = judge(model, parameters, back)
    assert (diagnosis.verdict, diagnosis.findings) == ("correct", ())
    assert judge(model, parameters, back.replace("- u**2", "- 0.999*u**2")).verdict == "wrong"


def test_a_saturated_sigmoid_is_right_by_the_label(judge):
    """sigmoid(z) - y of softplus(z) - y*z: from z = 20 on 1 - p has hardly a digit."""
    data = "x = [1.0, 2.0, 3.0]\ny = [1.0, 1.0, 0.0]"
    back = "dz = sigmoid(z) - y\ndw = sum(dz*x)"
    model = "z = w*x\nL = sum(softplus(z) - y*z)"
    for weight in (0.1, 12.0, 40.0):
        assert judge(model, f"w = {weight}", back, data).verdict == "correct"
    assert judge(model, "w = 12.0", back.replace("- y", "+ y"), data).verdict == "wrong"


@pytest.mark.parametrize("slope", ["z > 0", "z >= 0"])
def test_at_a_corner_either_slope_is_right(judge, slope):
    """With weights of 0 every relu stands exactly at its corner."""
    data = "X = [[1.0, 2.0], [0.5, -1.0], [2.0, 0.3]]\ny = [1.0, 2.0, 3.0]"
    model = "z = X@w\nh = relu(z)\nL = mean((h - y)**2)"
    back = f"dh = 2*(h - y)/3\ndz = dh*({slope})\ndw = X.T@dz"
    diagnosis = judge(model, "w = [0.0, 0.0]", back, data)
    assert diagnosis.verdict == "correct"
    assert judge(model, "w = [0.0, 0.0]", back.replace("/3", "/2"), data).verdict == "wrong"


def test_the_bias_of_a_key_has_no_gradient_and_raises_no_alarm(judge):
    """Softmax does not see what is added to all scores of a row."""
    rng = np.random.default_rng(3)
    data = f"Q = {rng.normal(size=(3, 2)).tolist()}\nK = {rng.normal(size=(3, 2)).tolist()}"
    parameters = "b = [0.3, -0.2]\nv = [0.5, 1.5, -0.7]"
    model = "k = K + b\nS = Q@k.T\nA = softmax(S)\no = A@v\nL = mean(o**2)"
    back = (
        "do = 2*o/3\ndv = A.T@do\ndA = outer(do, v)\n"
        "dS = A*(dA - sum(dA*A, axis=1, keepdims=True))\ndk = dS.T@Q\ndb = sum(dk, axis=0)"
    )
    assert judge(model, parameters, back, data).verdict == "correct"
    assert (
        judge(model, parameters, back.replace("sum(dk", "1e-3 + sum(dk"), data).verdict == "wrong"
    )


def test_a_domain_that_data_redrawn_would_leave_is_judged_on_the_users_data(judge):
    data = "x = [1.5, 0.3, 2.2]"
    back = "dw = {sign}sum(log(x - 0.2*w) - 0.2*w/(x - 0.2*w))"
    model = "L = sum(log(x - 0.2*w)*w)"
    assert judge(model, "w = 0.5", back.format(sign=""), data).verdict == "correct"
    diagnosis = judge(model, "w = 0.5", back.format(sign="-"), data)
    assert (diagnosis.verdict, diagnosis.findings[0].rule) == ("wrong", "sign")


def test_what_is_finite_nowhere_is_not_compared(judge):
    diagnosis = judge("L = log(x - 1e9)*w", "w = 0.5", "dw = log(x - 1e9)", "x = 1.0")
    (finding,) = diagnosis.findings
    assert (diagnosis.verdict, finding.rule, finding.severity) == (
        "not-compared", "not-compared", "error",
    )  # fmt: skip
    assert diagnosis.uncompared == {"dw"}


def test_what_rounding_swamps_everywhere_is_not_compared(judge):
    """x + 1 is x at 1e17: what the loss tells of w is rounding."""
    model, data = "p = x + w\nq = p - x\nL = q**2", "x = 1e17"
    diagnosis = judge(model, "w = 0.5", "dw = 2*w", data)
    (finding,) = diagnosis.findings
    assert (diagnosis.verdict, finding.rule, finding.target) == (
        "not-compared", "not-compared", "dw",
    )  # fmt: skip


def test_a_formula_that_overflows_far_from_the_start_is_right_where_it_does_not(judge):
    data = "x = [100.0, 250.0]"
    back = "dw = sum(x*exp(w*x)/(1 + exp(w*x)))"
    diagnosis = judge("L = sum(softplus(w*x))", "w = 1.2", back, data)
    assert diagnosis.verdict == "correct"


def test_with_batches_several_are_compared(judge):
    """The mistake is that of the second batch alone, whose labels are not 1."""
    data = "x = [1.0, 2.0, 3.0, 4.0]\ny = [1.0, 1.0, 2.0, 3.0]"
    more = "[batches]\nover = ['x', 'y']\nsize = 2\nshuffle = false"
    model = "e = w*x - y\nL = sum(e**2)"
    right = judge(model, "w = 0.5", "dw = sum(2*e*x)", data, more=more)
    assert (right.verdict, right.compared.batches) == ("correct", 2)
    wrong = judge(model, "w = 0.5", "dw = sum(2*(w*x - 1)*x)", data, more=more)
    assert wrong.verdict == "wrong"


def test_a_check_says_how_closely_it_compared(judge):
    diagnosis = judge("L = (w - 3)**2", "w = 1.0", "dw = 2*(w - 3)")
    compared = diagnosis.compared
    assert (compared.points, compared.batches, compared.untold) == (12, 1, ())
    assert (compared.tightest, compared.loosest) == (1e-6, pytest.approx(1e-6))


def test_a_scale_of_zero_is_no_crash(judge):
    data, parameters = "g = [1.5, -0.3, -2.1]", "x = [1.5, -0.3, -2.2]"
    model = "n = minimum(x, x*0.0)\nr = 1/sqrt(n**2*1.0 + 1.0)\nout = x*r\nloss_ = sum(g*out)"
    diagnosis = judge(model, parameters, "ret = r**3", data, 'claims = { ret = "x" }')
    assert diagnosis.verdict == "wrong"


@pytest.mark.parametrize(("offset", "verdict"), [(1e15, "not-compared"), (1000.0, "correct")])
def test_a_variance_of_large_numbers_is_told_once_the_offset_is_taken_away(judge, offset, verdict):
    """E[z**2] - E[z]**2 of numbers near 1e15 is rounding: float64 has 16 digits of 1e30."""
    data = f"x = [1.0, 2.0, 3.0, 4.0]\noffset = {offset}"
    model = "z = w*x + offset\nL = mean(z**2) - mean(z)**2"
    diagnosis = judge(model, "w = 0.5", "dw = 2*w*(mean(x**2) - mean(x)**2)", data)
    assert diagnosis.verdict == verdict


def test_at_a_corner_a_number_beyond_both_slopes_is_wrong(judge):
    """The slopes of abs at 0 are -1 and 1."""
    for claim, verdict in (("c*0.5", "correct"), ("-c", "correct"), ("1e6*c", "wrong")):
        back = f"dw = where(w == 0, {claim}, c*sign1)\n".replace("sign1", "((w > 0) - (w < 0))")
        diagnosis = judge("L = sum(c*abs(w))", "w = [0.0, 2.0]", back.strip(), "c = [1.0, 3.0]")
        assert diagnosis.verdict == verdict


def test_what_is_no_number_at_the_start_is_wrong(judge):
    back = "dw = c*w/abs(w)"
    assert judge("L = sum(c*abs(w))", "w = [0.0, 2.0]", back, "c = [1.0, 3.0]").verdict == "wrong"


def test_a_forgotten_transpose_shows_though_the_start_is_symmetric(judge):
    """The last layer starts at 0, so at the start no gradient reaches the square one."""
    data = "X = [[1.0, 0.5], [-0.3, 0.8], [0.2, -1.0]]\ny = [1.0, 2.0, 0.5]"
    model = "H = tanh(X@U)\nz = H@W\ne = z@v - y\nL = mean(e**2)"
    back = "de = 2*e/3\ndz = outer(de, v)\ndW = H.T@dz\ndv = z.T@de\ndH = dz@{W}\n"
    back += "dU = X.T@(dH*(1 - H**2))"
    parameters = "U = [[0.3, -0.2], [0.5, 0.4]]\nW = [[1.0, 0.0], [0.0, 1.0]]\nv = [0.0, 0.0]"
    assert judge(model, parameters, back.format(W="W.T"), data).verdict == "correct"
    assert judge(model, parameters, back.format(W="W"), data).verdict == "wrong"


def test_a_mistake_that_only_the_run_comes_to_is_found(judge):
    """From its start at 0.1 the weight comes to the bound of the clip; random ones hardly do."""
    data = "x = [1.0, 2.0]\ny = [30.0, 60.0]"
    model = "z = clip(w*x, -6, 6)\ne = z + w*x - y\nL = mean(e**2)"
    back = "de = 2*e/2\ndw = sum(2*de*x)"
    assert judge(model, "w = 0.1", back, data, steps=30).verdict == "wrong"


def test_a_program_that_counts_steps_is_judged_where_it_has_counted(judge):
    table = "state = { k = 0.0 }"
    back = "k = k + 1\ndw = 2*(w - 3)*where(k > 3, 2, 1)"
    diagnosis = judge("L = (w - 3)**2", "w = 1.0", back, table=table, steps=20)
    assert diagnosis.verdict == "wrong"


def test_an_intermediate_in_a_wrong_shape_is_no_claim_that_is_passed_over(judge):
    data = "X = [[1.0, 2.0], [0.5, -1.0], [0.3, 0.7]]\ny = [1.0, 2.0, 3.0]"
    diagnosis = judge("z = X@w\nL = sum((z - y)**2)", "w = [0.3, -0.2]", "dz = 2*X.T", data)
    assert diagnosis.verdict == "wrong"


@pytest.mark.parametrize(
    ("backward", "wrong"),
    [
        ("dz = sum(w)\ndw = w", "dz"),
        ("dz = x + w\ndw = w + mean(x)", "dw"),
        ("dz = 2*w[:, :1]\ndw = 0*w", "dw"),
        ("dz = z\ndw = 0*w + mean(x)", "dw"),
    ],
)
def test_wrong_gradients_beside_a_value_without_elements_are_found(judge, backward, wrong):
    model = "z = cos(x)[1:1000]\nL = mean(w**2) + mean(x**2)"
    diagnosis = judge(model, "w = [[-0.31, -2.11]]", backward, "x = [[0.42]]")
    assert diagnosis.verdict == "wrong"
    assert wrong in diagnosis.wrong

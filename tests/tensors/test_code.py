"""Code over tensors that is no custom function: callables, modules, cases, halves of layers."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

import gradtui
from findings import line_of, only
from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.targets import code_of
from gradtui.engine.graph import Kind

torch = pytest.importorskip("torch")
nn, checkpoint = torch.nn, pytest.importorskip("torch.utils.checkpoint").checkpoint


class Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_output * s


LABELS = torch.tensor([0, 1, 1])


def loss(x, w):
    return nn.functional.cross_entropy(Gated.apply(x @ w), LABELS)


class Net(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.inner, self.norm, self.outer = nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)
        self.function = function

    def forward(self, x):
        return self.outer(self.function(self.norm(self.inner(x))))


def case(w, b):
    x = torch.arange(6.0).reshape(2, 3) / 5
    h = torch.tanh(x @ w + b)
    dz = 2 * h * (1 - h * h)
    return (h * h).sum(), (x.t() @ dz, dz.sum(0))


def case_without_slope(w, b):
    x = torch.arange(6.0).reshape(2, 3) / 5
    h = torch.tanh(x @ w + b)
    dz = 2 * h
    return (h * h).sum(), (x.t() @ dz, dz.sum(0))


def forward(x, w):
    z = x @ w
    return torch.relu(z), (x, w, z)


def backward(dout, cache):
    x, w, z = cache
    dz = dout * (z > 0)
    return dz @ w.t(), x.t() @ dz


def backward_turned(dout, cache):
    x, w, z = cache
    dz = dout * (z > 0)
    return dz @ w.t(), dz.t() @ x


def test_the_line_of_a_function_inside_a_loss_is_named():
    finding = only(gradtui.check(loss, torch.randn(3, 4), torch.randn(4, 2)))

    assert (finding.target, finding.line) == ("x", line_of(Gated.backward, 4))
    assert "also wrong: w" in finding.message


def test_a_module_is_judged_by_its_parameters_and_stays_as_it_is():
    net = Net(Gated.apply)
    before = {name: value.clone() for name, value in net.state_dict().items()}

    findings = gradtui.check(net, torch.randn(3, 4))

    assert {one.line for one in findings} == {line_of(Gated.backward, 4)}
    assert "norm.weight" in findings[0].message
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert all(one.dtype is torch.float32 and one.grad is None for one in net.parameters())


def test_a_sound_module_held_by_a_function_is_left_alone():
    net = Net(nn.functional.silu)

    assert gradtui.check(lambda x: net(x).logsumexp(1), torch.randn(3, 4)) == []


def test_gradients_by_hand_are_judged():
    w, b = torch.randn(3, 4), torch.randn(4)

    assert gradtui.check(case, w=w, b=b) == []
    finding = only(gradtui.check(case_without_slope, w=w, b=b))
    assert (finding.rule, finding.line) == ("missing-factor", line_of(case_without_slope, 3))


def test_the_halves_of_a_layer_are_judged():
    x, w = torch.randn(3, 4), torch.randn(4, 4)

    assert gradtui.check(forward, backward, x=x, w=w) == []
    finding = only(gradtui.check(forward, backward_turned, x=x, w=w))
    assert (finding.severity, finding.fix) == ("error", "return dz @ w.t(), x.t() @ dz")


def test_what_is_detached_outside_a_function_takes_no_gradient():
    def stopped(x):
        return (x.detach() * x + x.data).sum() + torch.relu(x).detach().sum()

    assert gradtui.check(stopped, torch.randn(4)) == []


@pytest.mark.parametrize(("share", "rule"), [(2, "straight-through"), (3, "constant-factor")])
def test_what_a_block_without_autograd_computes_takes_no_gradient_by_hand(share, rule):
    def case(w):
        with torch.no_grad():
            target = torch.exp(w)
        d = target - w
        return (d**2).sum(), -share * d

    finding = only(gradtui.check(case, torch.randn(4, dtype=torch.float64)))

    assert finding.rule == rule


def test_double_precision_is_used_even_beneath_code_that_refuses_it():
    def narrow(x):
        return (x @ torch.ones(3, 2, dtype=torch.float32)).sum()

    def wide(x):
        return (x @ torch.ones(3, 2)).sum()

    for function in (narrow, wide):
        outcome = check_target(code_of(function, [torch.randn(4, 3)], {}))
        assert (outcome.findings, outcome.tolerance) == ((), 1e-6)


def test_one_call_is_traced_with_its_values():
    session = gradtui.trace(loss, torch.randn(3, 4), torch.randn(4, 2))

    assert {"x", "w", "s"} & set(session.frame.values) >= {"x", "w"}
    assert session.frame.gradients["w"].shape == (4, 2)
    known = session.investigation.judgement
    assert known is not None and known.verdict == "wrong"


def test_an_assertion_says_what_is_wrong():
    with pytest.raises(AssertionError, match="return grad_output"):
        gradtui.assert_gradients(Gated, torch.randn(3))


def test_what_returns_no_gradient_is_told():
    with pytest.raises(gradtui.InputError, match="no tensor that a gradient flows back from"):
        gradtui.check(lambda x: x.argmax(), torch.randn(3))


@pytest.mark.parametrize("first", [Gated, Gated.apply, Net(Gated.apply)])
def test_a_function_may_return_the_call_to_check(first):
    def call():
        return first, torch.randn(5, 4)

    found = gradtui.check(call)

    assert {(one.severity, one.line) for one in found} == {("error", line_of(Gated.backward, 4))}


class Layers(nn.Module):
    """A layer of its own before the function."""

    def __init__(self, layer, function):
        super().__init__()
        self.layer, self.function = layer, function

    def forward(self, x):
        out = self.layer(x)
        return self.function(out[0] if isinstance(out, tuple) else out).pow(2).sum()


@pytest.mark.parametrize("function", [Gated.apply, torch.tanh], ids=["wrong", "right"])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5)), (5, 3)),
        (lambda: nn.Conv2d(1, 2, 3), (2, 1, 4, 4)),
        (lambda: nn.LSTM(3, 2), (3, 2, 3)),
    ],
    ids=["dropout", "convolution", "recurrent"],
)
def test_the_layers_that_the_manual_names_are_judged_as_they_are(layer, shape, function):
    torch.manual_seed(0)
    found = gradtui.check(Layers(layer(), function), torch.randn(shape))
    errors = {finding.rule for finding in found if finding.severity == "error"}
    assert bool(errors) == (function is not torch.tanh)
    assert "nondeterministic" not in errors


class Doubled(torch.autograd.Function):
    """A matrix product whose gradient by the weights is twice the true one."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w.T, 2 * x.T @ g


class Weighted(nn.Module):
    """A product with its own weights, and others that nothing uses."""

    def __init__(self):
        super().__init__()
        self.w, self.idle = nn.Parameter(torch.randn(3, 4)), nn.Parameter(torch.randn(2))

    def forward(self, x):
        return Doubled.apply(x, self.w)


@pytest.mark.parametrize("wants", [True, False])
def test_the_parameters_of_a_module_are_judged_beside_what_it_is_given(wants):
    finding = only(gradtui.check(Weighted(), torch.randn(2, 3, requires_grad=wants)))
    assert finding.line == line_of(Doubled.backward, 3)
    assert finding.severity == "error"


class Recomputed(torch.autograd.Function):
    """A layer that keeps its input alone: the backward half runs the layer again."""

    @staticmethod
    def forward(ctx, x, layer, *weights):
        ctx.layer, ctx.weights = layer, weights
        ctx.save_for_backward(x)
        with torch.no_grad():
            return torch.tanh(layer(x))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            again = torch.tanh(ctx.layer(x))
        found = torch.autograd.grad(again, [x, *ctx.layer.parameters()], g)
        return found[0], None, *found[1:]


class Doubling(Recomputed):
    @staticmethod
    def backward(ctx, g):
        found = Recomputed.backward(ctx, g)
        return found[0], None, 2 * found[2], found[3]


class Checkpointed(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.layer, self.function = nn.Linear(3, 4), function

    def forward(self, x):
        return self.function.apply(x, self.layer, *self.layer.parameters())


@pytest.mark.parametrize("wants", [True, False])
@pytest.mark.parametrize("function", [Recomputed, Doubling])
def test_a_backward_half_that_runs_a_module_again_has_the_same_parameters(function, wants):
    found = gradtui.check(Checkpointed(function), torch.randn(2, 3, requires_grad=wants))
    assert bool(found) == (function is Doubling)


class Entries(NamedTuple):
    a: Any
    b: Any


@dataclass(frozen=True)
class Fields:
    a: Any
    b: Any


A, B = torch.linspace(-1, 1, 6).reshape(2, 3), torch.linspace(0.2, 1.7, 3)
HELD = {
    "p[0]": ([A, B], lambda p: p), 'p["a"]': ({"a": A, "deep": [B, "text"]}, dict.values),
    "p.a": (Entries(A, B), lambda p: (p.a, p.b)), "p.a ": (Fields(A, B), lambda p: (p.a, p.b)),
}  # fmt: skip


@pytest.mark.parametrize("function", [Gated.apply, torch.tanh], ids=["wrong", "right"])
@pytest.mark.parametrize("name", HELD)
def test_tensors_in_containers_are_judged_and_stay_as_they_are(name, function):
    held, entries = HELD[name]

    def loss(p):
        a, b = entries(p)
        return (function(a) * (b[0] if isinstance(b, list) else b)).sum()

    found = gradtui.check(loss, held)

    wrong = [("error", name.strip())] if function is not torch.tanh else []
    assert [(one.severity, one.target) for one in found] == wrong
    assert A.dtype == torch.float32 and any(one is A for one in entries(held))


def test_so_are_those_of_a_star_and_of_a_decorator_alone():
    @gradtui.case(wrt=("given",))
    def loss(x, *given):
        return x.sum() + sum(Gated.apply(one).sum() for one in given)

    finding = only(gradtui.check(loss, B, A, B))

    assert (finding.target, finding.line) == ("given[0]", line_of(Gated.backward, 4))


class Listed(torch.autograd.Function):
    """Takes a list, into which autograd does not look."""

    @staticmethod
    def forward(ctx, x, given):
        ctx.given = given
        return x * given[0]

    @staticmethod
    def backward(ctx, g):
        return g * ctx.given[0], None


def test_a_custom_function_may_take_a_list_of_what_is_computed():
    assert gradtui.check(Listed, A, [2 * B.clone().requires_grad_()]) == []


def test_a_function_that_tells_no_arguments_is_refused():
    with pytest.raises(InputError, match="as `lambda x: tanh"):
        gradtui.check(torch.tanh, torch.randn(3))


def mapped(x):
    return torch.vmap(lambda row: row.sin())(Squared.apply(x)).sum()


def checkpointed(x):
    return checkpoint(lambda y: net_of(Squared.apply(y)), x, use_reentrant=True).sum()


net_of = nn.Linear(3, 2)


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x


@pytest.mark.parametrize("function", [mapped, checkpointed])
def test_a_wrong_line_is_named_inside_what_transforms_functions(function):
    finding = only(gradtui.check(function, torch.randn(2, 3)))

    assert (finding.line, finding.fix) == (line_of(Squared.backward, 3), "return g * x * 2")
    assert all(one.grad is None for one in net_of.parameters())


def test_a_contraction_of_complex_numbers_is_recorded():
    turns = torch.tensor([[1.0, 2.0j], [0.5j, -1.0]], dtype=torch.complex128)

    class Turned(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.einsum("ij,jk->ik", turns, x.to(turns.dtype)).imag

        @staticmethod
        def backward(ctx, g):
            return torch.einsum("ji,jk->ik", turns.imag, g)

    assert gradtui.check(lambda x: (Turned.apply(x) ** 2).sum(), torch.randn(2, 3)) == []


def test_a_contraction_is_one_operation_of_the_graph():
    def loss(w, v):
        y = torch.einsum("ij,...jk->...ki", w, v)  # of transposed memory
        return (y[0] ** 2).sum() + torch.einsum("bki,kj,j->bi", y, w.T, w[:, 0]).sum()

    w = torch.randn(3, 4, requires_grad=True)
    session = gradtui.trace(loss, w, torch.randn(2, 4, 4))

    ops = [node.op for node in session.frame.graph.nodes if node.kind is Kind.OPERATION]
    assert [op for op in ops if op.startswith("einsum")] == ["einsum", "einsum3"]
    assert not {"@", "transpose", "reshape"} & set(ops)

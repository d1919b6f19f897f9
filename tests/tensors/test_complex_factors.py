"""Missing factors that are complex numbers."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class OnACircle(Function):
    """Rows convolved with a kernel, both periodic."""

    @staticmethod
    def forward(ctx, rows, kernel):
        n = rows.shape[-1]
        of_rows, of_kernel = torch.fft.rfft(rows, n=n), torch.fft.rfft(kernel, n=n)
        ctx.save_for_backward(of_rows, of_kernel)
        return torch.fft.irfft(of_rows * of_kernel, n=n)

    @staticmethod
    def backward(ctx, g):
        of_rows, of_kernel = ctx.saved_tensors
        n = 2 * of_rows.shape[-1] - 1
        of_g = torch.fft.rfft(g, n=n)
        by_rows = torch.fft.irfft(of_g * of_kernel.conj(), n=n)
        by_kernel = torch.fft.irfft(of_g, n=n).sum(0)
        return by_rows, by_kernel


class Decaying(Function):
    """States that a complex factor turns and shrinks in each step."""

    @staticmethod
    def forward(ctx, real, imaginary, inputs):
        turn = torch.complex(real, imaginary)
        state, states = torch.zeros_like(turn), []
        for t in range(len(inputs)):
            state = turn * state + inputs[t]
            states.append(state)
        kept = torch.stack(states)
        ctx.save_for_backward(turn, kept)
        return kept.real.clone()

    @staticmethod
    def backward(ctx, g):
        turn, kept = ctx.saved_tensors
        carried, by_turn, by_inputs = torch.zeros_like(turn), torch.zeros_like(turn), []
        for t in reversed(range(len(kept))):
            carried = g[t] + turn.conj() * carried
            by_inputs.insert(0, carried.real)
            if t > 0:
                by_turn = by_turn + carried
        return by_turn.real, by_turn.imag, torch.stack(by_inputs)


WRONG = {
    "of a spectrum": (
        OnACircle, (x(3, 5), x(5)), 6,
        "by_kernel = torch.fft.irfft(of_g * of_rows.conj(), n=n).sum(0)",
    ),
    "of a state before": (
        Decaying, (x(3) / 2, x(3) / 2, x(4, 3)), 8,
        "by_turn = by_turn + carried * kept[t - 1].conj()",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_missing_factor_is_named(name):
    function, given, offset, fix = WRONG[name]
    finding = only(gradtui.check(function, *given))
    assert finding.line == line_of(function.backward, offset)
    assert finding.fix == fix

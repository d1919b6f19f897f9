"""The gradient vector's numbers are whole beside their ticks at any size of the screen."""

import pytest


def panel(t):
    """Return the words of the panel's rows in view."""
    shown = t.debugger.query_one("#gradient")
    return ["".join(text for text, _ in row).split() for row in shown.visible_rows()]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize(
    ("name", "step", "rows"),
    [
        ("ravine_adam", 200, [("a", 1.84537e-5, 0.0184537), ("b", 0.000284513, 0.000284513)]),
        ("rate_deadly_later", 2259, [("w", 3.1348, 4.68212e-7), ("v", -7.03583, -0.00375305)]),
    ],
)
async def test_each_number_is_whole_with_its_tick_behind_it(terminal, name, step, rows, size):
    async with terminal(name, size) as t:
        await t.press("colon", *str(step), "enter")
        head, *listed, _ = panel(t)
        assert head == ["value", "∂L/∂", "central"]
        for found, (weight, value, slope) in zip(listed, rows, strict=True):
            assert (found[0], *found[4:]) == (weight, "✓")
            numbers = [float(text) for text in found[1:4]]
            assert numbers == pytest.approx([value, slope, slope], rel=1e-3)
        assert not t.debugger.query_one("#gradient").border_subtitle

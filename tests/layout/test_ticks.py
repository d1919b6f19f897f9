"""Round numbers beside an axis."""

from __future__ import annotations

import sys

import pytest

from gradtui.layout.ticks import round_numbers, round_powers, tick_texts


def test_round_numbers_are_round():
    assert round_numbers(0.65, 2.14, 4) == pytest.approx([1.0, 1.5, 2.0])
    assert round_numbers(3.0, 3.0, 4) == []
    assert round_powers(0.004, 7.0, 7) == pytest.approx([0.01, 0.03, 0.1, 0.3, 1.0, 3.0])
    assert round_powers(1e-9, 1e5, 5) == pytest.approx([1e-9, 1e-6, 1e-3, 1.0, 1e3])
    last = round_powers(1e300, sys.float_info.max, 5)
    assert last == pytest.approx([1e300, 1e302, 1e304, 1e306, 1e308])
    assert tick_texts([9.981, 9.982, 9.983]) == ["9.981", "9.982", "9.983"]
    assert tick_texts([500.0, 1000.0]) == ["500", "1000"]

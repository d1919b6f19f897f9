"""Which bell a slope is, by its numbers."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.bells import bell_of

AT = np.linspace(-3.0, 3.1, 60)

TOLD = [
    (1 / (1 + 25 * np.abs(AT)) ** 2,
     "with the slope of a fast sigmoid, 1/(1 + 25*abs(u))**2 (Zenke and Ganguli, 2018)"),
    (0.3 / (1 + 5 * np.abs(AT - 0.5)) ** 2,
     "with the slope of a fast sigmoid, 0.3/(1 + 5*abs(u - 0.5))**2 (Zenke and Ganguli, 2018)"),
    (2 * np.maximum(0, 1 - np.abs(AT) / 0.5),
     "with a triangle for a slope, 2*max(0, 1 - 2*abs(u)) (Esser et al., 2016)"),
    (np.exp(-((3 * AT) ** 2)), "with a Gaussian for a slope, exp(-(3*u)**2) (Wu et al., 2018)"),
    (0.5 / (1 + (4 * (AT - 0.5)) ** 2),
     "with the slope of an arctangent, 0.5/(1 + (4*(u - 0.5))**2) (Fang et al., 2021)"),
    (1 - np.tanh(2 * AT) ** 2, "with the slope of a sigmoid or a tanh, 1 - tanh(2*u)**2"),
    (np.exp(-2 * np.abs(AT)) / 2,
     "with exponentials for a slope, 0.5*exp(-2*abs(u)) (Shrestha and Orchard, 2018)"),
    (1.0 * (np.abs(AT) < 1), "with a rectangle for a slope, 1 high and 1.9 to 2.1 wide "
     "(Wu et al., 2018)"),
    (np.where(AT > 0, 1.0, 0.1), "with the slope 0.1 below it and 1 above it"),
    (np.full(60, 0.3), "with the slope 0.3"),
    (np.where(AT > 0, AT, 0.0), None),
    (1 / (1 + 4 * np.abs(AT - 0.2)) ** 2, None),
]  # fmt: skip


@pytest.mark.parametrize(("slopes", "told"), TOLD)
def test_a_slope_is_told_by_its_formula(slopes, told):
    assert bell_of(AT, slopes, [0.0, 0.5]) == told

"""The notions of the gradient of a complex number: each is right, and a mixture is not."""

import numpy as np
import pytest

import gradtui

RNG = np.random.default_rng(12)
Z = RNG.normal(size=3) + 1j * RNG.normal(size=3)
V = RNG.normal(size=(4, 3)) + 1j * RNG.normal(size=(4, 3))
B = RNG.normal(size=4)


def slopes(Z, V, B):
    apart = np.abs(V @ Z) ** 2 - B
    du = 4 * apart * (V @ Z)
    return np.sum(apart**2), V.conj().T @ du, np.outer(du, Z.conj()), -2 * apart


def by_conjugates(Z, V, B):
    loss, dZ, dV, dB = slopes(Z, V, B)
    return loss, dZ / 2, dV / 2, dB


def conjugated(Z, V, B):
    loss, dZ, dV, dB = slopes(Z, V, B)
    return loss, dZ.conj(), dV.conj(), dB


def by_numbers(Z, V, B):
    loss, dZ, dV, dB = slopes(Z, V, B)
    return loss, dZ.conj() / 2, dV.conj() / 2, dB


@pytest.mark.parametrize(
    ("function", "meaning"),
    [
        (by_conjugates, "the derivatives by their conjugates"),
        (conjugated, "minus 1j times"),
        (by_numbers, "the derivatives by the numbers themselves"),
    ],
)
def test_a_notion_that_all_gradients_have_is_right_and_is_told(function, meaning):
    (found,) = gradtui.check(function, Z=Z, V=V, B=B)

    assert found.severity == "info" and meaning in found.message and found.target == "Z, V"


def test_the_usual_notion_is_not_told():
    assert gradtui.check(slopes, Z=Z, V=V, B=B) == []


@pytest.mark.parametrize("function", [by_conjugates, conjugated, by_numbers])
@pytest.mark.usefixtures("unsearched")
def test_a_gradient_in_another_notion_than_others_is_wrong(function):
    def case(Z, V, B):
        loss, dZ, _, dB = function(Z, V, B)
        return loss, dZ, slopes(Z, V, B)[2], dB

    found = [one for one in gradtui.check(case, Z=Z, V=V, B=B) if one.severity == "error"]

    assert len(found) == 1


def test_a_real_gradient_has_one_notion():
    def case(Z, V, B):
        loss, dZ, dV, dB = by_conjugates(Z, V, B)
        return loss, dZ, dV, dB / 2

    found = [one for one in gradtui.check(case, Z=Z, V=V, B=B) if one.severity == "error"]

    assert [one.target for one in found] == ["B"]


def unrecorded(z, factor):
    return float(str(np.sum(np.abs(z) ** 2))), {"z": factor * z}


@pytest.mark.parametrize(("factor", "severities"), [(2, ["info"]), (1, ["info"] * 2),
                                                    (3, ["error", "info"])])  # fmt: skip
def test_by_differences_alone_a_notion_of_them_is_taken_as_well(factor, severities):
    found = gradtui.check(lambda z: unrecorded(z, factor), z=np.array([0.6 - 0.3j, -0.2 + 1.1j]))

    assert [one.severity for one in found] == severities
    assert found[-1].rule == "opaque"

"""NPZ files: every kind of number NumPy writes, in any order and form."""

import io

import numpy as np
import pytest

import gradtui
from gradtui.scenario.npz import read_npz


def saved(save=np.savez, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return out.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "dtype",
    ["<f8", ">f8", "<f4", ">f4", "<f2", "i1", "u1", "<i2", ">i4", "<u4", "<i8", ">u8"],
)
def test_numbers_of_any_type_become_64_bit_floats(dtype, save):
    array = np.array([[1, 2, 3], [4, 5, 100]], dtype)
    found = read_npz(saved(save, a=array), "a.npz").arrays(["a"])["a"]
    assert found.dtype == np.float64
    assert found.tolist() == [[1, 2, 3], [4, 5, 100]]
    assert not found.flags.writeable


@pytest.mark.parametrize(
    "array",
    [
        np.array(7.5),
        np.arange(3.0),
        np.arange(24.0).reshape(2, 3, 4),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6.0).reshape(2, 3).T,
        np.zeros((1,) * 8),
    ],
    ids=lambda array: "x".join(map(str, array.shape)) or "scalar",
)
def test_shapes_and_orders_are_kept(array):
    found = read_npz(saved(a=array), "a.npz").arrays(["a"])["a"]
    np.testing.assert_array_equal(found, array)
    assert found.shape == array.shape
    assert found.flags.c_contiguous


def test_an_array_that_is_not_asked_for_is_not_looked_at():
    raw = saved(a=np.arange(2), b=np.array(["text"]))
    assert read_npz(raw, "a.npz").arrays(["a"])["a"].tolist() == [0.0, 1.0]


def test_a_scenario_names_arrays_and_stacks_columns(tmp_path):
    np.savez(tmp_path / "d.npz", X=np.eye(2), p=[1, 2], q=[3.0, 4.0])
    path = tmp_path / "s.toml"
    path.write_text(
        'title = "t"\n[data]\nfile = "d.npz"\nA = "X"\nB = ["q", "p"]\nc = 2.0\n'
        '[parameters]\nw = 1.0\n[model]\ncode = "L = sum(w*A*B) + c"\n'
        '[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    values = gradtui.load(path).frame.values
    assert values["A"].tolist() == [[1, 0], [0, 1]]
    assert values["B"].tolist() == [[3, 1], [4, 2]]
    assert (values["c"], values["L"]) == (2.0, 7.0)

from types import FunctionType

import numpy as np
import pytest
from numpy.lib import stride_tricks
from numpy.lib.stride_tricks import as_strided

from gradtui.recording.checked import Checked
from gradtui.recording.kept import Kept


def scatter(values):
    found = np.zeros((2, 3))
    np.add.at(found, (slice(None), np.array([0, 0, 2])), values)
    return found


def test_values_of_more_axes_than_are_indexed_are_refused_while_edited_code_runs():
    module = np
    with Checked(scatter):
        assert np.array_equal(scatter(1.0), [[2, 0, 1], [2, 0, 1]])
        assert np.add(1, 2) == 3 and np.add.reduce([1, 2]) == 3
        with pytest.raises(ValueError, match="more axes"):
            scatter(np.ones((1, 1, 2, 3)))
    assert np is module and isinstance(np.add, np.ufunc)


def windows(x, width):
    return np.lib.stride_tricks.as_strided(x, (len(x) - 2, width), x.strides * 2)


def imported(x, width):
    return as_strided(x, (len(x) - 2, width), x.strides * 2)


def turned(x, width):
    return stride_tricks.as_strided(x[::-1], (len(x) - width,), (-x.strides[0],))


@pytest.mark.parametrize(
    ("view", "fits", "beyond"), [(windows, 3, 4), (imported, 3, 4), (turned, 1, -1)]
)
def test_a_view_beyond_its_array_is_refused_while_edited_code_runs(view, fits, beyond):
    whole = np.arange(10.0)
    with Checked(view):
        assert np.array_equal(view(whole, fits), plainly(view, whole, fits))
        with pytest.raises(ValueError, match="beyond its array"):
            view(whole, beyond)


def spaced(step):
    return np.arange(0, 3, step)


def test_a_range_that_would_fill_the_memory_is_refused_while_edited_code_runs():
    with Checked(spaced):
        assert [*spaced(2)] == [0, 2] and [*spaced(1.5)] == [0, 1.5]
        assert [*np.arange(3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="too long"):
            spaced(1e-8)
    assert len(spaced(0.5)) == 6


def gathered(rows):
    return np.array(rows), np.asarray(rows)


def test_an_array_of_a_list_in_itself_is_refused_while_edited_code_runs():
    row, looped, inner = [1.0, 2.0], [[3.0]], []
    looped[0].append([looped])
    inner.append(inner)
    usual = np.array
    with Checked(gathered):
        assert all(one.shape == (2, 2) for one in gathered([row, row]))
        assert [*np.array(object=row)] == row
        for rows in (looped, inner):
            with pytest.raises(ValueError, match="holds itself"):
                gathered(rows)
    assert np.array is usual


def test_it_checks_again_where_the_names_were_restored_meanwhile():
    kept, checks = Kept(windows), Checked(windows)
    for _ in range(2):
        with checks:
            with pytest.raises(ValueError, match="beyond its array"):
                windows(np.arange(10.0), 4)
            kept.undo()  # as after an edited run
        assert windows(np.arange(10.0), 4).shape == (8, 4)


def test_a_view_beyond_a_part_but_not_beyond_the_whole_is_taken():
    part = np.arange(10.0)[:5]
    with Checked(windows):
        assert windows(part, 4).tolist()[-1] == [2, 3, 4, 5]


def test_the_indices_of_a_compressed_matrix_are_checked_while_edited_code_runs():
    sparse = pytest.importorskip("scipy.sparse")
    usual = sparse.csr_matrix.check_format

    def product(last):
        return sparse.csr_matrix(([1.0, 2.0], [0, last], [0, 1, 2]), (2, 3)) @ np.ones(3)

    with Checked(product):
        assert product(2).tolist() == [1, 2]
        with pytest.raises(ValueError, match="indices"):
            product(1 << 20)
    assert sparse.csr_matrix.check_format is usual


def plainly(view, *given):
    return FunctionType(view.__code__, {**globals()})(*given)


def begun(like):
    return np.empty(3), np.empty_like(like), np.empty(2, int)


def test_what_is_made_without_values_is_the_same_in_each_run_of_edited_code():
    with Checked(begun):
        for one in begun(np.ones((2, 2)))[:2]:
            assert np.isnan(one).all()
        assert not begun(np.ones(1))[2].any()
    assert begun(np.ones((2, 2)))[1].shape == (2, 2)

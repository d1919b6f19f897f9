import numpy as np
import pytest

from gradtui.diagnosis.runs.means import moving_means


def test_losses_that_repeat_every_epoch_have_the_mean_of_an_epoch_inside():
    means = moving_means(np.tile([1.0, 2.0, 3.0, 6.0], 20), per_epoch=4)
    assert means[8:-8] == pytest.approx(np.full(64, 3.0))


def test_at_the_ends_fewer_losses_are_taken():
    losses = np.arange(40.0)
    means = moving_means(losses, per_epoch=8)
    assert means[0] == pytest.approx(np.mean(losses[:4]))
    assert means[-1] == pytest.approx(np.mean(losses[-5:]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_losses_that_are_not_finite_spoil_no_mean_before_them(bad):
    losses = np.array([2.0] * 30 + [bad, 7.0])
    means = moving_means(losses, per_epoch=4)
    assert means[:30] == pytest.approx(np.full(30, 2.0))
    assert np.array_equal(means[30:], losses[30:], equal_nan=True)


def test_one_huge_loss_takes_no_digits_from_the_means_far_from_it():
    losses = np.full(100, 0.1)
    losses[10] = 1e18
    assert moving_means(losses, per_epoch=8)[50:] == pytest.approx(np.full(50, 0.1), rel=1e-15)

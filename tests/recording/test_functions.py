"""The names of callables in messages."""

import functools

import pytest

from gradtui.recording.functions import name_of


class Base:
    @classmethod
    def apply(cls, x):
        return x

    def step(self, x):
        return x


class Layer(Base):
    pass


@pytest.mark.parametrize(
    ("called", "name"),
    [
        (Layer.apply, "Layer.apply"),
        (functools.partial(Layer.apply, 1), "Layer.apply"),
        (Layer().step, "Base.step"),
        (len, "len"),
        (Layer(), "Layer"),
    ],
)
def test_a_class_method_is_named_with_the_class_that_it_is_called_of(called, name):
    assert name_of(called) == name

"""The names of callables in messages."""

import functools
import inspect

import pytest

from gradtui.recording.functions import line_of_definition, name_of


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


def line(function):
    return inspect.unwrap(function).__code__.co_firstlineno


class Decorated:
    @staticmethod
    @functools.lru_cache(
        maxsize=2,
    )
    def within(x):
        return x


def test_a_definition_begins_below_its_decorators():
    assert line_of_definition(Decorated.within.__wrapped__.__code__) == line(Decorated.within) + 4
    assert line_of_definition(line.__code__) == line.__code__.co_firstlineno

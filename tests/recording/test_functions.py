"""The names of callables in messages."""

import functools
import inspect

import numpy as np
import pytest

import gradtui
from gradtui.recording.functions import asked, bare, function_of, line_of_definition, name_of


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


class Settings(dict):
    """A dict whose entries are attributes, too, as configurations often are."""

    def __getattr__(self, name):
        return self[name]


class Rude:
    __slots__ = ("own",)
    __hash__ = None

    def _refuse(self, *given):
        raise RuntimeError(given)

    __getattr__ = __eq__ = __len__ = __bool__ = __iter__ = __repr__ = _refuse


class Willing:
    """Answers to any name, and to any call, as the stand-ins of modules do."""

    def __getattr__(self, name):
        return self

    def __call__(self, *given):
        return self


SETTINGS, RUDE, WILLING = Settings(rate=0.5), Rude(), Willing()


def test_an_attribute_is_asked_for_in_peace():
    assert asked(SETTINGS, "rate") == 0.5
    assert asked(SETTINGS, "__func__", 1) == 1
    assert asked(RUDE, "__dict__") is None


def test_only_methods_have_a_function_behind_them():
    assert bare(WILLING) is WILLING
    assert bare(staticmethod(len)) is len
    assert bare(SETTINGS.__getattr__) is Settings.__getattr__


def test_what_answers_to_any_name_wraps_nothing():
    assert function_of(WILLING) is Willing.__call__


@pytest.mark.parametrize("factor", [2, 1])
def test_objects_that_look_their_attributes_up_by_themselves_are_no_hindrance(factor):
    held = [RUDE, WILLING, SETTINGS]

    def case(w, beside=RUDE):
        inner, objects = Settings(rate=factor), (*held, beside)
        SETTINGS.seen = w
        return np.sum(w**2) * SETTINGS.rate, {"w": inner.rate * w * objects[2].rate}

    found = gradtui.check(case, w=np.array([1.0, -2.0]))

    assert [one.severity for one in found] == ([] if factor == 2 else ["error"])

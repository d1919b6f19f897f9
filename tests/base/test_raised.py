"""What code raises itself, and what ends it from outside."""

import pytest

from gradtui.base.raised import is_of_code, raised_as
from gradtui.base.source import InputError


class Ended(BaseException):
    """Ends code that its own `except Exception` must not catch."""


@pytest.mark.parametrize("error", [ValueError(), SystemExit(1), MemoryError(), BaseException()])
def test_exceptions_of_code_are_its_own(error):
    assert is_of_code(error)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit(), Ended()])
def test_what_ends_code_is_not(error):
    assert not is_of_code(error)


@pytest.mark.parametrize("error", [KeyError("own"), BaseException()])
def test_what_code_raises_becomes_an_exception_of_a_kind(error):
    with pytest.raises(RuntimeError) as found, raised_as(RuntimeError):
        raise error

    assert found.value.__cause__ is error


@pytest.mark.parametrize("error", [InputError("said"), KeyboardInterrupt()])
def test_what_is_said_already_and_what_ends_code_pass(error):
    with pytest.raises(type(error)) as found, raised_as(RuntimeError):
        raise error

    assert found.value is error

"""What code raises itself, and what ends it from outside."""

import pytest

from gradtui.base.raised import is_of_code


class Ended(BaseException):
    """Ends code that its own `except Exception` must not catch."""


@pytest.mark.parametrize("error", [ValueError(), SystemExit(1), MemoryError(), BaseException()])
def test_exceptions_of_code_are_its_own(error):
    assert is_of_code(error)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit(), Ended()])
def test_what_ends_code_is_not(error):
    assert not is_of_code(error)

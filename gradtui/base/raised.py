"""Tells what code raises itself from what ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gradtui.base.source import InputError


def is_of_code(error: BaseException) -> bool:
    """Return whether code may have raised an exception itself, and nobody has ended it."""
    return isinstance(error, Exception | SystemExit) or type(error) is BaseException


@contextmanager
def raised_as(kind: type[Exception]) -> Iterator[None]:
    """Turn what the user's code raises into an exception of a kind, with it as the cause."""
    try:
        yield
    except InputError:
        raise
    except BaseException as error:
        if not is_of_code(error):
            raise
        raise kind from error

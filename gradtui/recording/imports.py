"""Import statements inside of the user's functions: what they bind takes part in a run, too.

Python asks one function for all imports; those of libraries are passed on to it as they are.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gradtui.recording.functions import function_of
from gradtui.recording.modules import Names, is_users_module


@contextmanager
def importing(function: Callable[..., Any], replacement: Callable[[Any], Any]) -> Iterator[None]:
    """Give imports by the user's functions, such as `function`, the replacements of modules.

    The statements of modules themselves are no part of a run.
    """
    own = getattr(function_of(function), "__globals__", None)
    before = builtins.__import__

    def imported(
        name: str, globals: Names | None = None, locals: Names | None = None,
        fromlist: Sequence[str] | None = (), level: int = 0,
    ) -> Any:  # fmt: skip
        found = before(name, globals, locals, fromlist or (), level)
        if globals is None or globals is locals:
            return found
        by_user = globals is own or is_users_module(str(globals.get("__name__")))
        return replacement(found) if by_user else found

    builtins.__import__ = imported  # type: ignore[assignment]
    try:
        yield
    finally:
        builtins.__import__ = before

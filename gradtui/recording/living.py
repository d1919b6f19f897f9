"""The functions that run some code, found among all objects that there are."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from types import CodeType, FunctionType

from gradtui.recording.run import spares


def functions_of(
    codes: Sequence[CodeType], inner: Sequence[CodeType] = ()
) -> list[list[FunctionType]]:
    """Return the functions that run each code, then each inner one: of all objects.

    What was frozen before the user's code ran, as whole libraries may be, is walked only for codes
    that have no function among the rest; an inner one need not have any.
    """
    every = [*codes, *inner]
    found = [[] for _ in every] if spares() else _referring(every)
    walked = range(len(every) if spares() else len(codes))
    missing = [at for at in walked if not found[at]]
    if missing:
        frozen = gc.get_freeze_count()
        gc.unfreeze()  # frozen objects are not searched
        for at, functions in zip(missing, _referring([every[at] for at in missing]), strict=True):
            found[at] = functions
        if frozen:
            gc.freeze()
    return found


def _referring(codes: Sequence[CodeType]) -> list[list[FunctionType]]:
    found = gc.get_referrers(*codes) if codes else []
    functions = [one for one in found if isinstance(one, FunctionType)]
    return [[one for one in functions if one.__code__ is code] for code in codes]

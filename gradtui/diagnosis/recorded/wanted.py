"""Which arguments' gradients are judged."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.runs import Runs


def judged_names(
    runs: Runs, claimed: Collection[str], *, known: bool = False
) -> tuple[str, ...]:  # fmt: skip
    """Return the arguments whose gradients are judged; raises InputError if that is not possible.

    `claimed` are those that the first run returned a gradient for.  There may be none if it is
    `known` already why.
    """
    target = runs.target
    wanted = target.names(claimed)
    names = tuple(name for name in runs.given if name in wanted)
    if not names and not known:
        told = [f" but that of {name}: {why}" for name, why in runs.left_out.items()]
        raise InputError(f"there is nothing to judge: {target.name} returns no gradient"
                         f"{''.join(told[:1])}", target.place, file=target.file)  # fmt: skip
    half = [name for name in names if runs.given[name].dtype == np.float16]
    if half:
        raise InputError(
            f"{half[0]} is float16, whose rounding hides a wrong gradient: give "
            f"{half[0]}.astype(np.float32)", target.place, file=target.file,
        )  # fmt: skip
    return names

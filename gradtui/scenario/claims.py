"""Which gradient each name of a backward pass claims. Does not know whether it is right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from gradtui.base.source import InputError, did_you_mean, nearest
from gradtui.base.text import clip
from gradtui.language.trees import names_read
from gradtui.scenario.code import Code, is_loss
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Notice

_TYPO = 0.75
"""Similarity above which a name counts as a typing error for another."""
_LONG_ENOUGH = 4
"""Least letters of the shorter of two names, one of which may be a slip although it is read."""


class Claims(Struct, frozen=True):
    """The gradients that the lines of a backward pass claim to be."""

    claims: Mapping[str, str]
    """Assigned name -> the name of the model whose gradient it claims to be."""
    intermediate: Mapping[str, str]
    """Claims by name alone, of values that a function computes and does not return."""
    notices: tuple[Notice, ...]


def find_claims(
    code: Code, given: Mapping[str, str], claimable: Collection[str], positions: Positions,
    model: Collection[str] = (),
) -> Claims:  # fmt: skip
    """Return what each assigned name claims, in the order of the program; raises InputError.

    `given` are the claims of the table `claims`; `claimable` are the names of the model that have a
    gradient.  A function may return names of the `model` too: `return loss, dW`.
    """
    assigned = [line.name for line in code.program]
    _check_given(given, assigned, claimable, positions)
    taken = set(given.values())
    by_name = {
        name: name[1:]
        for name in assigned
        if name not in given and name[:1] == "d" and name[1:] in claimable and name[1:] not in taken
    }
    found = {name: {**by_name, **given}[name] for name in assigned if name in {**by_name, **given}}
    named = _named(assigned, found, claimable)
    returned = _returned(code, found, claimable, model)
    if code.function is None:
        notices = _near_misses(code, found, claimable)
        return Claims(found, named, notices if found or notices else _nothing(code, claimable))
    returned |= {name for name in code.function.kept if name in found}
    kept = {name: target for name, target in found.items() if name in returned or name in given}
    rest = {name: target for name, target in found.items() if name not in kept}
    return Claims(kept, named | rest, ())


def _named(
    assigned: Iterable[str], found: Mapping[str, str], claimable: Collection[str]
) -> dict[str, str]:
    """Return helpers whose names imply a gradient, such as `p_bar` and `grad_z`, and of what."""
    free = [name for name in claimable if name not in found.values()]
    meant = {name: _meant(name, free) for name in assigned if name not in found}
    said = Counter(meant.values())
    return {name: target for name, target in meant.items() if target and said[target] == 1}


def _check_given(
    given: Mapping[str, str],
    assigned: Collection[str],
    claimable: Collection[str],
    positions: Positions,
) -> None:
    claimed = dict[str, str]()
    for name, target in given.items():
        path = ("backward", "claims", name)
        if name not in assigned:
            raise InputError(f"'{name}' is not assigned in [backward]"
                             + did_you_mean(name, assigned), positions.key(path))  # fmt: skip
        if target not in claimable:
            raise InputError(f"'{target}' is not a name of the model that has a gradient"
                             + did_you_mean(target, claimable), positions.value(path))  # fmt: skip
        if target in claimed:
            raise InputError(f"the gradient of '{target}' is claimed twice: by '{claimed[target]}' "
                             f"and by '{name}'", positions.value(path))  # fmt: skip
        claimed[target] = name


def _returned(
    code: Code, found: Mapping[str, str], claimable: Collection[str], model: Collection[str]
) -> frozenset[str]:
    """Return the names that a program returns; refuses one that claims nothing."""
    assigned = [line.name for line in code.program]
    for name, place in code.returned:
        no_gradient = name[:1] == "d" and name[1:] in model and name[1:] not in claimable
        if name in code.bundles or (no_gradient and name in assigned):
            continue
        if name in model and (name not in assigned or (found and is_loss(name))):
            continue
        if name not in assigned:
            own = ", ".join(found) or "dW"
            near = did_you_mean(name, assigned) or f": return the gradients: return {own}"
            raise InputError(f"'{name}' is returned but not assigned" + clip(near, 160), place)
        if name not in found:
            near = _meant(name, claimable) or _misspelt(name, claimable)
            hint = f"name it d{near}, or write" if near else "write"
            raise InputError(f"'{name}' is returned, but nothing says which gradient it is: {hint} "
                             f"claims = {{ {name} = \"{near or '…'}\" }} in [backward]",
                             place)  # fmt: skip
    return frozenset(name for name, _ in code.returned)


def _near_misses(
    code: Code, found: Mapping[str, str], claimable: Collection[str]
) -> tuple[Notice, ...]:
    """Return a notice for each helper whose name looks like a missing claim."""
    free = [name for name in claimable if name not in found.values()]
    read = {name for line in code.program for name in names_read(line.value)}
    notices = []
    for line in code.program:
        if line.name in found:
            continue
        meant = _meant(line.name, free)
        if not meant and line.name[:1] == "d":
            near = _misspelt(line.name, free)
            meant = near if line.name not in read or _is_slip(line.name, f"d{near}") else ""
        if meant:
            notices.append(Notice(
                f"'{line.name}' claims nothing and is read as a helper; did you mean 'd{meant}', "
                f"or claims = {{ {line.name} = \"{meant}\" }}?", line.place))  # fmt: skip
    return tuple(notices)


def _nothing(code: Code, claimable: Collection[str]) -> tuple[Notice, ...]:
    """Return the notice that no line claims a gradient at all."""
    if not code.program or not claimable:
        return ()
    example = next(iter(claimable))
    said = "no line claims a gradient, so nothing is compared: "
    return (Notice(f"{said}d{example} = … claims that of {example}", code.program[0].place),)


def _misspelt(name: str, claimable: Collection[str]) -> str:
    """Return the name of the model whose claim is misspelt: `gamma` for `dgama`."""
    close = nearest(name, [f"d{one}" for one in claimable], _TYPO)
    return close[1:] if close else ""


def _is_slip(name: str, meant: str) -> bool:
    """Return whether a name that is read has two letters swapped, one extra or one missing.

    Short names, and names that differ in a digit, count as different names.
    """
    short, long = sorted((name, meant), key=len)
    if len(short) < _LONG_ENOUGH:
        return False
    if len(short) == len(long):
        return sorted(short) == sorted(long)
    cut = [at for at in range(len(long)) if long[:at] + long[at + 1 :] == short]
    return any(long[at].isalpha() for at in cut)


_GRADIENT_WORDS = re.compile(
    r"^(?:gradient|grad|dloss_?d|dl_?d|d|g)_?(.+)$|^(.+?)_?(?:gradient|grad|bar)$"
)


def _meant(name: str, claimable: Collection[str]) -> str:
    """Return the name of the model that another spelling refers to: `w1` for `grad_w_1`."""
    match = _GRADIENT_WORDS.match(name.lower())
    if match is None:
        return ""
    plain = (match[1] or match[2]).replace("_", "")
    exact = [known for known in claimable if known.replace("_", "") == plain]
    near = exact or [known for known in claimable if known.lower().replace("_", "") == plain]
    return near[0] if len(near) == 1 else ""

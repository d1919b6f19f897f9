"""The findings of an update in the user's own code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError, did_you_mean
from gradtui.diagnosis.executed.blame import blamed, origin
from gradtui.diagnosis.executed.calls import NotMovedError, Update, update_of
from gradtui.diagnosis.executed.explain import Explanation, conventions, mistakes
from gradtui.diagnosis.executed.judge import LARGE, Case, case_of
from gradtui.diagnosis.executed.setting import Setting
from gradtui.diagnosis.executed.variants import counted_by_parameter
from gradtui.diagnosis.executed.walk import parameters_of
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.silenced import lines_of_place, sifted
from gradtui.diagnosis.updates.differing import first_parting, where_they_part
from gradtui.diagnosis.updates.evidence import Course, astray, fits
from gradtui.diagnosis.updates.scope import CONSTANT, RATE, TIME, UNEXPLAINED
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.recording.kept import Kept
from gradtui.recording.run import Randomness, settled
from gradtui.scenario.schema import OPTIMIZER_TABLES, constants_of

_FILE = "check_update"
_OTHERS = frozenset({
    "adadelta", "adamax", "amsgrad", "lamb", "lars", "lion", "nadam", "radam", "rprop", "adabelief",
})  # fmt: skip
"""Optimizers that are no reference."""
_OF_SGD = {
    "momentum": "momentum=0.9",
    **dict.fromkeys(("nag", "nesterov"), "momentum=0.9, nesterov=True"),
}
"""Optimizers that are sgd with some of its constants."""
_NUMBER_FOR = re.compile(r"(?P<wrong>[0-9.e-]+) must be (?P<right>[0-9]+(\.[0-9]*)?(e-?[0-9]+)?)")
"""What a repair says of a number that it replaces."""


def check_update(
    given: Any, optimizer: str, lr: float, hyperparameters: Mapping[str, Any]
) -> tuple[Finding, ...]:
    """Run an update beside an optimizer and return the findings; raises InputError.

    Exceptions of the user's code pass through.
    """
    setting = setting_of(optimizer, lr, hyperparameters)
    before = Randomness()
    update = update_of(given, setting)
    kept = Kept(update.called)
    try:
        # A trajectory may overflow, and so may a variant's.
        with settled(), np.errstate(all="ignore"):
            return sifted(_findings(update), lines_of_place)[0]
    except ValueError as error:
        if not update.outside:
            raise
        place = update.place
        raise InputError(
            f"{update.name} keeps something outside of its arguments that fits no other weights "
            f"({error}): keep it in a third argument, a dict, such as state['m']",
            place, file=place.file if place else _FILE,
        ) from None  # fmt: skip
    finally:
        before.restore()
        kept.put_back()


def is_right(update: Update) -> bool:
    """Return whether an update is the optimizer's, by any convention; explains nothing else.

    Exceptions of the user's code pass through.
    """
    try:
        with np.errstate(all="ignore"):
            case = case_of(update)
            if case.failed is None:
                return True
            alone = case_of(update, together=False)
            found = () if _shares(case, alone) else conventions(alone)
    except NotMovedError:
        return False
    return bool(found) and all(one.severity != "error" for one in found)


def setting_of(optimizer: str, lr: float, hyperparameters: Mapping[str, Any]) -> Setting:
    """Return the setting with which an update is compared; raises InputError."""
    optimizer = _named(optimizer)
    known = [constant.name for constant in OPTIMIZERS[optimizer].hyperparameters]
    for name in hyperparameters:
        if name not in known:
            hint = did_you_mean(name, known) or f": expected {', '.join(known)}"
            raise InputError(f"{optimizer} has no '{name}'{hint}", file=_FILE)
    raw = {"name": optimizer, "lr": lr, **hyperparameters}
    try:
        table = msgspec.convert(raw, OPTIMIZER_TABLES[optimizer])
    except msgspec.ValidationError as error:
        raise InputError(str(error).replace("$.", ""), file=_FILE) from None
    if not 0 < lr < np.inf:
        raise InputError(f"lr is {lr}: expected a rate above 0", file=_FILE)
    constants = {name: value for name, value in constants_of(table).items()
                 if name not in ("lr", "clip_norm")}  # fmt: skip
    return Setting(optimizer, lr, constants, frozenset(hyperparameters))


def _named(optimizer: str) -> str:
    """Return the name of an optimizer, written in any case; raises InputError."""
    plain = str(optimizer).strip().lower()
    if plain in OPTIMIZERS:
        return plain
    # A name of another optimizer is no misspelling, however like one it is.
    hint = "" if plain in _OTHERS else did_you_mean(plain, OPTIMIZERS)
    hint = f': give "sgd" and {_OF_SGD[plain]}' if plain in _OF_SGD else hint
    hint = hint or f": expected {', '.join(OPTIMIZERS)}"
    raise InputError(f"there is no optimizer '{optimizer}'{hint}", file=_FILE)


def _findings(update: Update) -> tuple[Finding, ...]:
    try:
        case = case_of(update)
        failed = case.failed
        if failed is None:
            return ()
        first = case.courses[0].probes
        if not np.array_equal(case.walk.weights(first), case.walk.again(first), equal_nan=True):
            return (_nondeterministic(update),)
        alone = case_of(update, together=False)
        found = _explained(case, alone)
        graves = [one for one in found if one.severity == "error"]
        # An object's rate may differ from the given one without a change of its code.
        rated = update.has_rate and [one.rule for one in graves] == [RATE]
        sought = len(graves) == 1 and not rated and not graves[0].meant
        exact = all(one.exact for one in graves)
        blame = blamed(case, failed, exact=exact) if sought else None
        told = [_told_by(one, blame, case) if one in graves else one for one in found]
        return tuple(
            _finding(case, failed, said, blame if one in graves else None)
            for one, said in zip(found, told, strict=True)
        )
    except NotMovedError as error:
        return (_plain(update, f"{update.name} does not move the weights: {error}"),)


def _explained(case: Case, alone: Case) -> tuple[Explanation, ...]:
    """Return the findings, for several parameters at once or for each by itself."""
    shares = _shares(case, alone)
    if shares and _counts_parameters(case):
        return (Explanation(TIME, "error", "t counts parameters instead of updates: with several "
                            "of them it grows by more than 1 in each update"),)  # fmt: skip
    found = conventions(alone) if alone.failed else ()
    if shares and (found or not alone.failed):
        said = f"it is {case.update.setting.optimizer} for one parameter at a time, not for "
        said += "several at once: what it keeps for one is used for another"
        return (Explanation(UNEXPLAINED, "error", said),)
    return found or mistakes(alone)


def _told_by(found: Explanation, blame: Blame | None, case: Case) -> Explanation:
    """Return an explanation, or instead of none that of a repair that writes another constant."""
    match = None if blame is None else _NUMBER_FOR.fullmatch(blame.told)
    if match is None or found.found:
        return found
    constants, right = case.update.setting.constants, float(match["right"])
    if right in (0, 1):  # numbers of their own: no constant tells by being one of these
        return replace(
            found, said=f"{found.said}: {match['wrong']} is where {match['right']} belongs"
        )
    names = [name for name, value in constants.items() if value == right]
    if not names:
        return found
    said = f"{' or '.join(names)} is {match['wrong']} here: {match['right']} belongs there"
    return Explanation(CONSTANT, "error", said)


def _shares(case: Case, alone: Case) -> bool:
    """Return whether several parameters at once move differently from each by itself."""
    return bool(astray(case.walk, alone.own(case.courses[0].probes)).any())


def _counts_parameters(case: Case) -> bool:
    """Return whether t grows with each parameter, measured where no eps shows."""
    setting, course = case.update.setting, case.own(case.courses[0].probes)
    parts = list(parameters_of(len(course.probes.w)).values())
    large = np.flatnonzero([isinstance(k, float) and k >= LARGE for k in course.probes.kinds])
    for index, part in enumerate(parts):
        program = counted_by_parameter(setting.optimizer, setting.constants, index, len(parts))
        own = course.only(np.intersect1d(part, large))
        if program is None or not fits(program, [own]):
            return False
    return True


def _finding(case: Case, failed: Course, found: Explanation, blame: Blame | None) -> Finding:
    optimizer = case.update.setting.optimizer
    place = origin(case, found) if blame is None else blame.place
    plain = case.plain()
    parting = first_parting(case.walk, plain)
    where = ""
    if parting is None:
        parting = first_parting(case.walk, failed)
        where = (
            f"; the two part {where_they_part(case.walk, failed, 0)}" if failed.probes.kinds else ""
        )
    assert parting is not None
    return Finding(
        found.rule, found.severity, case.update.name, place.line if place else None,
        f"{found.said}{where}; {parting.told(optimizer)}", parting.as_evidence(optimizer),
        alternatives=found.alternatives, place=place, fix=blame.fix if blame else None,
        replaces=blame.lines if blame else None,
    )  # fmt: skip


def _nondeterministic(update: Update) -> Finding:
    text = (
        "two runs from an empty state differ: the code keeps something outside the state, or draws "
        "numbers from a random generator of its own"
    )
    return _plain(update, text, "nondeterministic")


def _plain(update: Update, text: str, rule: str = UNEXPLAINED) -> Finding:
    place = update.place
    line = place.line if place else None
    return Finding(rule, "error", update.name, line, text, {}, place=place)

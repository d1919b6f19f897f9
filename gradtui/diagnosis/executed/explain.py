"""Explains an update that differs from the optimizer: by a variant that makes the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.text import number
from gradtui.diagnosis.executed.judge import Case
from gradtui.diagnosis.executed.variants import (
    CONVENTIONS,
    DECADES,
    MISTAKES,
    Base,
    Form,
    bases_of,
    forms_of,
    programs_of,
)
from gradtui.diagnosis.finding import Severity
from gradtui.diagnosis.updates.evidence import Course, astray, in_sequences, joined
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.remedies import Remedy, Start, applied, cost_of
from gradtui.diagnosis.updates.scope import (
    CONSTANT,
    MEANS,
    MOMENTUM,
    RATE,
    SIGN,
    UNEXPLAINED,
    scope_of,
)
from gradtui.diagnosis.updates.search import Search
from gradtui.diagnosis.updates.wording import Replacement, reason_of
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.printer import spell
from gradtui.engine.program import update_of
from gradtui.language.trees import names_read, part_at

Array = NDArray[Any]

_USUAL = (0.0, 0.1, 0.5, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999)
"""The weights of running means in public code."""
_FINE = np.arange(1, 1000) / 1000
_FACTORS = (0.5, 2.0, 0.1, 10.0, 0.01, 100.0)
_LARGE = 1e6
"""The size of gradients for finding constants: with them no eps shows."""
_SCREEN = 4
"""Steps on which changes are tried first."""
_FEW = 6
"""Sequences of a course on which they are tried, and as many that show the mistake."""
_TELLING = 4
"""Fewest sequences with weights moved and not lost: updates that lose all of them look alike."""
_CLOSE = 0.5
"""The extra cost up to which a change is still another reading of the mistake."""


class Explanation(Struct, frozen=True):
    """The explanation of an update by one rule, in words."""

    rule: str
    severity: Severity
    said: str
    alternatives: tuple[str, ...] = ()
    exact: bool = True
    """Whether it leaves no other difference from the optimizer, such as one by a convention."""
    found: bool = True
    """Whether it tells what the update does, not only that it differs."""
    meant: bool = False
    """Whether it tells how to compare with what may be meant: then there is nothing to mend."""
    numbers: tuple[float, ...] = ()
    """The numbers that the update has in the place of others."""


def conventions(case: Case) -> tuple[Explanation, ...]:
    """Return the conventions that explain an update; none if they do not."""
    setting, made = case.update.setting, case.made()
    for form in forms_of(setting.constants):
        own, variant = form.constants(setting.constants), form.variant
        program = variant.program(setting.optimizer, own)
        if program is None or form == Form() or not _fits(program, own, made):
            continue
        remark = [] if form.eps is None else [_eps(case, form.eps)]
        if not variant.changes:
            return tuple(remark)
        said = variant.said.format(optimizer=setting.optimizer)
        return (Explanation(variant.rule, variant.severity, said), *remark)
    return ()


def _eps(case: Case, eps: float) -> Explanation:
    """Return the remark that eps differs: no mistake if the caller gave none."""
    severity: Severity = "error" if "eps" in case.update.setting.given else "info"
    return Explanation(CONSTANT, severity, _other(case, {"eps": eps}), numbers=(eps,))


def mistakes(case: Case) -> tuple[Explanation, ...]:
    """Return the mistake of an update that no convention explains."""
    ways = [case.made(), case.made(large=True)]
    setting = case.update.setting
    # An update that equals the optimizer on some courses cannot be explained by these.
    telling = [made for made in ways if made and _moved(made[0]) >= _TELLING
               and not _fits(case.ours, setting.constants, made)]  # fmt: skip
    for made in telling:
        found = next(_explanations(case, made), None)
        if found is not None:
            # Large gradients do not tell where an update has its eps.
            return (replace(found, exact=found.exact and made is ways[0]),)
    for made in telling:
        both = next(_pairs(case, made), None)
        if both is not None:
            return both
    said = f"the steps are not those of {_named(case)}"
    first = min(steps for course in case.courses for steps in _parting(case.walk, course))
    if first:
        said = f"the steps are those of {_named(case)} up to step {first:,} and not after it"
    return (Explanation(UNEXPLAINED, "error", said, exact=False, found=False),)


def _parting(motion: Motion, course: Course) -> Iterator[int]:
    """Yield the steps that differ from the optimizer's in some sequence of a course, from 0."""
    yield from map(int, np.unique(np.nonzero(astray(motion, course))[0])[:1])


def _moved(course: Course) -> int:
    """Return the number of sequences with weights moved and not lost."""
    w = course.target.w[0]
    return int(np.sum(np.isfinite(w) & (w != course.probes.w)))


def _explanations(case: Case, made: Sequence[Course]) -> Iterator[Explanation]:
    setting = case.update.setting
    for variant, program in programs_of(MISTAKES, setting.optimizer, setting.constants):
        if _fits(program, setting.constants, made):
            said = variant.said.format(optimizer=setting.optimizer)
            yield Explanation(variant.rule, variant.severity, said)
    kinds = [_constants, _edits, _rate] if case.update.takes_rate else [_constants, _rate, _edits]
    for kind in kinds:
        yield from kind(case, made)
    yield from _others(case, made)


def _constants(case: Case, made: Sequence[Course]) -> Iterator[Explanation]:
    """Yield other constants that make the optimizer produce the same weights."""
    setting = case.update.setting
    optimizer, constants = setting.optimizer, setting.constants
    if "nesterov" in constants and constants["momentum"]:
        turned: Mapping[str, float] = {**constants, "nesterov": not constants["nesterov"]}
        if _fits(update_of(optimizer, turned), turned, made):
            here, there = ("looks", "does not") if turned["nesterov"] else ("does not look", "does")
            said = f"the step {here} ahead along the velocity, that of {_named(case)} {there}"
            yield Explanation(MOMENTUM, "error", f"{said}: nesterov")
    for own in _candidates(case):
        if _fits(update_of(optimizer, own), own, made):
            other = {name: value for name, value in own.items() if value != constants[name]}
            # No code has a mean without a memory by default: it lacks the mean.
            forgets = any(other.get(name) == 0 for name in MEANS)
            meant = other.keys().isdisjoint(setting.given) and not forgets
            yield Explanation(CONSTANT, "error", _other(case, other), meant=meant,
                              numbers=tuple(other.values()))  # fmt: skip


def _candidates(case: Case) -> Iterator[Mapping[str, float]]:
    """Yield constants with those of means, or of decay, replaced to fit plain gradients."""
    setting = case.update.setting
    means = [name for name in MEANS if name in setting.constants]
    ways: list[Mapping[str, float]] = [
        dict(zip(means, values, strict=True)) for values in product(_USUAL, repeat=len(means))
    ]
    ways += [{name: float(value)} for name in means for value in _FINE]
    decay = setting.constants["weight_decay"]
    decays = [decay * factor for factor in _FACTORS] if decay else [*DECADES, 0.01, 0.1, 5e-4]
    decays += [0.0, 0.1, 0.01] if case.update.knows("weight_decay") else []
    ways += [{"weight_decay": value} for value in decays]
    ways = [way for way in ways if any(setting.constants[n] != way[n] for n in way)]
    columns = {
        name: np.array([way.get(name, setting.constants[name]) for way in ways])
        for name in (*means, "weight_decay")
    }
    for row in np.flatnonzero(_pass_plain(case, columns)):
        other = {name: float(column[row]) for name, column in columns.items()}
        yield {**setting.constants, **other}


def _pass_plain(case: Case, columns: Mapping[str, Array]) -> Array:
    """Return which of many constants produce the update's weights on a plain sequence."""
    setting = case.update.setting
    plain = case.plain(_LARGE)
    made = case.own(plain.probes)
    # A constant of 0 leaves no trace in a program: the program must include the others.
    varied = {**setting.constants, **dict.fromkeys(columns, 0.5)}
    program = update_of(setting.optimizer, varied)
    count = len(next(iter(columns.values())))
    # One parameter with an element for each: its states may differ between elements.
    program = UpdateProgram(program.lines, {**program.state, **columns}, "")
    fixed = {name: value for name, value in setting.constants.items() if name not in columns}
    w, g = np.repeat(plain.probes.w[:, None], count, axis=1), plain.probes.g[..., None]
    probes = replace(plain.probes, w=w, g=np.repeat(g, count, axis=2), constants=fixed,
                     shape=(count,))  # fmt: skip
    found = Motion(program, fixed, (count,)).weights(probes)[:, 0]
    return np.asarray(made.target.agrees_always(found).all(axis=0))


def _rate(case: Case, made: Sequence[Course]) -> Iterator[Explanation]:
    """Yield the ratio of each step to the optimizer's."""
    setting, course = case.update.setting, case.plain(_LARGE)
    first, here = course.probes.w[0], case.walk.weights(course.probes)[0, 0]
    with np.errstate(all="ignore"):
        factor = float(f"{(here - first) / (course.target.w[0, 0] - first):.9g}")
    if not np.isfinite(factor) or factor in (0.0, 1.0):
        return
    fixed = factor * setting.lr
    base = _fitting_at(case, made, lambda lr: factor * lr)
    if base is None:
        if _fitting_at(case, made, lambda lr: np.full_like(lr, fixed)) is not None:
            yield Explanation(RATE, "error", f"the rate is {number(fixed)}, whatever lr is")
        return
    if factor < 0:
        times = "" if factor == -1 else f", and is {number(-factor)} times as long"
        reason = reason_of(SIGN, Replacement("", ""), setting.optimizer)
        yield Explanation(SIGN, "error", f"{reason}{times}", exact=base.exact)
        return
    said = f"each step is {number(factor)} times that of {_named(case)}"
    if case.update.takes_rate:
        yield Explanation(RATE, "error", said)
        return
    rate = number(fixed)
    said += f", as at the rate {rate}: give lr={rate} to compare with that"
    yield Explanation(RATE, "error", said, (CONSTANT,), meant=True)


def _fitting_at(case: Case, made: Sequence[Course], rate: Callable[[Array], Array]) -> Base | None:
    """Return the optimizer, by some convention, that produces the weights at other rates."""
    setting = case.update.setting
    courses = [replace(t, probes=replace(t.probes, lr=rate(t.probes.lr))) for t in made]
    bases = bases_of(setting.optimizer, setting.constants)
    return next((one for one in bases if _fits(one.program, setting.constants, courses)), None)


def _pairs(case: Case, made: Sequence[Course]) -> Iterator[tuple[Explanation, ...]]:
    """Yield a known mistake and a small change that together produce the same weights."""
    setting = case.update.setting
    for variant, program in programs_of(MISTAKES, setting.optimizer, setting.constants):
        for other in _edits(case, made, [Base(program)]):
            said = variant.said.format(optimizer=setting.optimizer)
            yield Explanation(variant.rule, variant.severity, said), other


def _edits(
    case: Case, made: Sequence[Course], bases: Sequence[Base] | None = None
) -> Iterator[Explanation]:
    """Yield the small changes of the optimizer's program, in any spelling, that produce the same.

    The programs given replace the optimizer's.
    """
    few = _few(case, made)
    if few is None:
        return

    setting = case.update.setting

    def passes(program: UpdateProgram) -> bool:
        return _fits(program, setting.constants, made)

    for base in bases_of(setting.optimizer, setting.constants) if bases is None else bases:
        program = base.program
        timed = any("t" in names_read(line.value) for line in program.lines)
        scope = scope_of(program, setting.constants, lr=setting.lr, timed=timed)
        remedies = Search(program, scope, few, passes).single()
        if remedies:
            yield replace(_edited(case, program, remedies), exact=base.exact)
            return


def _edited(case: Case, base: UpdateProgram, remedies: Sequence[Remedy]) -> Explanation:
    """Return the words for the cheapest of several changes, with the rules of the others."""
    best = remedies[0]
    near = [one for one in remedies if cost_of(one) <= cost_of(best) + _CLOSE]
    rules = dict.fromkeys(rule for one in near for step in one for rule in step.rules[:1])
    others = tuple(rule for rule in rules if rule != best[0].rules[0])
    return Explanation(best[0].rules[0], "error", _said(case, base, best), others)


def _few(case: Case, made: Sequence[Course]) -> Course | None:
    """Return a few steps of varied sequences, and of some that deviate.

    None if the update loses the weights in all of them.
    """
    steps = min(_SCREEN, max(len(course.probes.g) for course in made))
    chosen = []
    for course in made:
        part = course.only(slice(None), steps)
        kept = np.isfinite(part.target.w).all(axis=0)
        wrong = in_sequences(astray(case.walk, case.true(part.probes))).any(axis=0)
        picked = [_spread(np.flatnonzero(those)) for those in (kept & wrong, kept)]
        every = np.unique(np.concatenate(picked))
        chosen += [course.only(every, steps)] if len(every) else []
    return joined(chosen) if chosen else None


def _spread(many: Array) -> Array:
    """Return a few items, evenly spread over many."""
    return np.asarray(many[np.linspace(0, len(many) - 1, min(_FEW, len(many))).astype(int)])


def _said(case: Case, base: UpdateProgram, remedy: Remedy) -> str:
    """Return the words for a change of the optimizer's program that explains the update."""
    step, optimizer = remedy[0], case.update.setting.optimizer
    if isinstance(step, Start):
        return (f"{step.name} starts at {number(step.value)}, that of {optimizer} at "
                f"{number(float(np.ravel(base.state[step.name])[0]))}")  # fmt: skip
    old, new = base.lines[step.line], applied(base, remedy).lines[step.line]
    before, after = part_at(old.value, step.path), part_at(new.value, step.path)
    theirs, true = frozenset(names_read(after)), frozenset(names_read(before))
    change = Replacement(spell(after), spell(before), true - theirs, theirs - true)
    reason = reason_of(step.rules[0], change, optimizer)
    return (f"{reason}; the steps are those of {new.name} = {spell(new.value)}, where {optimizer} "
            f"has {old.name} = {spell(old.value)}")  # fmt: skip


def _others(case: Case, made: Sequence[Course]) -> Iterator[Explanation]:
    """Yield other optimizers that the update equals."""
    for name, entry in OPTIMIZERS.items():
        for momentum in (0.0, 0.9):
            given = {"momentum": momentum} if "momentum" in entry.complete({}) else {}
            constants = entry.complete(given)
            more = f" with momentum {number(momentum)}" if given and momentum else ""
            said = f"the steps are those of {name}{more}, not of {_named(case)}"
            if _fits(update_of(name, constants), constants, made):
                yield Explanation(UNEXPLAINED, "error", said)
            for variant, program in programs_of(CONVENTIONS, name, constants):
                if _fits(program, constants, made):
                    how = variant.said.format(optimizer=name)
                    yield Explanation(UNEXPLAINED, "error", f"{said}; {how}")


def _other(case: Case, other: Mapping[str, float]) -> str:
    """Return the words for constants that differ from the given ones."""
    setting = case.update.setting
    parts = []
    for name, value in other.items():
        own = number(setting.constants[name])
        if name in setting.given:
            given = f"{own} was given"
        elif name in MEANS and not value:
            given = f"{own} by default"
        else:
            given = f"{own} by default: give {name}={number(value)} to compare with that"
        parts.append(f"{name} is {number(value)} here, {given}")
    return "; ".join(parts)


def _named(case: Case) -> str:
    setting = case.update.setting
    momentum = setting.constants.get("momentum")
    return f"{setting.optimizer} with momentum {number(momentum)}" if momentum else (
        setting.optimizer)  # fmt: skip


def _fits(program: UpdateProgram, constants: Mapping[str, float], made: Sequence[Course]) -> bool:
    """Return whether a program produces the update's weights, and loses the same ones."""
    motion = Motion(program, constants)
    for course in made:
        w = motion.weights(replace(course.probes, constants=constants))
        lost = ~np.isfinite(course.target.w)
        if not course.target.agrees_always(w).all() or np.isfinite(w[lost]).any():
            return False
    return True

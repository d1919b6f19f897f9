"""Finds the line of an update that is at fault: edits are judged by the resulting weights."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.executed.aims import (
    SHARE,
    Aim,
    Redrawn,
    aims_of,
    forms_for,
    is_that_constant,
)
from gradtui.diagnosis.executed.calls import Run, Update
from gradtui.diagnosis.executed.explain import Explanation
from gradtui.diagnosis.executed.judge import Case
from gradtui.diagnosis.executed.variants import Form
from gradtui.diagnosis.recorded.blame.guard import guarded
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.search import Search
from gradtui.diagnosis.recorded.blame.suspects import Suspects
from gradtui.diagnosis.recorded.blame.told import Told
from gradtui.diagnosis.recorded.blame.trial import Patch, Results, Trials, faithful
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watch import Watched
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.diagnosis.updates.evidence import Course, astray
from gradtui.diagnosis.updates.scope import DECAY
from gradtui.recording.checked import Checked
from gradtui.recording.functions import function_of
from gradtui.recording.kept import Kept
from gradtui.recording.run import unheard

Array = NDArray[Any]

_WEIGHTS = "w"
_MOST = 4_000
"""Most edited runs of a few steps."""
_DECAY = re.compile(r"decay|^wd$|^l2|lambda|^lamb?d?$", re.IGNORECASE)
"""The names of what weights decay by."""
_STEPS, _SEQUENCES = 6, 24
"""The edits glanced at first."""
_ONCE = ("eps", "weight_decay")
"""Constants that an update reads in one place."""


def blamed(case: Case, failed: Course, *, exact: bool) -> Blame | None:
    """Return the line that makes an update differ from the optimizer, with the repairing edit.

    `failed` is the course on which it differs.  The code may have the optimizer in a form of its
    own, such as with another eps, which it keeps; an `exact` mistake is likelier the only
    difference, unless it hides such a form.
    """
    forms = [*forms_for(case.update.setting)]
    for some in ([Form()], forms[1:]) if exact else (forms,):
        aims = aims_of(case, forms=some)
        found = _searched(_Walks(case, failed, aims), case) if aims else None
        if found is not None:
            return found
    return None


def origin(case: Case, found: Explanation) -> Place | None:
    """Return where the update is computed: in the function that the user's own calls, if it does.

    A call of a published optimizer only hands it the weights.  Of a wrong number, or of a decay, it
    is the line that has it.
    """
    update, watched = case.update, Watched(())
    place, plain = update.place, case.plain().probes
    watched.run(lambda: case.walk.again(plain))
    units = [one for one in watched.units() if one.code.co_name != "__init__"]
    computing = {one: _operations(one.node) for one in units}
    own = function_of(update.called)
    apart = [one for one in units if place and one.file != place.file]
    if not any(computing[one] for one in apart):
        mine = [one for one in units if own in one.functions]
        apart = [] if any(computing[one] for one in mine) else units
    best = max(apart, key=lambda one: computing[one], default=None)
    line = next((at for one in apart or units for at in _telling(one, found)), None)
    return line or (place if best is None else Place(best.first, file=best.file))


def _telling(unit: Unit, found: Explanation) -> Iterator[Place]:
    """Yield the places in a function of a number that is wrong, or of what a weight decays by."""
    for node in unit.nodes:
        match node:
            case ast.Constant(float() as value) if value in found.numbers:
                yield unit.place(unit.start(node), unit.end(node))
            case ast.Name(name) | ast.Attribute(attr=name) if found.rule == DECAY:
                if _DECAY.search(name) and isinstance(node.ctx, ast.Load):
                    yield unit.place(unit.start(node), unit.end(node))


def _operations(node: ast.AST) -> int:
    return sum(isinstance(one, ast.BinOp | ast.AugAssign) for one in ast.walk(node))


def _searched(trials: _Walks, case: Case) -> Blame | None:
    arrays = Kept(case.update.called).arrays
    with guarded(arrays, lambda: trials.results(None)), trials.watchdog.at_work():
        trials.measure()
        watched = Watched(())
        watched.run(lambda: trials.results(None))
        suspects = Suspects(Told(), watched, faithful(watched, trials), counting=True)
        return next(
            Search(trials, suspects, Preview(Told(), watched.held, trials.watchdog)).found(), None
        )


class _Walks(Trials):
    """Runs an edited update along sequences of gradients."""

    def __init__(self, case: Case, failed: Course, aims: Sequence[Aim]) -> None:
        super().__init__([_WEIGHTS], _MOST, checks=Checked(case.update.called))
        self._case, self._aims = case, aims
        wrong = np.flatnonzero(astray(case.walk, failed).any(axis=0))
        others = np.setdiff1d(np.arange(len(failed.probes.w)), wrong)
        chosen = np.concatenate([wrong, others])[:_SEQUENCES]
        until = 1 + int(np.argmax(astray(case.walk, failed)[:, wrong].any(axis=1)))
        self._first = failed.only(chosen, max(_STEPS, until)).probes
        self._targets = [aim.on(self._first) for aim in aims]
        constants = case.update.setting.constants
        self.numbers = list(dict.fromkeys((0.0, 1.0, *constants.values())))
        self._redrawn, self._bare = Redrawn(case), _bare(case)

    def results(self, patch: Patch | None) -> Results | None:
        """Return the weights along the first sequences; None if the edited update fails."""
        self.count()
        try:
            with self.edited(patch):
                return {_WEIGHTS: self._case.walk.afresh().again(self._first)}
        except (Exception, Endless):  # whatever an edit makes the user's code raise
            return None

    def mended(self, patch: Patch) -> frozenset[str]:
        """Return whether an edit makes the update equal the optimizer, in one of its forms."""
        found = self.results(patch)
        if found is None or not self.is_right(_WEIGHTS, found):
            return frozenset()
        w = found[_WEIGHTS]
        aims = [aim for aim, one in zip(self._aims, self._targets, strict=True)
                if one.agrees_always(w).all()]  # fmt: skip
        try:
            with self.edited(patch):
                walk = self._case.walk.afresh()
                right = next((aim for aim in aims if aim.fits(walk)), None)
                if right is None or not self._redrawn.fits(right.form):
                    return frozenset()
                _run_bare(self._bare)
            right_anyhow = all(self._means(patch, name, right.form) for name in _ONCE)
        except (Exception, Endless):  # the same
            return frozenset()
        return frozenset([_WEIGHTS]) if right_anyhow else frozenset()

    def _means(self, patch: Patch, name: str, form: Form) -> bool:
        """Return whether an edit that writes the value of a constant writes it as that constant.

        Another value then gives the optimizer with that one, while a coincidence does not.
        """
        value = self._case.update.setting.constants.get(name)
        edits = patch.edits
        if not value or value == 1 or form.eps is not None or len(edits) != 1:
            return True
        text = edits[0].text.decode()
        if text != repr(value):
            return True
        edit = Edit(edits[0].start, edits[0].end, repr(value * SHARE))
        with self.edited(Patch(patch.unit, (edit,))):
            walk = self._case.walk.afresh()
            return is_that_constant(self._case, name, self._case.courses[:1], form, walk)

    def true(self, name: str) -> Array:
        """Return the optimizer's weights along the first sequences."""
        return self._targets[0].w

    def is_right(self, name: str, results: Results) -> bool:
        """Return whether weights are the optimizer's along the first sequences."""
        w = results[name]
        return any(one.agrees_always(w).all() for one in self._targets)


def _bare(case: Case) -> Update | None:
    """Return the update with nothing but the rate in its `config`; None if it needs more."""
    update = case.update
    bare = replace(update, setting=replace(update.setting, given=frozenset()))
    try:
        _run_bare(bare)
    except Exception:  # it reads constants from there that it has no default for
        return None
    return bare


def _run_bare(update: Update | None) -> None:
    """Run an update twice; whatever it raises passes through."""
    if update is None:
        return
    with unheard():
        run = Run(update, {"w": np.array([0.5])}, update.setting.lr)
        for _ in range(2):
            run.step({"w": np.array([1.0])})

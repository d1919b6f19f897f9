"""Runs of the user's code at points around its arguments: recorded, and plain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.raised import is_of_code, raised_as
from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.around import is_symmetric
from gradtui.diagnosis.recorded.halves import Begun, called
from gradtui.diagnosis.recorded.patience import Patience, TooLong
from gradtui.diagnosis.recorded.point import Point, Values
from gradtui.diagnosis.recorded.progress import Progress
from gradtui.diagnosis.recorded.returned import Withheld
from gradtui.diagnosis.recorded.sides import Run, Seen
from gradtui.diagnosis.recorded.symmetric import as_compared, reads_a_triangle
from gradtui.diagnosis.recorded.target import Returned, Target
from gradtui.recording.arguments import parts_of, with_values
from gradtui.recording.array import Number, Recorded, Scalar, plain
from gradtui.recording.kept import Kept
from gradtui.recording.library import World, record
from gradtui.recording.run import Answers, Result, copied, unheard, warned
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import MOST_BYTES, Tape, TooLarge

Array = NDArray[Any]

_OWN = frozenset({Recorded.__name__, Scalar.__name__, Number.__name__})
"""Classes that mean nothing to the user."""
VAST = 20_000
"""With more nodes, there are only a near point and a far one."""

Watching = Callable[[World], AbstractContextManager[Any]]


class Lost(Exception):
    """The loss of a run does not come from the recording; the text names the lost part."""


class Outside(Lost):
    """The code gives up at numbers other than the user's own, with a loss that is not finite."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.run = Run(result.tape, len(result.tape))


class CodeFailed(Exception):
    """The user's code raised an exception at numbers other than the user's own."""


class Runs:
    """Runs a target, each time from the same state of NumPy's generators."""

    def __init__(
        self, target: Target, kept: Kept | None = None, watched: Watching = nullcontext,
        answers: Answers | None = None, progress: Progress | None = None,
        crashed: str | None = None,
    ) -> None:  # fmt: skip
        """`watched` is entered, with the recorder, around every call that is recorded.

        `answers` were typed into a run before.
        """
        self.target, self._watched = target, watched
        self._randomness = target.library.randomness(target.case.seed)
        self.kept = kept or target.library.kept(target.called)
        """The state of the program before any run."""
        self.kept.number()
        self._answers = answers or Answers()
        self.progress, self.patience = progress or Progress(), Patience()
        self.crashed = crashed
        """The signal by which a search for the line at fault has crashed, so that none is made."""
        self._triangles: dict[str, bool] = {}
        """Argument -> whether the code may read one triangle of it."""
        self._kinds = True
        """Whether recorded values pass for Python's own."""
        self._parts = target.parts
        self.given: Values = {n: part.value for n, part in self._parts.items() if part.is_array}
        """The arguments that are recorded: arrays, and numbers that gradients are returned for."""
        self.unused = Seen()
        """The sides of kinks in runs that were not used: beyond what the code shows to be meant."""
        self.single = False
        """Whether something on the way is computed in single precision."""
        self.cut_short = 0
        """The number of edited runs after which a search for an edit ended before its end."""
        self.weight = 1.0
        """What the user's own loss is multiplied by, and all gradients with it."""
        self.left_out: Mapping[str, str] = {}
        """The name of an uncompared returned gradient -> the reason."""

    def first(self, *, heard: bool = False) -> tuple[float, Mapping[str, Any]]:
        """Return the loss and the gradients of a first run, which determines what is recorded."""
        loss, gradients = self.as_is(self.given, heard=heard)
        names = {*self.target.wanted, *gradients}
        self.given = {
            name: np.asarray(part.value)
            for name, part in self._parts.items()
            if part.is_array or name in names
        }
        return loss, gradients

    def changed(self, values: Values) -> Runs:
        """Return runs with other numbers in some arguments, or in entries of some."""
        own = self.target.arguments
        arguments = with_values(copied(own), parts_of(own), values)
        found = Runs(replace(self.target, arguments=arguments), self.kept, self._watched,
                     self._answers)  # fmt: skip
        found.given = {name: values.get(name, one) for name, one in self.given.items()}
        found._randomness, found.single = self._randomness, self.single
        found.patience = self.patience
        return found

    def of(self, target: Target) -> Runs:
        """Return runs of another target with the same arguments."""
        found = Runs(target, self.kept, self._watched, self._answers, self.progress, self.crashed)
        found.given, found._randomness = self.given, self._randomness
        found.patience = self.patience
        return found

    def afresh(self, target: Target) -> Runs:
        """Return runs of another target that begin in the present state of the program."""
        found = Runs(target, None, self._watched, self._answers, self.progress, self.crashed)
        found._randomness, found.single = self._randomness, self.single
        return found

    def _restore(self) -> None:
        """Make every run draw the same numbers."""
        self._randomness.restore()
        self.kept.rewind()

    def _arguments(self, values: Values) -> dict[str, Any]:
        """Return the arguments with other numbers, which a run may change."""
        own = {n: None if n in values else one for n, one in self.target.arguments.items()}
        return with_values(copied(own), self._parts, copied(values))

    def as_is(self, values: Values, *, heard: bool = False) -> tuple[float, Mapping[str, Any]]:
        """Return the loss and the gradients of a run that is not recorded.

        Exceptions of the code pass through if it is `heard`, else they become CodeFailed.
        """
        arguments = self._arguments(values)
        with nullcontext() if heard else unheard(), self._answers.told():
            self._restore()
            with nullcontext() if heard else raised_as(CodeFailed), self.patience.running("plain"):
                returned = self.target.run(self.target.library.world, arguments)
        self.left_out = returned.left_out
        # The code may write to a returned array in the next run.
        return _number(returned.loss), copied(plain(dict(returned.gradients)))

    def withheld(self) -> Sequence[Withheld]:
        """Return the gradients that functions return None for, in a run that is not recorded."""
        arguments = self._arguments(self.given)
        with unheard(), self._answers.told(), raised_as(CodeFailed):
            self._restore()
            return self.target.withheld(arguments)

    def begun(self, values: Values) -> Begun | None:
        """Run the forward half alone; None if the halves cannot be told apart."""
        if self.kept.repeats:  # the backward half would go on from what its last run has left
            return None
        arguments = self._arguments(values)
        with unheard(), self._answers.told(), called() as codes:
            self._restore()
            try:
                with raised_as(CodeFailed):
                    halved = self.target.halved(arguments)
            except (CodeFailed, InputError):
                return None
        if halved is None:
            return None
        return Begun(halved, codes.values(), self.target.library.randomness(None).restore)

    def ended(self, begun: Begun) -> tuple[float, Mapping[str, Any]]:
        """Return the loss and the gradients of a run whose forward half is done."""
        with unheard(), self._answers.told():
            begun.restore()
            with raised_as(CodeFailed):
                returned = begun.halved.again()
        return _number(returned.loss), copied(plain(dict(returned.gradients)))

    def recorded(
        self, values: Values, watched: Watching | None = None, *, kind: str = "recorded"
    ) -> Result:
        """Return a recorded run, whose result is a `Returned`; `watched` is entered for it alone.

        Runs of one `kind` may take about as long as the first of them.
        Raises CodeFailed if the code fails there, and Lost if it fails only when recorded.
        """
        own = {name: values.get(name, self.given[name]) for name in self.given}
        target = self.target

        def run(world: World, given: Mapping[str, Any]) -> Returned:
            with (watched or self._watched)(world):
                return target.run(world, given)

        try:
            with (
                unheard(), self._answers.told(), warned() as told, self.patience.running(kind)
            ):  # fmt: skip
                self._restore()
                found = record(
                    target.library, run, target.arguments, own, target.called, kinds=self._kinds
                )
            return replace(found, warned=frozenset(told))
        except InputError:
            raise
        except TooLarge:
            raise InputError(
                f"the run computes more than {MOST_BYTES >> 20} MB of numbers, all of which are "
                "kept until it is judged: try smaller arrays",
                self.target.place, file=self.target.file,
            ) from None  # fmt: skip
        except TooLong as error:
            raise CodeFailed from error
        except BaseException as error:
            if not is_of_code(error):
                raise
            self.as_is(values)
            if self._kinds:
                self._kinds = False  # such as json, which takes only Python's own floats
                return self.recorded(values, watched, kind=kind)
            why = "" if any(f"'{own}'" in str(error) for own in _OWN) else f": {error}"
            raise Lost(
                f"the code does not accept recording arrays ({type(error).__name__}{why})"
            ) from error

    def point(
        self, values: Values, names: tuple[str, ...], *, near: bool, flat: bool = False,
        kind: str = "recorded",
    ) -> Point:  # fmt: skip
        """Return a point with the true gradients of `names`, from a run of a `kind`.

        They are 0 where the loss may be `flat` and is a number that no array is part of.  Raises
        Lost or Untold if the recording does not give them, and Outside where there are none.
        """
        result = self.recorded(values, kind=kind)
        returned, tape = result.returned, result.tape
        assert isinstance(returned, Returned)
        if result.node(returned.loss) is None and not np.isfinite(_number(returned.loss)):
            raise Outside(result)
        constant = flat and not any(tape.active[id] for id in tape.converted)
        constant = constant and result.node(returned.loss) is None
        own = _number(returned.loss)
        root = tape.number(own) if constant else root_of(result, returned.loss)
        ids = {name: tape.arguments[name] for name in names}
        true = gradients(tape, root, list(ids.values()))
        alike = frozenset(
            name for name, id in ids.items()
            if is_symmetric(tape.value(id)) and is_symmetric(true[id])
            and self._reads_a_triangle(name, values, true[id])
        )  # fmt: skip
        hand = {name: value for name, value in returned.gradients.items() if name in names}
        return Point(
            values, near, own,
            {name: as_compared(plain(value), true[ids[name]].shape, symmetric=name in alike,
                               exact=self.target.exact)
             for name, value in hand.items()},
            {name: true[id] for name, id in ids.items()},
            result, root, {name: result.node(value) for name, value in hand.items()}, alike,
            weight=self.weight,
        )  # fmt: skip

    def _reads_a_triangle(self, name: str, values: Values, true: Array) -> bool:
        """Return whether the loss may be that of symmetric matrices alone."""
        if name not in self._triangles:
            self._triangles[name] = reads_a_triangle(
                lambda value: self._loss({**values, name: value}), values[name], true
            )
        return self._triangles[name]

    def _loss(self, values: Values) -> float:
        """Return the loss; infinite where the code fails."""
        try:
            return self.as_is(values)[0]
        except CodeFailed:
            return np.inf


def raised(error: CodeFailed, target: Target) -> BaseException:
    """Return what the user's code raised at its own arguments, in a run after the first.

    It is to be raised outside of a handler, so that it keeps its own context.
    """
    cause = error.__cause__
    assert cause is not None
    if isinstance(cause, TooLong):
        text = "run again, it takes far longer than at first"
        return InputError(text, target.place, file=target.file)
    return cause


def root_of(result: Result, loss: Any) -> int:
    """Return the node of the loss, found by its value if it became a plain number at the end."""
    node = result.node(loss)
    if node is not None:
        return node
    tape: Tape = result.tape
    for id in reversed(tape.converted):
        if float(tape.value(id).reshape(-1)[0]) == _number(loss):
            return id
    raise Lost("the loss does not come from recorded arrays")


def _number(loss: Any) -> float:
    return float(np.asarray(plain(loss)).reshape(-1)[0])

"""The debugger: a cursor over (training step, position in the step). Knows no screen."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gradtui.debugger.branches import Branch, Branches
from gradtui.debugger.breakpoints import Breakpoints
from gradtui.debugger.curves import Curves, Plot
from gradtui.debugger.folds import Fold
from gradtui.debugger.frame import Frame
from gradtui.debugger.guide import HELD, Guide, Progress
from gradtui.debugger.investigation import Investigation, Known, Version
from gradtui.debugger.looked import Drawn, Looked
from gradtui.debugger.selection import Selection
from gradtui.debugger.steps import Level, StepOrder, translate
from gradtui.debugger.structure import Structure
from gradtui.debugger.surface import SurfaceView
from gradtui.diagnosis.judgement import Judgement
from gradtui.engine.graph import Graph
from gradtui.engine.history import History
from gradtui.engine.program import StepProgram
from gradtui.engine.tape import Tape
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from gradtui.diagnosis.recorded.elsewhere import Elsewhere

_TAPES, _NUMBERS = 32, 20_000_000
"""Most tapes kept, and most numbers in them: 160 MB.  Two tapes are always kept."""
MAX_STEP = 10_000_000
"""The last step that can be reached."""
SINGLE = "this is one call of your code: no step follows it, and nothing is trained"
"""The answer to commands that need a run of several steps."""


class _Place(Struct, frozen=True):
    """The place before or after a change of level."""

    structure: Structure
    step: int
    position: int
    selected: int | None


def last_step_text() -> str:
    """Return why a step beyond the last is refused."""
    return f"gradtui goes no further than step {MAX_STEP:,}"


class Session:
    """A problem being stepped through.

    The cursor is (`step`, `position`): the first `position` moments of the training step `step`,
    in its order at the present level, are done.
    """

    def __init__(
        self,
        problem: Problem,
        history: History | None = None,
        judgement: Judgement | Elsewhere | None = None,
        versions: dict[Graph, Version] | None = None,
    ) -> None:
        self.branches = Branches(problem, history, self._say, self._arrive)
        self.curves = Curves(self.branches, self._say)
        self.level = Level.NAMED
        self.message = self.trouble = ""
        self.outdated = False
        """Whether the file has changed since it was run."""
        self._breakpoints = Breakpoints(self.history, problem.steps)
        self._step = self._position = 0
        self.leap = 0
        """The number of steps that the cursor has gone last, back if negative."""
        self.guide: Guide | None = None
        """The way through the lesson, once it has begun."""
        self.unguided = False
        """Whether the user has left the lesson for good."""
        self.folded: frozenset[int] = frozenset()
        """The roots of the statements folded into one node on the graph of operations."""
        self.folds: frozenset[Fold] = frozenset()
        """The loops of a call that are folded into one line of its program."""
        self._tapes: OrderedDict[tuple[History, int], Tape] = OrderedDict()
        self._toggled_from: _Place | None = None
        self._toggled_to: _Place | None = None
        self._versions: dict[Graph, Version] = {} if versions is None else versions
        """The versions seen so far: problems read from the same text have the same graph."""
        if versions is None:
            self._version_of(problem).take(judgement)
        self._investigations: dict[Branch, Investigation] = {}
        self.seen = set[object]()
        """The findings that the cursor has visited, on any branch: walking on passes them by."""
        self.surface = SurfaceView(lambda: self.problem, self._say)
        self.again: Callable[[], Session] | None = None
        """Runs the called code again; None if only its own program can."""
        self.selection = Selection(
            lambda: self.problem, lambda: self.structure,
            lambda: self.position, lambda: self.frame.trace, self._say,
        )  # fmt: skip
        self.position = self.order.backward
        self._arrive()

    def afresh(self) -> Session:
        """Return a new session on the file's run, with what is known of its steps and its text."""
        root = self.branches.root
        return Session(root.problem, root.history, versions=self._versions)

    def _say(self, message: str) -> None:
        self.message = message

    @property
    def problem(self) -> Problem:
        """The scenario at the present step of the current branch."""
        return self.branches.current.at(self._step).problem

    @property
    def history(self) -> History:
        """The run of the current branch."""
        return self.branches.current.history

    @property
    def step(self) -> int:
        """The training step that the cursor stands in."""
        return self._step

    @property
    def position(self) -> int:
        """How many moments of the step are done."""
        return self._position

    @position.setter
    def position(self, position: int) -> None:
        self._position = position
        limit = None if self.guide is None else self.guide.limit(self._structure_at)
        if limit is not None and (self._step, position) > limit:
            self._step, self._position = limit
            self.message = HELD

    def _structure_at(self, step: int) -> tuple[Structure, StepProgram]:
        problem = self.branches.current.at(step).problem
        structure = self._version_of(problem).structure(self.level, self.folded)
        return structure, problem.trainer.program

    @property
    def asking(self) -> bool:
        """Whether a question of the lesson is open."""
        return self.guide is not None and self.guide.question is not None

    @property
    def order(self) -> StepOrder:
        """The moments of a step at the present level."""
        return self.structure.order

    @property
    def structure(self) -> Structure:
        """The nodes and edges at the present level."""
        return self._version_of(self.problem).structure(self.level, self.folded)

    def _version_of(self, problem: Problem) -> Version:
        if problem.graph not in self._versions:
            self._versions[problem.graph] = Version(problem)
        return self._versions[problem.graph]

    @property
    def frame(self) -> Frame:
        """Everything to show at the cursor."""
        step, history, version = self._step, self.history, self._version_of(self.problem)
        tape, chosen = self.tape(step), self.selection
        index = None if chosen.lens is None else chosen.lens.index
        return Frame(
            problem=self.problem,
            tape=tape,
            structure=self.structure,
            position=self.position,
            jacobians=version.jacobians,
            looked=Looked(
                chosen.node, chosen.pinned, chosen.lens, chosen.jacobian, *self.surface.looked
            ),
            known=self._known(tape),
            drawn=Drawn(
                losses=history.losses,
                validation_losses=history.validation_losses,
                picture=self.curves.picture(step),
                trail=() if self.asking else self.curves.trail(chosen.node, index, step),
                surfaces=self.surface.surfaces(history),
            ),
            breakpoints=() if self.asking else self.breakpoints.found,
            watched=() if self.asking else self.breakpoints.watched(step, self.tape),
            branch=self.branches.name,
            message=self.message,
            trouble=self.trouble,
            outdated=self.outdated,
            lesson=self._progress(),
            runs_again=self.again is not None,
            folds=self.folds,
        )

    def _progress(self) -> Progress | None:
        """Return the progress of the lesson, which speaks of the file's run."""
        branch, root = self.branches.current, self.branches.root
        shown = "" if branch is root else branch.name
        if self.guide is None:
            return None
        here, limit = (self._step, self._position), self.guide.limit(self._structure_at)
        return replace(
            self.guide.progress, branch=shown,
            last_step=limit is not None and self._step >= limit[0],
            last_moment=limit is not None and here >= limit,
        )  # fmt: skip

    def frame_of_file(self, step: int) -> Frame:
        """Return the frame of a step of the file's own run, whatever branch is current."""
        root = self.branches.root
        root.history.advance(max(0, step + 1 - root.history.known))
        version = self._version_of(root.problem)
        return replace(
            self.frame,
            problem=root.problem,
            tape=root.history.tape(step),
            structure=version.structure(self.level, self.folded),
            jacobians=version.jacobians,
        )

    def _known(self, tape: Tape) -> Known:
        """Return the findings that may be told."""
        known = self.investigation.known(tape)
        return known.untold if self.guide is not None and self.guide.untold else known

    @property
    def investigation(self) -> Investigation:
        """The findings of the current branch."""
        branch, known = self.branches.current, self._investigations
        if branch not in known:
            for gone in known.keys() - set(self.branches):
                del known[gone]
            known[branch] = Investigation(branch, self._version_of(branch.problem))
        found = known[branch]
        found.version = self._version_of(self.problem)
        return found

    @property
    def breakpoints(self) -> Breakpoints:
        """The breakpoints and watches, on the present run."""
        self._breakpoints.follow(self.history, self.problem.steps)
        return self._breakpoints

    def seek(self, step: int) -> None:
        """Go to a training step, its forward and backward pass done.

        Raises TypeError if `step` is not a whole number.
        """
        step = operator.index(step)
        self.message = ""
        if self.problem.call is not None and step != 0:
            self.message, step = SINGLE, 0
        elif step < 0:
            self.message = "this is the first step"
        elif step > MAX_STEP:
            self.message = last_step_text()
        before, self._step = self._step, min(max(step, 0), MAX_STEP)
        self.leap = self._step - before
        self.position = self.order.backward
        self._arrive()

    def move(self, steps: int) -> None:
        """Move by a number of training steps, back if negative."""
        self.seek(self._step + steps)

    def first(self) -> None:
        """Go to the first step."""
        self.seek(0)

    def last(self) -> None:
        """Go to the last step of the file's run."""
        self.seek(self.problem.steps)

    def into(self) -> None:
        """Do the next moment: a value, a contribution, the move of a parameter."""
        self.message = ""
        if self.position < self.order.end:
            self.position += 1
        elif self.problem.call is not None:
            self.message = SINGLE
        elif self._step == MAX_STEP:
            self.message = last_step_text()
        else:
            self._step, self.position = self._step + 1, 0
            self._arrive()

    def back(self) -> None:
        """Undo the last moment."""
        self.message = ""
        if self.position > 0:
            self.position -= 1
        elif self._step > 0:
            self._step, self.position = self._step - 1, self.order.end
        else:
            what = "run" if self.problem.call is None else "call"
            self.message = f"this is the start of the {what}"

    def finish(self) -> None:
        """Go to the end of the present pass, or of the next one if it is done."""
        self.message = ""
        if self.position == self.order.end:
            self.into()
            if self.message:
                return
        self.position = min(b for b in self.order.boundaries if b > self.position)

    def restart(self) -> None:
        """Go back to the start of the present pass, or of the previous one."""
        if self.position == 0:
            self.back()
            if self.message:
                return
        self.message = ""
        self.position = max(b for b in self.order.boundaries if b < self.position)

    def toggle_level(self) -> None:
        """Switch between the named graph and the graph of operations."""
        here = self._place
        back = self._toggled_from if self._toggled_to == here else None
        named = self.level is Level.NAMED
        self.draw(Level.OPERATIONS if named else Level.NAMED, frozenset())
        if back is not None and back.structure is self.structure:
            # The levels' moments differ: switching twice in a row must return to the same one.
            self.position, self.selection.own = back.position, back.selected
        self._toggled_from, self._toggled_to = here, self._place

    @property
    def _place(self) -> _Place:
        return _Place(self.structure, self._step, self.position, self.selection.own)

    def toggle_fold(self) -> None:
        """Unfold the statement of the selected node into its operations, or fold it again."""
        graph, node = self.problem.graph, self.selection.node
        foldable = frozenset(s.root for s in graph.statements if len(s.operations) > 1)
        root = graph.root_of(node)
        if node not in self.structure.line_of or root not in foldable:
            name = self.problem.label(graph.nodes[node].name)
            self.message = f"there is nothing to unfold in {name}"
            return
        whole = foldable if self.level is Level.NAMED else self.folded
        folded = whole ^ {root}
        self.selection.own = root
        if folded == foldable:
            self.draw(Level.NAMED, frozenset())
        else:
            self.draw(Level.OPERATIONS, folded)

    def draw(self, level: Level, folded: frozenset[int]) -> None:
        """Draw other nodes, at the same place of the step."""
        self.message = ""
        before = self.order
        self.level, self.folded = level, folded
        self.position = translate(self.position, before, self.order)
        self.selection.redraw()

    def try_all(self, text: str) -> None:
        """Run a sweep from this step and draw its losses.  Raises InputError."""
        self.branches.try_all(text, self._step)
        self.curves.plot = Plot(log=self.curves.plot.log)

    def break_at(self, text: str = "") -> None:
        """Set a breakpoint or remove it; without a condition, at this step.

        Raises InputError with a place in the text.
        """
        text, there = self.breakpoints.toggle(text or str(self._step))
        self.message = f"◆ {text}: breakpoint {'set' if there else 'removed'}"

    def watch(self, text: str) -> None:
        """Watch an expression, or stop watching it; raises InputError with a place in the text."""
        there = self.breakpoints.toggle_watch(text)
        self.message = f"{text}: {'watched' if there else 'no longer watched'}"

    def tape(self, step: int) -> Tape:
        """Return all values of a step of the current branch."""
        key = self.history.owner(step), step
        if key not in self._tapes:
            self._tapes[key] = self.history.tape(step)
            while len(self._tapes) > self._most_tapes(self._tapes[key]):
                self._tapes.popitem(last=False)
        self._tapes.move_to_end(key)
        return self._tapes[key]

    def _most_tapes(self, tape: Tape) -> int:
        """Return how many tapes are kept; one's own numbers are counted only if that may matter."""
        few = _TAPES * self.history.trainer.numbers <= _NUMBERS
        return _TAPES if few else max(2, min(_TAPES, _NUMBERS // tape.numbers))

    def _arrive(self) -> None:
        """Compute the losses up to the present step."""
        self.history.advance(max(0, self._step + 1 - self.history.known))

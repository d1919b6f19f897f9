"""The debugger: a cursor over (training step, position in the step). Knows no screen."""

from __future__ import annotations

import math
import operator
from collections import OrderedDict
from functools import cache, partial
from typing import NamedTuple

from msgspec.structs import replace

from gradtui.axes import View, view_over
from gradtui.diagnosis.finding import Finding, gravest_first
from gradtui.diagnosis.judgement import Judgement, judge
from gradtui.engine.elements import flat_index, place_of
from gradtui.engine.history import History
from gradtui.engine.indices import Index
from gradtui.engine.jacobian import Jacobians
from gradtui.engine.lens import Lens, read_element
from gradtui.engine.tape import Tape
from gradtui.explorer import Explorer
from gradtui.frame import Frame
from gradtui.landmarks import find_landmark, find_node, landmark_at, node_keys
from gradtui.moments import Level, Schedule, translate
from gradtui.scenario.problem import Drive, Problem
from gradtui.scenario.rules import GRADIENT_RULES, UPDATE_RULES
from gradtui.source import did_you_mean
from gradtui.stops import Stops
from gradtui.structure import Structure, build_structure, pairs_of
from gradtui.surface import Surfaces
from gradtui.survey import Survey
from gradtui.text import shape_text

_TAPES = 32
NEAR = 1000
"""Steps that may be computed anew at once, between a change of the file and the next key."""
MAX_STEP = 10_000_000
"""The last step that can be asked for."""


class _Place(NamedTuple):
    """Where a change of level came from, or led to."""

    structure: Structure
    step: int
    position: int
    selected: int


class Session:
    """A problem being stepped through.

    The cursor is (`step`, `position`): `position` moments of the training step `step` are done, out
    of its schedule at the present level.
    """

    def __init__(self, problem: Problem, history: History | None = None) -> None:
        self.explorer = Explorer(problem, history)
        self.level = Level.NAMED
        self.message = ""
        self.trouble = ""
        self.judgement: Judgement | None = None
        self._stops = Stops(self.history, problem.steps)
        self._survey = Survey(problem, self.history)
        self.chosen: Finding | None = None
        """The finding that the cursor went to."""
        self._step = 0
        self._structure = cache(partial(build_structure, problem.trainer.program))
        self._folded: frozenset[int] = frozenset()
        self._tapes: OrderedDict[tuple[History, int], Tape] = OrderedDict()
        self.position = self.schedule.backward
        self._toggled_from: _Place | None = None
        self._toggled_to: _Place | None = None
        self.selected = problem.graph.parameters[0].id
        self.lens: Lens | None = None
        self._jacobians = Jacobians(problem.graph, problem.trainer.dtype)
        self._matrix: int | None = None
        self._drive: Drive | None = None
        self.surface_view: View | None = None
        self._hidden_view: View | None = None
        self._surfaces = Surfaces(self.history)

    @property
    def problem(self) -> Problem:
        """The scenario as it is at the present step of the branch that is looked at."""
        return self.explorer.line.at(self._step).problem

    @property
    def history(self) -> History:
        """The run of the branch that is looked at."""
        return self.explorer.line.history

    @property
    def step(self) -> int:
        """The training step that the cursor stands in."""
        return self._step

    @property
    def schedule(self) -> Schedule:
        """The moments of a step at the present level."""
        return self.structure.schedule

    @property
    def structure(self) -> Structure:
        """The nodes and edges at the present level."""
        found: Structure = self._structure(self.level, self._folded)
        return found

    @property
    def frame(self) -> Frame:
        """What there is to show at the cursor."""
        tape = self._tape(self._step)
        self._ensure_loss()
        surfaces, findings = self._surfaces_of_run(), self.findings
        return Frame(
            self.problem, tape, self.structure, self.position, self.selected,
            self.history.losses, self._jacobians, self.history.validation_losses, self.message,
            self.lens, self._pair(), self.judgement, self.survey.findings, findings,
            findings.index(self.chosen) if self.chosen in findings else None,
            self.stops.breakpoints, self.stops.watched(self._step, self._tape),
            self.survey.gauge(tape), self.trouble, self.surface_view, surfaces,
            self.explorer.picture(self._step), self._trail(), self.explorer.branch_name,
        )  # fmt: skip

    @property
    def stops(self) -> Stops:
        """The breakpoints and watches, on the present run."""
        self._stops.follow(self.history, self.problem.steps)
        return self._stops

    @property
    def survey(self) -> Survey:
        """What is known of the present run as a whole."""
        if self._survey.history is not self.history:
            self._survey = Survey(self.explorer.line.problem, self.history)
        return self._survey

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found of the hand-written code and of the run so far, the gravest first."""
        judged = () if self.judgement is None else self.judgement.findings
        return gravest_first((*judged, *(self.survey.findings or ())))

    def seek(self, step: int) -> None:
        """Go to a training step, its forward and backward pass done.

        Raises TypeError if `step` is not a whole number.
        """
        step = operator.index(step)
        self.message = ""
        if step < 0:
            self.message = "this is the first step"
        elif step > MAX_STEP:
            self.message = f"step {MAX_STEP:,} is the last that can be asked for"
        self._step = min(max(step, 0), MAX_STEP)
        self.position = self.schedule.backward

    def arrive(self, step: int) -> None:
        """Go to a training step, staying at the same moment of it."""
        position = self.position
        self.seek(step)
        self.position = position

    def move(self, steps: int) -> None:
        """Go some training steps forward, or back where negative."""
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
        if self.position < self.schedule.end:
            self.position += 1
        elif self._step == MAX_STEP:
            self.message = f"step {MAX_STEP:,} is the last that can be asked for"
        else:
            self._step, self.position = self._step + 1, 0

    def back(self) -> None:
        """Undo the last moment."""
        self.message = ""
        if self.position > 0:
            self.position -= 1
        elif self._step > 0:
            self._step, self.position = self._step - 1, self.schedule.end
        else:
            self.message = "this is the start of the run"

    def finish(self) -> None:
        """Go on to the end of the present pass, or through the next one if it is done."""
        self.message = ""
        if self.position == self.schedule.end:
            self.into()
            if self.message:
                return
        self.position = min(b for b in self.schedule.boundaries if b > self.position)

    def restart(self) -> None:
        """Go back to the start of the present pass, or through the one before it."""
        if self.position == 0:
            self.back()
            if self.message:
                return
        self.message = ""
        self.position = max(b for b in self.schedule.boundaries if b < self.position)

    def toggle_level(self) -> None:
        """Change between the named graph and that of the operations."""
        here = self._place
        back = self._toggled_from if self._toggled_to == here else None
        named = self.level is Level.NAMED
        self._draw(Level.OPERATIONS if named else Level.NAMED, frozenset())
        if back is not None and back.structure is self.structure:
            # The levels' moments are not the same: twice in a row comes back to the very same one.
            self.position, self.selected = back.position, back.selected
        self._toggled_from, self._toggled_to = here, self._place

    @property
    def _place(self) -> _Place:
        return _Place(self.structure, self._step, self.position, self.selected)

    def toggle_fold(self) -> None:
        """Show the statement of the selected node as its operations, or as one node again."""
        graph = self.problem.graph
        foldable = frozenset(s.root for s in graph.statements if len(s.operations) > 1)
        root = self._statement_root(self.selected)
        if self.selected not in self.structure.line_of or root not in foldable:
            name = self.problem.label(graph.nodes[self.selected].name)
            self.message = f"there is nothing to unfold in {name}"
            return
        whole = foldable if self.level is Level.NAMED else self._folded
        folded = whole ^ {root}
        self.selected = root
        if folded == foldable:
            self._draw(Level.NAMED, frozenset())
        else:
            self._draw(Level.OPERATIONS, folded)

    def _draw(self, level: Level, folded: frozenset[int]) -> None:
        """Change what the nodes are, at the same place of the step."""
        self.message = ""
        before = self.schedule
        self.level, self._folded = level, folded
        self.position = translate(self.position, before, self.schedule)
        if self.selected not in self.structure.nodes:
            self.selected = self._statement_root(self.selected)
        if self.lens is not None and self.lens.node not in self.structure.nodes:
            self._aim(self.selected)

    def select(self, node: int) -> None:
        """Select a node of the present level's graph."""
        if node in self.structure.nodes and node != self.selected:
            self.selected = node
            if self.lens is not None:
                self._aim(node)

    def select_next(self, by: int = 1) -> None:
        """Select the next node in evaluation order, or one before where `by` is negative.

        Under a lens it is the node's next element.
        """
        if self.lens is not None:
            shape = self.problem.graph.nodes[self.lens.node].shape
            place = (place_of(self.lens.index, shape) + by) % max(1, math.prod(shape))
            self.lens = replace(self.lens, index=flat_index(place, shape))
            return
        nodes = self.structure.nodes
        self.select(nodes[(nodes.index(self.selected) + by) % len(nodes)])

    def select_input(self) -> None:
        """Select the first node that the selected one is computed from."""
        self.select(next(iter(self.structure.inputs.get(self.selected, ())), self.selected))

    def select_consumer(self) -> None:
        """Select the first node that is computed from the selected one."""
        self.select(next(iter(self.structure.consumers.get(self.selected, ())), self.selected))

    def look(self, text: str = "") -> None:
        """Put the lens on an element, as `3,1`, `W[3,1]` or `3,1 row 2`; the first if not said."""
        try:
            name, index, row = read_element(text)
            node = self._node_called(name) if name else self.selected
            self._aim(node, self._checked(node, index), row)
        except ValueError as error:
            self.message = str(error)

    def leave(self) -> bool:
        """Take away the lens, or else the Jacobian; return whether one was there."""
        there = self.lens is not None or self._matrix is not None
        if self.lens is None:
            self._matrix = None
        self.lens = None
        return there

    def select_row(self, by: int) -> None:
        """Look at the next row that changes with the element, or at the one before."""
        found = self.frame.trace
        if self.lens is not None and found is not None:
            rows = found.rows.touched or (found.lens.row,)
            behind = [
                row for row in rows if (row > found.lens.row if by > 0 else row < found.lens.row)
            ]
            at = (min(behind) if by > 0 else max(behind)) if behind else rows[0 if by > 0 else -1]
            self.lens = replace(self.lens, row=at)

    def show_jacobian(self) -> None:
        """Show the Jacobian of the selected node by its first input, then by the next, then none.

        A parameter has no inputs: it is those of what reads it.
        """
        self.lens = None
        count = len(self.frame.pairs)
        following = 0 if self._matrix is None else self._matrix + 1
        self._matrix = following if following < count else None
        if not count:
            self.message = "nothing is computed from this node"

    def show_surface(self, text: str = "") -> None:
        """Show the loss surface over `w1 w2`, or `W[0,1] b[2]`; if not said, as it was, or none."""
        before = self.surface_view
        if before is not None and not text:
            self._hidden_view, self.surface_view = before, None
            return
        try:
            self.surface_view = view_over(text, self.problem, before or self._hidden_view)
        except ValueError as error:
            self.message = str(error)

    def zoom_surface(self, by: int) -> None:
        """Halve what of the surface is in view so many times, or double it; 0: the whole path."""
        if self.surface_view is None:
            self.show_surface()
            return
        try:
            self.surface_view = self.surface_view.nearer(by)
        except ValueError as error:
            self.message = str(error)

    def _surfaces_of_run(self) -> Surfaces:
        """Return the surfaces of the present run; those of another, and its axes, are forgotten."""
        if self._surfaces.history is not self.history:
            self._surfaces = Surfaces(self.history)
            view = self.surface_view
            if view is not None and view.places(self.problem.trainer) is None:
                self.surface_view = None
                gone = "the parameters of the surface are gone"
                self.message = f"{self.message}; {gone}" if self.message else gone
        return self._surfaces

    def _pair(self) -> tuple[int, int] | None:
        """Return source and target of the Jacobian that is shown."""
        if self._matrix is None:
            return None
        pairs = pairs_of(self.structure, self.selected)
        return pairs[min(self._matrix, len(pairs) - 1)] if pairs else None

    def _aim(self, node: int, index: Index | None = None, row: int | None = None) -> None:
        """Put the lens on an element of a drawn node, its first if none is given."""
        before, shape = self.lens, self.problem.graph.nodes[node].shape
        if 0 in shape:
            self.lens = None
            self.message = "this array has no elements"
            return
        self.selected = node
        kept = before.row if before is not None and before.node == node else 0
        self.lens = Lens(node, index or (0,) * len(shape), kept if row is None else row)
        found = self.frame.trace
        assert found is not None
        count = len(found.rows.contributions)
        if row is not None and row >= count:
            self.lens = before
            self.message = f"there is no row {row}: expected one below {count}"
        elif row is None and found.rows.touched and found.lens.row not in found.rows.touched:
            self.lens = replace(self.lens, row=found.rows.touched[0])

    def _node_called(self, name: str) -> int:
        """Return the drawn node with a name or a label; raises ValueError if there is none."""
        graph, label = self.problem.graph, self.problem.label
        names = {label(n): id for n, id in graph.names.items() if id in self.structure.nodes}
        names |= {n: id for n, id in graph.names.items() if id in self.structure.nodes}
        if name not in names:
            raise ValueError(f"no node is called '{name}'" + did_you_mean(name, names))
        return names[name]

    def _checked(self, node: int, index: Index) -> Index:
        """Return an index, the first if it is empty; raises ValueError if it does not fit."""
        found = self.problem.graph.nodes[node]
        index = index or (0,) * len(found.shape)
        fits = len(index) == len(found.shape)
        if not fits or any(i >= size for i, size in zip(index, found.shape, strict=True)):
            name = self.problem.label(found.name) or found.op
            last = ",".join(str(size - 1) for size in found.shape)
            upto = f"its elements go up to {last}" if last else "it has one element"
            raise ValueError(f"{name} is {shape_text(found.shape)}: {upto}")
        return index

    def find(self, text: str) -> bool:
        """Select the next node whose name or operation contains `text`; False if there is none."""
        nodes, graph = self.structure.nodes, self.problem.graph
        start = nodes.index(self.selected)
        for node in (*nodes[start + 1 :], *nodes[: start + 1]):
            found = graph.nodes[node]
            label = self.problem.label(found.name)
            if any(text.lower() in t.lower() for t in (found.name, found.op, label) if t):
                self.select(node)
                return True
        for name, source in graph.names.items():
            label = self.problem.label(name)
            if source not in nodes and any(text.lower() in t.lower() for t in (name, label)):
                return self._find_data(label, source)
        self.message = f"no node is called '{text}'"
        return False

    def _find_data(self, label: str, source: int) -> bool:
        """Select the first node that reads some data: the data themselves are not drawn."""
        shape = shape_text(self.problem.graph.nodes[source].shape)
        readers = [node for node in self.structure.nodes if self._reads(node, source)]
        if readers:
            self.select(readers[0])
        reader = self.problem.graph.nodes[self.selected]
        shown = self.problem.label(reader.name) or reader.op
        self.message = f"{label} is data, {shape}: " + (f"read by {shown}" if readers else "unread")
        return True

    def _reads(self, node: int, source: int) -> bool:
        """Return whether a drawn node reads a source itself."""
        if node in self.structure.whole:
            return (source, node) in self.structure.named_edges
        return source in self.problem.graph.nodes[node].inputs

    def judge(self) -> None:
        """Find out what is wrong with what was written by hand, if that is not known yet."""
        problem = self.problem
        if problem.by_hand and self.judgement is None:
            found = judge(problem)
            if problem.texts is self.problem.texts:  # not replaced meanwhile
                self.judgement = found

    @property
    def ready_to_look(self) -> bool:
        """Whether the steps that are looked at are computed, so that looking does not."""
        from gradtui.diagnosis.runs.run import steps_looked_at

        return self.history.known > steps_looked_at(self.problem)

    def give_up(self) -> None:
        """Do without what could not be found out."""
        if self.problem.by_hand and self.judgement is None:
            self.judgement = Judgement((), 0, frozenset(), ())
        self.survey.findings = self.survey.findings or ()

    def look_at_run(self) -> None:
        """Find out what is wrong, with the hand-written code first, then with the run."""
        survey = self.survey
        self.judge()
        survey.look(() if self.judgement is None else self.judgement.findings)

    def toggle_drive(self) -> None:
        """Let the true gradients move the weights instead of what was written by hand, or back.

        It is a run of its own beside this one; the cursor stays where it is.
        """
        if not self.problem.by_hand:
            self.message = "nothing is written by hand here: there is no other drive"
            return
        self.explorer.branches.turn_drive()
        self._drive = self.explorer.line.problem.drive
        self.message = (
            "drive hand: what was written by hand moves the weights"
            if self._drive == "hand"
            else "drive autodiff: the true gradients and the optimizer move the weights"
        )

    def _run_anew(self, problem: Problem) -> None:
        """Take another version of the problem, of whose run nothing is known yet."""
        self.explorer = self.explorer.anew(problem)
        self._tapes.clear()
        self._structure = cache(partial(build_structure, problem.trainer.program))

    def adopt(self, problem: Problem) -> int:
        """Go on with another version of the problem at the same place, as far as it has it.

        The message says what it does not have.  Returns the step that the cursor stood in: where
        that is far, it stands at the same moment of the first one until `arrive` is called.
        """
        before, structure, keys = self.problem.graph, self.structure, node_keys(self.problem.graph)
        here = landmark_at(before, structure.schedule, self.position)
        if problem.by_hand and self._drive not in (None, problem.drive):
            problem = problem.driven_by(self._drive or problem.drive)
        step, self._step = self._step, self._step if self._step <= NEAR else 0
        branches = self.explorer.branches.kept
        self._run_anew(problem)
        graph = problem.graph
        self._jacobians = Jacobians(graph, problem.trainer.dtype)
        self.judgement = self.chosen = self._toggled_from = self._toggled_to = None
        kept = (find_node(graph, keys[root]) for root in self._folded)
        self._folded = frozenset(root for root in kept if root is not None)
        self.position = find_landmark(graph, self.schedule, here)
        lost, node = list[str](), find_node(graph, keys[self.selected])
        if node is None or node not in self.structure.nodes:
            lost.append(f"{before.nodes[self.selected].name or 'the selected operation'} is gone")
            self._matrix = None
        self.selected = graph.parameters[0].id if lost or node is None else node
        lens, self.lens = self.lens, None
        if lens is not None and not lost:
            try:
                self._aim(self.selected, self._checked(self.selected, lens.index), lens.row)
            except ValueError as error:
                self.message = str(error)
            lost += [self.message] if self.message else []
        lost += ["the branches of the old text are gone"] if branches else []
        self.message = "; ".join(lost)
        return step

    def next_finding(self) -> None:
        """Go to the next finding: its step, its node, at the moment that it is about."""
        self.message = ""
        findings = self.findings
        if not findings:
            unknown = self.unknown
            self.message = f"still {unknown}" if unknown else "no findings"
            return
        last = findings.index(self.chosen) if self.chosen in findings else -1
        self._go_to_finding(findings[(last + 1) % len(findings)])

    def go_on(self, by: int = 1) -> bool:
        """Go to the next breakpoint or finding, the one before where `by` is negative.

        Without one it is the file's last step, or the first. False if more must be known before:
        then nothing moves, and the message says what.
        """
        stops, here = self.stops, self._step
        at, unsearched = stops.ahead(here) if by > 0 else stops.behind(here)
        if self.unknown or unsearched is not None:
            last = self.problem.steps
            self.message = self.unknown or f"searched to step {unsearched:,} of {last:,}"
            return False
        told = [f.step for f in self.findings if (f.step > here if by > 0 else f.step < here)]
        reached = [*told, *([] if at is None else [at])]
        if not reached:
            end = max(self.problem.steps, here) if by > 0 else 0
            self.seek(end)
            way = "ahead" if by > 0 else "before"
            self.message = f"no breakpoint and no finding {way}" + (
                "" if end == here else f": this is the {'last' if by > 0 else 'first'} step"
            )
            return True
        step = min(reached) if by > 0 else max(reached)
        found = [finding for finding in self.findings if finding.step == step]
        self.seek(step)
        if found:
            self._go_to_finding(found[0])
        hit = [b.text for b in stops.breakpoints if b.enabled and step in b.steps]
        said = [f"◆ {text}" for text in hit] + ([self.message] if found else [])
        self.message = f"step {step:,}: " + ", ".join(said)
        return True

    @property
    def unknown(self) -> str:
        """What is being found out of what is wrong; nothing once that is known."""
        if self.problem.by_hand and self.judgement is None:
            return "comparing what was written by hand …"
        return "looking at the run …" if self.survey.findings is None else ""

    def break_at(self, text: str = "") -> None:
        """Set a breakpoint or remove it; without a condition it is at this step.

        Raises InputError with a place in the text.
        """
        text, there = self.stops.toggle(text or str(self._step))
        self.message = f"◆ {text}: breakpoint {'set' if there else 'removed'}"

    def watch(self, text: str) -> None:
        """Watch an expression, or do so no longer; raises InputError with a place in the text."""
        there = self.stops.toggle_watch(text)
        self.message = f"{text}: {'watched' if there else 'watched no longer'}"

    def _go_to_finding(self, finding: Finding) -> None:
        self.chosen = finding
        by_hand = finding.rule in GRADIENT_RULES
        # What is wrong with a line is wrong at every step, from the one on where it shows.
        holds_here = (by_hand or finding.rule in UPDATE_RULES) and finding.step <= self._step
        if not holds_here:
            self.seek(finding.step)
        node = self._node_of(finding)
        if finding.rule in UPDATE_RULES:
            self.position = self.schedule.backward + 1
        elif node is not None:
            self.select(node)
            if by_hand:
                self.position = self._line_done(finding) or self._arrival(node)
            else:
                self.position = self.structure.value_at.get(node, self.schedule.backward)
        where = f", line {finding.line}" if finding.line else ""
        number = self.findings.index(finding) + 1
        self.message = f"finding {number} of {len(self.findings)}{where}: {finding.message}"

    def _node_of(self, finding: Finding) -> int | None:
        """Return the node whose gradient a finding is about; None where it is about none."""
        backward, names = self.problem.backward, self.problem.graph.names
        targets = [] if backward is None else [backward.claims.get(finding.target, "")]
        targets += [finding.edge[1] if finding.edge else "", finding.target]
        node = next((names[name] for name in targets if name in names), None)
        if node is None or node in self.structure.nodes:
            return node
        return next((n for n in self.structure.nodes if self._reads(n, node)), None)

    def _line_done(self, finding: Finding) -> int:
        """Return the position at which a finding's hand-written line is done; 0 for no line."""
        program = self.problem.backward.program if self.problem.backward else ()
        at = [i for i, line in enumerate(program) if line.place.line == finding.line]
        return self.structure.line_at.get(at[0], 0) if at else 0

    def _arrival(self, node: int) -> int:
        """Return the position at which a node's gradient is complete."""
        arrivals = [
            self.structure.flow_at[node, target]
            for target in self.structure.flows_into.get(node, ())
        ]
        return max(arrivals, default=self.schedule.backward)

    def _tape(self, step: int) -> Tape:
        key = self.history.owner(step), step
        if key not in self._tapes:
            self._tapes[key] = self.history.tape(step)
            if len(self._tapes) > _TAPES:
                self._tapes.popitem(last=False)
        self._tapes.move_to_end(key)
        return self._tapes[key]

    def _trail(self) -> tuple[float, ...]:
        """Return the selected value, or the element under the lens, at the last steps."""
        index = None if self.lens is None else self.lens.index
        return self.explorer.trail(self.selected, index, self._step)

    def _ensure_loss(self) -> None:
        """Know the losses up to the present step."""
        missing = self._step + 1 - self.history.known
        if missing > 0:
            self.history.advance(missing)

    def _statement_root(self, node: int) -> int:
        for statement in self.problem.graph.statements:
            if node in statement.operations:
                return statement.root
        return self.problem.graph.loss

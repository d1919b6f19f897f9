"""Moving through the run and selecting: commands that need only the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from gradtui.base.source import InputError, Place
from gradtui.base.text import EXACT, clean, clip, shape_text
from gradtui.debugger import folding
from gradtui.debugger.frame import Frame
from gradtui.debugger.session import Session
from gradtui.explain.values import summary
from gradtui.tui.host import Handlers, Part
from gradtui.tui.panels.chain import ChainPanel

_NAME_CELLS = 20
_LENS = (
    "Enter looks at this element, or at another that you type, such as {other}; there "
    "{down} {up} go to other elements, {scroll-left} {scroll-right} to other rows, {escape} leaves"
)
"""What is said below the question for an element."""
_PRINT = "Enter shows this, or another expression, such as grad({name}) or sum({name}**2)"
_AXES = (
    "two numbers of the parameters, such as {shown}, for a map of the loss, or one for its curve"
)
_MOVES: Mapping[str, Callable[[Session], object]] = {
    "into": lambda session: folding.step(session, 1),
    "out": lambda session: folding.step(session, -1),
    "fold": folding.toggle,
    "finish": lambda session: session.finish(),
    "restart": lambda session: session.restart(),
    "down": lambda session: session.selection.select_next(),
    "up": lambda session: session.selection.select_next(-1),
    "input": lambda session: session.selection.select_input(),
    "consumer": lambda session: session.selection.select_consumer(),
    "operations": lambda session: session.toggle_level(),
    "unfold": lambda session: session.toggle_fold(),
    "jacobian": lambda session: session.selection.show_jacobian(),
    "nearer": lambda session: session.surface.zoom(1),
    "farther": lambda session: session.surface.zoom(-1),
    "whole": lambda session: session.surface.zoom(0),
}
"""The id of a command without argument -> the session's action."""


class Moves(Part):
    """The cursor, the selection, the lens and the surface of a debugger's session."""

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {
            **{id: partial(self._move, move) for id, move in _MOVES.items()},
            "find": self.find,
            "lens": self.look,
            "print": self.print,
            "surface": self.show_surface,
            "axes": self.choose_axes,
        }

    def _move(self, move: Callable[[Session], object], text: str) -> None:
        self._host.do(move)

    def find(self, text: str) -> None:
        """Select a node by its name, asking for it if there is none."""
        if text:
            self._host.do(lambda session: self._find(session, text))
        else:
            hint = "a name, also of data, or an operation such as tanh"
            self._host.ask("/", self.find, hint=hint)

    def _find(self, session: Session, text: str) -> None:
        """Select what is called so; of what no visible panel shows, say which one does."""
        chain, found = self._host.screen.query_one(ChainPanel), session.selection.find(text)
        drawn = session.selection.node in session.structure.nodes
        if found and not drawn and not chain.display:
            key = self._host.keys.first(f"panel-{chain.key}")
            session.message += f"; panel {key} shows its numbers"

    def look(self, text: str) -> None:
        """Put the lens on an element, asking for it if there is none and more than one."""
        frame = self._session.frame
        node = frame.graph.nodes[frame.selected]
        if text or not node.shape:
            self._host.do(lambda session: session.selection.look(text))
            self._host.come_forward("-close")
            return
        name = clip(clean(frame.problem.label(node.name) or node.op), _NAME_CELLS)
        label = f"element of {name} [{shape_text(node.shape)}]: "
        index = frame.looked.lens.index if frame.looked.lens else (0,) * len(node.shape)
        row = f" row {frame.looked.lens.row}" if frame.looked.lens else ""
        other = ",".join([*["0"] * (len(node.shape) - 1), str(min(1, node.shape[-1] - 1))])
        note = self._host.keys.fill(_LENS.replace("{other}", f"{other} or {other} row 1"))
        self._host.ask(label, self.look, ",".join(map(str, index)) + row, note=note)

    def print(self, text: str) -> None:
        """Show the value of an expression: a number in the message, an array in a table."""
        from gradtui.debugger.inspection import inspect
        from gradtui.explain.assigned import name_at_cursor

        frame = self._session.frame
        own = "" if frame.looked.pinned else name_at_cursor(frame)
        name = own or frame.problem.label(frame.graph.nodes[frame.selected].name)

        def check(typed: str) -> object:
            return inspect(typed, self._session)

        if text:
            self._ask("print: ", text, check, self._show_value)
        elif frame.looked.jacobian is not None:
            self._show_jacobian(frame)
        else:
            parameter = frame.problem.label(frame.graph.parameters[0].name)
            note = _PRINT.format(name=parameter)
            self._host.ask("print: ", self._show_value, name, check=check, note=note)

    def _show_jacobian(self, frame: Frame) -> None:
        from gradtui.explain.jacobian import whole_jacobian
        from gradtui.tui.array_view import ArrayView

        found = whole_jacobian(frame)
        if isinstance(found, str):
            self._host.say(found)
            return
        view = ArrayView(found.name, found.value, self._host.keys, across=found.across,
                         note=found.note)  # fmt: skip
        self._host.screen.app.push_screen(view)

    def _show_value(self, text: str) -> None:
        from gradtui.debugger.inspection import inspect, whole_data, wording
        from gradtui.explain.assigned import assigned_note
        from gradtui.tui.array_view import ArrayView, Batch

        value = inspect(text, self._session)
        note = assigned_note(text, self._session.frame)
        if value.shape == () or not value.size:
            self._host.say(clean(f"{text} = {summary(value, EXACT)}  {note}".rstrip()))
        else:
            whole = whole_data(text, self._session.problem)
            rows = self._session.tape(self._session.step).batch
            batch = None if whole is None or rows is None else Batch(whole, rows)
            words = wording(text, self._session.problem)
            view = ArrayView(text, value, self._host.keys, batch, wording=words, note=note)
            self._host.screen.app.push_screen(view)

    def show_surface(self, text: str) -> None:
        """Show the loss surface, or the curve again; one that is covered comes forward first."""
        if text or not self._host.come_forward("-map"):
            self._host.do(lambda session: session.surface.show(text))

    def choose_axes(self, text: str) -> None:
        """Choose the parameters of the surface's axes, asking for them if none are given."""
        from gradtui.debugger.axes import first_axes, read_axes

        def check(typed: str) -> None:
            try:
                read_axes(typed, self._session.problem)
            except ValueError as error:
                raise InputError(str(error), Place(1, 1, len(typed))) from None

        if text:
            self._ask("surface over: ", text, check, self.show_surface)
            return
        view = self._session.surface.window
        axes = view.axes if view else first_axes(self._session.problem)
        shown = " ".join(map(str, axes))
        note = _AXES.format(shown=shown)
        self._host.ask("surface over: ", self.show_surface, shown, check=check, note=note)

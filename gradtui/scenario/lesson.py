"""A lesson: things to do, one at a time. Knows no TOML."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from gradtui.engine.indices import Index
from gradtui.engine.observables import Observable

Done = Literal["computed", "backward", "updated", "step", "selected", "view"]
View = Literal["loss", "surface", "lens", "jacobian", "operations"]
VIEWS: tuple[str, ...] = get_args(View)


class Goal(Struct, frozen=True):
    """When a step of a lesson counts as done."""

    done: Done
    name: str = ""
    """A name of the model, or a view."""
    step: int = 0


class Question(Struct, frozen=True, eq=False):
    """A number to predict."""

    text: str
    """The expression, as the file writes it."""
    needs: tuple[int, ...]
    """The nodes of the step program that it reads."""
    name: str = ""
    """The name whose value or gradient it is; empty for any other expression."""
    gradient: bool = False
    index: Index = ()
    """The index of the element."""
    observable: Observable | None = None
    """The expression, if it is not an element of a value or a gradient."""
    step: int = 0
    """The training step."""
    stepped: bool = False
    """Whether the file gives the step; if not, the parts before the question lead to it."""
    hint: str = ""


class Lesson(Struct, frozen=True, eq=False):
    """One thing to do, or one number to predict."""

    text: str
    """`{binding}` in it stands for the key of a command."""
    goal: Goal | None = None
    """None if reading the text, or answering, is enough."""
    question: Question | None = None

"""A lesson: what its reader is to do, one thing at a time. Knows no TOML."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from gradtui.engine.indices import Index
from gradtui.engine.observables import Observable

Done = Literal["computed", "backward", "updated", "step", "selected", "view"]
View = Literal["loss", "surface", "lens", "jacobian", "operations"]
VIEWS: tuple[str, ...] = get_args(View)


class Goal(Struct, frozen=True):
    """What counts as having done what a lesson asks for."""

    done: Done
    name: str = ""
    """A name of the model, or a view."""
    step: int = 0


class Question(Struct, frozen=True, eq=False):
    """A number that is to be predicted."""

    text: str
    """The expression, as it is written."""
    needs: tuple[int, ...]
    """The nodes of the step program that it is read from."""
    name: str = ""
    """The name of the model whose value or gradient it is; nothing for another expression."""
    gradient: bool = False
    index: Index = ()
    """The element that is asked for."""
    observable: Observable | None = None
    """The expression, where it is no element of a value or a gradient."""
    step: int | None = None
    """The training step; None for the one where the question comes up."""
    hint: str = ""


class Lesson(Struct, frozen=True, eq=False):
    """One thing to do, or one number to predict."""

    text: str
    """`{binding}` in it stands for the key of a command."""
    goal: Goal | None = None
    """None where reading it, or answering, is all."""
    question: Question | None = None

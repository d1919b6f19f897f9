"""Variants of the optimizers: conventions of public code, and known mistakes.

A variant explains an update that moves the weights in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from gradtui.diagnosis.finding import Severity
from gradtui.diagnosis.updates.scope import BIAS, CONSTANT, DECAY, EPSILON, MOMENTUM, TIME
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.optimizers import OPTIMIZERS, Hyperparameters
from gradtui.language.parser import parse_program


class Variant(Struct, frozen=True):
    """A difference from an optimizer's program, with the words for it."""

    rule: str
    severity: Severity
    changes: tuple[tuple[str, str], ...]
    """Text of the program -> its replacement."""
    said: str
    starts: Mapping[str, float] = {}
    """State -> its initial value, if that differs."""

    def program(self, optimizer: str, constants: Hyperparameters) -> UpdateProgram | None:
        """Return the variant of an optimizer; None if its program lacks the text to replace."""
        entry = OPTIMIZERS[optimizer]
        text = entry.program(constants)
        state = dict(entry.state(constants))
        found = all(before in text for before, _ in self.changes)
        if not found or not self.starts.keys() <= state.keys():
            return None
        for before, after in self.changes:
            text = text.replace(before, after)
        return UpdateProgram(parse_program(text), {**state, **self.starts}, "")


_INSIDE = (
    "eps is inside the root, where it acts as √eps would outside: {optimizer} adds it to the root"
)
CONVENTIONS = (
    Variant(
        EPSILON, "info", (("sqrt(vhat) + eps", "sqrt(vhat) + eps/sqrt(1 - beta2**t)"),),
        "eps is added to √v before the bias correction, as in code where the rate is "
        "lr·√(1 - beta2**t)/(1 - beta1**t): {optimizer} adds it after",
    ),
    Variant(
        EPSILON, "warning", (("sqrt(v) + eps", "sqrt(v + eps)"),),
        _INSIDE,
    ),
    Variant(
        EPSILON, "warning", (("sqrt(s) + eps", "sqrt(s + eps)"),),
        _INSIDE,
    ),
    *(
        Variant(
            CONSTANT, "warning", (("sqrt(s) + eps", root),),
            "the sum of squares starts at 0.1, that of {optimizer} at 0", {"s": 0.1},
        )
        for root in ("sqrt(s) + eps", "sqrt(s + eps)")
    ),
    Variant(
        MOMENTUM, "warning", (("b = momentum*b + g", "b = momentum*b + (1 - momentum)*g"),),
        "the velocity is a running mean here, momentum·b + (1 - momentum)·g: its steps are 1 - "
        "momentum times those of {optimizer}, and the same at a rate so much larger",
    ),
    Variant(
        DECAY, "info",
        (
            ("w = w - lr*weight_decay*w\n", ""),
            ("(sqrt(vhat) + eps)", "(sqrt(vhat) + eps)\nw = w - lr*weight_decay*w"),
        ),
        "the weight decay acts on w after the step: {optimizer} lets it act on w before",
    ),
)  # fmt: skip
"""Intended differences in public code."""
_KEPT = (
    ("mhat = m/(1 - beta1**t)", "m = m/(1 - beta1**t)\nmhat = m"),
    ("vhat = v/(1 - beta2**t)", "v = v/(1 - beta2**t)\nvhat = v"),
)
_TIMES = (
    ("(t + 1)", "t is 2 at the first update: {optimizer} counts from 1"),
    ("(t - 1)", "t is 0 at the first update: {optimizer} counts from 1"),
    ("1", "t stays 1, or is missing: {optimizer} counts the updates"),
    ("2", "t stays 2, or 2 stands in its place: {optimizer} counts the updates"),
)
_DECAYED = "w = w - lr*weight_decay*w\n"
MISTAKES = (
    Variant(
        BIAS, "error", (("m/(1 - beta1**t)", "m"), ("v/(1 - beta2**t)", "v")),
        "the bias correction is missing: means that start at 0 are too small at first, and "
        "{optimizer} divides them by 1 - β**t",
    ),
    *(
        Variant(
            BIAS, "error", changes, "the corrected mean is kept, "
            "so it is corrected again at every later step: {optimizer} corrects a copy",
        )
        for changes in (_KEPT, _KEPT[:1], _KEPT[1:])
    ),
    *(
        Variant(TIME, "error", ((f"{base}**t", f"{base}**{time}"),), said)
        for base in ("", "beta1", "beta2")
        for time, said in _TIMES
    ),
    Variant(
        EPSILON, "error", (("sqrt(vhat) + eps", "sqrt(vhat + eps)"),),
        _INSIDE,
    ),
    Variant(
        EPSILON, "error", (("sqrt(vhat) + eps", "sqrt(vhat + eps/(1 - beta2**t))"),),
        _INSIDE,
    ),
    Variant(
        DECAY, "error", ((_DECAYED, "w = w - weight_decay*w\n"),),
        "the weight decay is not multiplied by lr, as that of {optimizer} is",
    ),
    Variant(
        DECAY, "error", ((_DECAYED, "w = w - weight_decay*g\n"),),
        "the weight decay takes weight_decay·g off w, that of {optimizer} lr·weight_decay·w",
    ),
)  # fmt: skip
"""Mistakes that are more than one small change, or that deserve words of their own."""


_RUNNING = (
    ("m = beta1*m + (1 - beta1)*g\n", "m = m + (1 - beta1)*(g - m)\n"),
    ("v = beta2*v + (1 - beta2)*g**2\n", "v = v + (1 - beta2)*(g**2 - v)\n"),
)
_RATED = (
    ("mhat = m/(1 - beta1**t)\n", ""), ("vhat = v/(1 - beta2**t)\n", ""),
    ("lr*mhat/(sqrt(vhat) + eps)", "lr*sqrt(1 - beta2**t)/(1 - beta1**t)*m/(sqrt(v) + eps)"),
)  # fmt: skip
_AHEAD = "b = momentum*b + g\nw = w - lr*(g + momentum*b)"
_FOLDED = (_RATED, (*_RUNNING, *_RATED))
"""Spellings that add eps to √v before the bias correction."""
_SPELLINGS = (
    _RUNNING,
    (
        ("b = momentum*b + g\nw = w - lr*b", "b = momentum*b - lr*g\nw = w + b"),
    ),
    (
        (_AHEAD, "w = w + momentum*momentum*b - (1 + momentum)*lr*g\nb = momentum*b - lr*g"),
    ),
    (
        (_AHEAD, "a = b\nb = momentum*b - lr*g\nw = w - momentum*a + (1 + momentum)*b"),
    ),
)  # fmt: skip
"""Equivalent forms of the programs in public code."""


class Form(Struct, frozen=True):
    """An optimizer as code writes it: by a convention, with another eps, or as it is."""

    variant: Variant = Variant("", "info", (), "")
    eps: float | None = None
    """Its own eps; None for the given one."""

    def constants(self, given: Hyperparameters) -> dict[str, float]:
        """Return its constants."""
        return {**given} if self.eps is None else {**given, "eps": self.eps}


DECADES = tuple(10.0**-power for power in range(3, 17))


def forms_of(constants: Hyperparameters) -> Iterator[Form]:
    """Yield the forms of an optimizer in which code is no mistake, the optimizer itself first."""
    eps = constants.get("eps")
    others = () if eps is None else tuple(one for one in DECADES if one != eps)
    for own in (None, *others):
        yield Form(eps=own)
        yield from (Form(variant, own) for variant in CONVENTIONS)


class Base(Struct, frozen=True):
    """A program that a mistake may be a small change of."""

    program: UpdateProgram
    exact: bool = True
    """Whether it is the optimizer itself, in whatever spelling, not one by a convention."""


def bases_of(optimizer: str, constants: Hyperparameters) -> Iterator[Base]:
    """Yield the optimizer in all spellings, then by the conventions of public code."""
    spelled, folded = (
        [Variant("", "info", changes, "") for changes in some]
        for some in (((), *_SPELLINGS), _FOLDED)
    )
    for variants, exact in ((spelled, True), (folded, False), (CONVENTIONS, False)):
        for _, program in programs_of(variants, optimizer, constants):
            yield Base(program, exact)


def programs_of(
    variants: Sequence[Variant], optimizer: str, constants: Hyperparameters
) -> Iterator[tuple[Variant, UpdateProgram]]:
    """Yield the variants of an optimizer, with their programs."""
    for variant in variants:
        program = variant.program(optimizer, constants)
        if program is not None:
            yield variant, program


def counted_by_parameter(
    optimizer: str, constants: Hyperparameters, index: int, count: int
) -> UpdateProgram | None:
    """Return an optimizer whose t grows with each of `count` parameters, as seen by one of them."""
    time = f"({count}*t - {count - 1 - index})"
    return Variant(TIME, "error", (("**t", f"**{time}"),), "").program(optimizer, constants)

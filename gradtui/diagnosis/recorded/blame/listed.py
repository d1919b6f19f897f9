"""A list with a gradient for each round that nothing uses: the other half of what is passed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.slots import Slot


def listed(s: Statement, slots: Sequence[Slot]) -> Iterator[Candidate]:
    """Yield the round's entry of a list that nothing uses as a term, counted from either end."""
    for name in s.idle:
        held, part = s.scope.get(name), s.scope.get(f"{name}[0]")
        if held is None or held.kind not in (":list", ":tuple"):
            continue
        if part is None or part.kind != "f":
            continue
        fitting = [one for one in slots if one.whole and part.shape == one.shape]
        for place in dict.fromkeys(_places(s, held.shape[0] if held.shape else 0)):
            text = f"{name}[{place}]"
            for slot in fitting:
                told = f"the term {text} is missing: {s.unit.code.co_name} does not use {name}"
                edit = s.replaced(slot.node, f"{s.inside(slot.node, 1)} + {text}", 1)
                yield Candidate((edit,), "missing-path", told, 0, text, slot.node)


def _places(s: Statement, length: int) -> Iterator[str]:
    """Yield the number of a round, and that from the other end of so many."""
    counted = [one for one in s.loops if (at := s.scope.get(one)) is not None and at.kind == "i"]
    size = next((text for text, one in s.scope.items() if text not in counted
                 and (one.kind, one.shape, one.value) == ("i", (), length)), "")  # fmt: skip
    for count in counted:
        yield count
        yield f"{size} - 1 - {count}" if size else f"-1 - {count}"

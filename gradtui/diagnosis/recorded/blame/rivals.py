"""Edits of other lines that may be as likely as the best one, by what the code beside tells."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.hits import ABOUT, Hit
from gradtui.diagnosis.recorded.blame.odds import KNOWN
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.suspects import UNTOLD
from gradtui.diagnosis.recorded.blame.uses import lines_next

_GLANCED = 6000
"""Most edits that are looked at."""
_TURNING = ("sign", "transposed")
"""The rules of edits that do the same to a value where it is made and where it is used."""
_SCALING = ("missing-factor", "constant-factor")
_FACTOR = 2
"""How tightly a product binds."""

Prepared = Callable[[Statement], tuple[Sequence[Slot], Sequence[Candidate]]]


def rivals(
    suspects: Sequence[Suspect], hits: Sequence[Hit], preview: Preview, prepared: Prepared
) -> Sequence[Hit]:
    """Return edits of other lines that are as likely as the best hit; far-fetched ones beside it.

    Those that are right at a glance come first, and then the likeliest.

    The code there tells of these, however little the recording does. Those that are told beside
    the best one must be right at a glance, unless they are equal to a hit: one line hands the other
    what has the wrong sign, is transposed, or lacks a factor.
    """
    best = min(hits, key=Hit.rank)
    own, most, glances = best.suspect.statement, best.odds.total + ABOUT, _GLANCED
    turned = [one for one in hits if one.candidate.rule in _TURNING]
    found = list[tuple[bool, int, Hit]]()
    for suspect in sorted(suspects, key=lambda one: (_is_apart(one, best), one.tier)):
        s, known = suspect.statement, 0 if _is_apart(suspect, best) else KNOWN
        if s.node is own.node or suspect.tier - known > most or glances <= 0:
            continue
        if suspect.forward and suspect.tier >= UNTOLD and _is_apart(suspect, best):
            continue  # what another function makes for the loss, too, is right
        slots, edits = prepared(s)
        signs = [slot.negated() for slot in slots if slot.takes_numbers]
        carried = [*_carried(s, best)]
        glances -= len(signs) + len(edits)
        turns = {one.candidate.rule for one in turned if _is_handed(suspect, one)}
        for candidate in (*carried, *signs, *edits):
            hit = Hit(suspect, candidate, candidate.cost, frozenset())
            if hit.odds.apart - known > most:
                continue
            equal = candidate in carried or candidate.rule in turns
            # What the code beside tells takes longer to ask for than a glance.
            hopeful = equal or preview.is_hopeful(s, candidate.edits)
            # There must be a better one than an edit that leaves something idle, and an equal one
            # that changes what is there is likelier than what adds to it.
            as_good = best.odds.wastes or best.odds.signs.adds > hit.odds.signs.adds
            within = most if hopeful else best.odds.total - (not as_good)
            if hopeful is not False and hit.odds.is_within(within):
                found.append((not hopeful, hit.odds.total, hit))
    return [one for *_, one in sorted(found, key=lambda one: one[:2])]


def foremost(suspects: Sequence[Suspect], preview: Preview, prepared: Prepared) -> Sequence[Hit]:
    """Return the edits that the code beside tells of, the likeliest first."""
    glances, found = _GLANCED, list[Hit]()
    for suspect in sorted(suspects, key=lambda one: one.tier):
        s = suspect.statement
        if suspect.tier > UNTOLD or glances <= 0:
            break
        for candidate in prepared(s)[1]:
            hit = Hit(suspect, candidate, candidate.cost, frozenset())
            if hit.odds.apart - KNOWN > 0:
                continue
            glances -= 1
            if hit.odds.is_within(0) and preview.is_hopeful(s, candidate.edits) is not False:
                found.append(hit)
    return sorted(found, key=Hit.rank)


def _is_apart(suspect: Suspect, hit: Hit) -> bool:
    """Return whether a statement is in another function than an edit."""
    return suspect.statement.unit is not hit.suspect.statement.unit


def _is_handed(suspect: Suspect, hit: Hit) -> bool:
    """Return whether a statement hands a value to the line of an edit, or gets one from it."""
    own, other = suspect.statement, hit.suspect.statement
    read = lines_next(own.unit, own.node), lines_next(other.unit, other.node)
    return hit.suspect.line in read[0] or suspect.line in read[1]


def _carried(s: Statement, best: Hit) -> Iterator[Candidate]:
    """Yield the factor that a name lacks where its value is made, or a value where it is used.

    Either is the same if there is one place of each; it is likelier missing of a whole value.
    """
    candidate, other = best.candidate, best.suspect.statement
    node, edits = candidate.node, candidate.edits
    if candidate.rule not in _SCALING or len(edits) != 1 or not isinstance(node, ast.expr):
        return
    text, own = edits[0].text.decode(), other.text(node)
    made, used = (s, other) if isinstance(node, ast.Name) else (other, s)
    value, name = made.value(), _made_once(made)
    if made.unit is not used.unit or value is None or not name or not text.startswith(own):
        return
    if isinstance(used.node, ast.Return):
        return  # what a gradient lacks on its way out
    factor = text.removeprefix(own)
    if made is s and name == own:
        edit = s.replaced(value, f"{s.inside(value, _FACTOR)}{factor}", _FACTOR)
        yield replace(candidate, edits=(edit,), cost=max(0, candidate.cost - 1), node=value)
    for one in s.nodes if used is s and node is value else ():
        if isinstance(one, ast.Name) and one.id == name:
            edit = s.replaced(one, f"{name}{factor}", _FACTOR)
            yield replace(candidate, edits=(edit,), cost=candidate.cost + 1, node=one)


def _made_once(s: Statement) -> str | None:
    """Return the name that a statement stores, if its function stores and reads it once."""
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    name = target.id if isinstance(target, ast.Name) else None
    uses = [type(one.ctx) for one in s.unit.of(ast.Name) if one.id == name]
    return name if sorted(uses, key=str) == [ast.Load, ast.Store] else None

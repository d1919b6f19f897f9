"""Moving a session to its next breakpoint or finding."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.debugger.folding import reveal
from gradtui.debugger.guide import UNTOLD
from gradtui.debugger.investigation import WAITING
from gradtui.debugger.seen import key_of, seen_at
from gradtui.debugger.session import Session
from gradtui.diagnosis.finding import Finding


def next_finding(session: Session) -> bool:
    """Go to the next finding: its step, its node, its moment.

    Return False if more may be found: the message says what is being examined.
    """
    session.message = ""
    if session.guide is not None and session.guide.untold:
        session.message = UNTOLD
        return True
    finding = session.investigation.next()
    if finding is not None:
        _go_to_finding(session, finding)
        return True
    unknown = session.investigation.unknown
    hand = session.problem.backward
    unclaimed = hand is not None and not hand.claimed
    none = "no findings: no line of [backward] claims a gradient" if unclaimed else "no findings"
    session.message = f"{WAITING}{unknown}" if unknown else none
    return not unknown


def go_on(session: Session, by: int = 1, *, wait: bool = True) -> bool:
    """Go to the next breakpoint or finding, or to the previous one if `by` is negative.

    Without any, go to the file's last step, or to the first.  Return False if more must be known
    first: then nothing moves, and the message says what is missing.  Without `wait`, a last step
    that is not computed yet counts as missing.  Nothing moves either for a finding of this step
    whose moment lies in the other direction: it is selected and named.
    """
    if session.problem.call is not None:
        _go_on_in_call(session, by)
        return True
    if session.guide is not None and session.guide.untold:
        session.seek(session.problem.steps if by > 0 else 0)
        return True
    breakpoints, here = session.breakpoints, session.step
    at, unsearched = breakpoints.ahead(here) if by > 0 else breakpoints.behind(here)
    known = session.investigation
    unknown, findings = known.unknown, known.findings
    last = session.problem.steps
    if unknown or unsearched is not None:
        session.message = unknown or f"searched to step {unsearched:,} of {last:,}"
        return False
    told = [f for f in findings if (f.step > here if by > 0 else f.step < here)]
    told += [
        f for f in findings
        if f.step == here and key_of(f) not in session.seen
        and (at is None or _is_on_the_way(session, f, by))
    ]  # fmt: skip
    reached = [*(f.step for f in told), *([] if at is None else [at])]
    known_to = session.history.known
    if not reached and by > 0 and not wait and known_to <= last:
        session.message = f"computing step {known_to:,} of {last:,}"
        return False
    if not reached:
        _go_to_end(session, by)
        return True
    step, moment = min(reached) if by > 0 else max(reached), session.position
    session.seek(step)
    found = [finding for finding in told if finding.step == step]
    found.sort(key=lambda finding: key_of(finding) in session.seen)
    if step == here:
        session.position = moment
    _stop(session, found[:1], by if step == here else 0)
    return True


def _is_on_the_way(session: Session, finding: Finding, by: int) -> bool:
    """Return whether a finding of this step is here or at a moment ahead in that direction."""
    _, moment = seen_at(finding, session.problem, session.structure)
    return (moment - session.position) * by >= 0


def play_to(session: Session, step: int) -> bool:
    """Go on to a step, or to the first stop on the way; return whether that was one.

    It stops at breakpoints, and at errors that the cursor has not visited.
    """
    here = session.step
    errors = [error for error in _new_errors(session) if here < error.step <= step]
    at, _ = session.breakpoints.ahead(here)
    stops = [error.step for error in errors] + ([at] if at is not None and at <= step else [])
    session.seek(min(stops, default=step))
    if stops:
        _stop(session, [error for error in errors if error.step == session.step][:1])
    return bool(stops)


def play_into(session: Session) -> bool:
    """Do the next moment; return whether that is a stop, as `play_to` does."""
    before = session.step
    session.into()
    step, position = session.step, session.position
    for error in _new_errors(session):
        there = error.step == step or (_from_then_on(error) and error.step < step)
        if there and seen_at(error, session.problem, session.structure)[1] == position:
            _stop(session, [error])
            return True
    if step != before and session.breakpoints.ahead(step - 1)[0] == step:
        _stop(session, [])
        return True
    return False


def _new_errors(session: Session) -> list[Finding]:
    """Return the errors known so far that may be told and were not visited."""
    if session.guide is not None and session.guide.untold:
        return []
    found = session.investigation.findings
    return [f for f in found if f.severity == "error" and key_of(f) not in session.seen]


def _stop(session: Session, found: list[Finding], by: int = 0) -> None:
    """Go to the finding at which the cursor stops, if any; say which breakpoints stop it."""
    step = session.step
    for finding in found:
        _go_to_finding(session, finding, by)
    hit = [b.text for b in session.breakpoints.found if b.enabled and step in b.steps]
    said = [f"◆ {text}" for text in hit] + ([session.message] if found else [])
    session.message = f"step {step:,}: " + ", ".join(said)


def _go_on_in_call(session: Session, by: int) -> None:
    """Go to the next execution of the line at the cursor, or to the previous one."""
    session.message = ""
    called = session.structure.called
    here = called.get(session.position, -1)
    call = session.problem.call
    assert call is not None
    place = call.lines[here].place if here >= 0 else None
    ahead = [at for at in called if (at - session.position) * by > 0]
    same = [at for at in ahead if called[at] != here and call.lines[called[at]].place == place]
    if same:
        session.position = min(same) if by > 0 else max(same)
        reveal(session)
        return
    (session.finish if by > 0 else session.restart)()
    session.message = (
        session.message or "the line is not executed again: this is the end of the pass"
    )


def leave_loop(session: Session) -> None:
    """Go to the first line after the innermost loop around the cursor, in a call of own code.

    Where no line of this pass follows the loop, go to the end of the pass.
    """
    called, call = session.structure.called, session.problem.call
    before = [at for at in called if at <= session.position]
    rounds = call.lines[called[max(before)]].rounds if call is not None and before else ()
    session.message = "" if rounds else "the cursor is in no loop of your own code"
    if call is None or not rounds:
        return
    outside = [
        at for at in called
        if at > session.position and not _in_loop(call.lines[called[at]].rounds, rounds)
    ]  # fmt: skip
    order = session.order
    here = order.pass_at(session.position)
    if outside and order.pass_at(min(outside)) is here:
        session.position = min(outside)
    else:
        session.finish()
        session.message = session.message or "no line follows the loop: this ends the pass"


def _in_loop(rounds: Sequence[str], own: Sequence[str]) -> bool:
    """Return whether a line is in the innermost of the loops that rounds are of, in any round."""
    *outer, inner = own
    depth = len(outer)
    if len(rounds) <= depth or list(rounds[:depth]) != outer:
        return False
    names = (text.partition(" = ")[0] for text in (rounds[depth], inner))
    counts = (text.rpartition(" of ")[2] for text in (rounds[depth], inner))
    return len({*names}) == len({*counts}) == 1


def _go_to_end(session: Session, by: int) -> None:
    """Go to the end of the run in that direction."""
    here, end = session.step, max(session.problem.steps, session.step) if by > 0 else 0
    session.seek(end)
    way = "ahead" if by > 0 else "before"
    session.message = f"no breakpoint and no finding {way}" + (
        "" if end == here else f": this is the {'last' if by > 0 else 'first'} step"
    )


def _from_then_on(finding: Finding) -> bool:
    """Return whether a finding is there at all steps from its own on."""
    return finding.of_gradient or finding.of_update


def _go_to_finding(session: Session, finding: Finding, by: int = 0) -> None:
    """Select a finding and go to its moment, in this step only if that lies in the direction."""
    if not _from_then_on(finding) or finding.step > session.step:
        session.seek(finding.step)
    node, position = seen_at(finding, session.problem, session.structure)
    if node is not None:
        session.selection.select(node)
    if (position - session.position) * by >= 0:
        session.position = position
        session.selection.rejoin()
        reveal(session)
    found = session.investigation
    found.chosen = finding
    session.seen.add(key_of(finding))
    where = f", line {finding.line}" if finding.line else ""
    number = found.findings.index(finding) + 1
    many = f"{len(found.findings)}{' so far' * bool(found.comparing)}"
    session.message = f"finding {number} of {many}{where}: {finding.message}"

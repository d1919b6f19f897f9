"""The files of a session: reloaded when they change, corrected, opened in an editor."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from gradtui.base.source import InputError
from gradtui.base.text import clean, number
from gradtui.debugger.investigation import WAITING
from gradtui.explain.program import current_place
from gradtui.scenario.files import Watch, changed_since, files_of
from gradtui.tui.host import Handlers, Host, Part
from gradtui.tui.later import call_after

if TYPE_CHECKING:
    from gradtui.debugger.session import Session
    from gradtui.diagnosis.finding import Finding
    from gradtui.scenario.problem import Problem
    from gradtui.tui.saving import Saving
    from gradtui.tui.trials import Trials

_EVERY, _SOON = 0.3, 0.1
"""Seconds between two checks of the files; seconds until a change is checked again."""

_FAILED = "the file was run again and failed: its error is shown"


class Live(Part):
    """Keeps a debugger's session and its files together."""

    def __init__(self, host: Host, saving: Saving, trials: Trials) -> None:
        super().__init__(host)
        self._saving, self._trials = saving, trials
        self._watch = Watch(_files(host.session.problem))
        self._error: InputError | None = None
        """The error of the last failed loading of the files."""
        self._gone = ""
        """The trouble with a file of code that is no longer there."""

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {
            "reload": lambda text: self.reload("loaded again"),
            "edit": lambda text: self.edit(),
            "fix": lambda text: self.apply_fix(),
            "write-fix": lambda text: self.write_fixes(),
        }

    def start(self) -> None:
        """Begin to watch the files."""
        self._host.screen.set_interval(_EVERY, self._look)

    def watch(self) -> None:
        """Watch the files of another session."""
        self._watch = Watch(_files(self._session.problem))

    def _look(self) -> None:
        if not self._host.screen.is_current:
            return  # a list or a dialogue refers to the present session
        if self._watch.changed():
            self._take_change()
        elif self._watch.settling:
            call_after(self._host.screen, _SOON, self._look_again)

    def _look_again(self) -> None:
        if self._watch.settling:
            self._look()

    def _take_change(self) -> None:
        """Load changed files again; of code that runs, only say that it has changed."""
        session = self._session
        if session.problem.call is None:
            self.reload("the file has changed and is loaded again")
            return
        changed = self._changed()
        session.outdated = bool(changed)
        gone = [file for file in changed if not os.path.exists(file)]
        if gone or session.trouble == self._gone:
            session.trouble = self._gone = f"{gone[0]}: error: no such file" if gone else ""
        if gone:
            self._host.say("")
        elif changed:
            names = " and ".join(clean(os.path.basename(file)) for file in changed)
            verb = "has" if len(changed) == 1 else "have"
            self._host.say(f"{names} {verb} changed since the run{self._how_to_run_again()}")
        else:
            self._host.show_frame()

    def _changed(self) -> list[str]:
        """Return the files of code that was run which are not what was run any more."""
        texts = self._session.problem.texts
        return changed_since({file: texts[file] for file in self._watch.files if file in texts})

    def _how_to_run_again(self) -> str:
        """Return how changed code is run, after what has been said of it."""
        if self._session.again is None:
            return "; your program shows it when it runs again"
        return f"; {self._host.keys.first('reload')} runs it again"

    def reload(self, said: str) -> None:
        """Load the scenario again; if it is unusable, say so and keep the present one."""
        from gradtui.scenario.load import load_problem

        session = self._session
        before = session.problem
        if before.call is not None:
            self._run_again()
            return
        self._watch.catch_up()
        try:
            problem = load_problem(before.path, ascii=before.ascii)
        except InputError as error:
            self._watch.watch({*before.files, *files_of(before.path)})
            session.trouble, session.message = str(error), ""
            self._error = error
            self._host.show_frame()
            return
        self._watch.watch(problem.files)
        session.trouble = ""
        self._saving.renew(problem, said)

    def _run_again(self) -> None:
        """Run the code of a call again with the terminal to itself: it may print, ask, or hang."""
        from gradtui.tui.prompt import leave_prompt

        host, session = self._host, self._session
        if session.again is None:
            host.say("only the program that opened this can run its code again")
            return
        leave_prompt(host.screen)  # such as the question whether to run it again
        host.stop()
        try:
            with host.screen.app.suspend():
                renewed = _renewed(session)
        except SuspendNotSupported:
            host.say("the code cannot be run again from here")
            return
        host.screen.refresh(layout=True)
        if isinstance(renewed, str):
            session.trouble = renewed
            host.say(_FAILED)
        else:
            renewed.message = "the file was run again"
            host.renew_session(renewed)

    def apply_fix(self) -> None:
        """Fork a branch with a finding's fix, else with the change that it advises."""
        findings = self._findings()
        fixable = _fixable(findings)
        trial = next((finding.trial for finding in findings if finding.trial), None)
        if fixable is not None:
            self._fix(fixable)
        elif trial is not None:
            self._trials.advised(trial)
        else:
            self._say_none(findings)

    def _fix(self, finding: Finding) -> None:
        from gradtui.diagnosis.correction import correct

        if self._session.problem.call is not None:
            key, where = self._host.keys.first("write-fix"), _where(finding)
            self._host.say(f"your code has no branches: {key} writes the fix into {where}")
            return
        try:
            corrected = correct(self._session.problem, finding)
        except InputError as error:
            self._host.say(f"the fix cannot be applied: {clean(error.message)}")
            return
        self._trials.fix(corrected)

    @property
    def _waiting(self) -> bool:
        """Whether gradients are still compared: they may bring a fix."""
        known = self._session.investigation
        return self._session.problem.by_hand and (known.judgement is None or bool(known.comparing))

    def _findings(self) -> tuple[Finding, ...]:
        """Return the chosen finding, else all, the gravest first; none while it is too early."""
        known = self._session.investigation
        if self._waiting:
            return ()
        return known.findings if known.number is None else (known.findings[known.number],)

    def _say_none(self, findings: Sequence[Finding]) -> None:
        """Say why there is nothing to apply, and what there is to do instead."""
        first, problem = self._host.keys.first, self._session.problem
        value = number(problem.lr / 2)
        if self._waiting:
            said = f"{WAITING}{self._session.investigation.comparing}"
        elif problem.by_hand:
            said = "this finding has no fix" if findings else "there is nothing to fix"
        elif findings:
            said = f"no change to try is named: {first('what-if')} tries yours, "
            said += f"{first('edit')} edits the model"
        else:
            said = f"nothing to fix: {first('what-if')} tries another value, such as lr {value}"
        self._host.say(said)

    def write_fixes(self) -> None:
        """Write the fixes of the branch into their files."""
        from gradtui.diagnosis.correction import write_fixes

        problem = self._session.branches.current.problem
        if problem.call is not None:
            self._write_fix()
            return
        if not problem.patches:
            self._say_how_to_write()
            return
        try:
            written = write_fixes(problem)
        except InputError as error:
            self._host.say(error.message)
            return
        lines = dict[str, list[str]]()
        for patch in sorted(written, key=lambda one: (one.file, one.place.line)):
            lines.setdefault(os.path.basename(patch.file), []).append(str(patch.place.line))
        places = ", ".join(
            f"{file} line{'s' * (len(own) > 1)} {', '.join(own)}" for file, own in lines.items()
        )
        self.reload(f"written: {clean(places)}")

    def _say_how_to_write(self) -> None:
        """Say which branch has a fix to write, or else how one is made."""
        branches, first = self._session.branches, self._host.keys.first
        fixed = [branch.name for branch in branches if branch.problem.patches]
        if fixed:
            self._host.say(
                f"this branch has no fix, '{fixed[-1]}' has: {first('next-branch')} and "
                f"{first('branch-before')} turn to it, then {first('write-fix')} writes it"
            )
            return
        findings = self._findings()
        if _fixable(findings) is not None:
            said = f"no fix is applied yet: {first('fix')} tries it in a branch, "
            self._host.say(said + f"then {first('write-fix')} writes it")
        else:
            self._say_none(findings)

    def _write_fix(self) -> None:
        """Write the fix of a finding into the user's code, without running it again."""
        from gradtui.diagnosis.correction import write_fix

        findings = self._findings()
        finding = _fixable(findings)
        if finding is None or finding.place is None:
            self._say_none(findings)
            return
        try:
            write_fix(finding)
        except InputError as error:
            changed = self._changed()
            self._host.say(error.message + (self._how_to_run_again() if changed else ""))
            return
        first = self._host.keys.first
        self._watch.catch_up()
        self._session.outdated = True
        if self._session.again is None:
            self._host.say(f"written: {_where(finding)}{self._how_to_run_again()}")
            return
        self._host.show_frame()
        yes, no = first("question-yes"), first("question-no")
        said = f"written: {_where(finding)}.  {yes} runs the file again   {no} leaves it as it ran"
        self._host.confirm(said, self._rerun)

    def _rerun(self, yes: bool) -> None:
        if yes:
            self.reload("")

    def edit(self) -> None:
        """Open an editor at the line of an error, a finding or the cursor; load the result."""
        from gradtui.tui.editor import chosen_editor, editor_command, run_editor

        host = self._host
        editor = chosen_editor(os.environ)
        if not editor:
            host.say("no editor is set: export EDITOR=nano, or VISUAL, before gradtui starts")
            return
        file, line = self._place()
        if not os.path.isfile(file):
            host.say(f"{clean(os.path.basename(file))} cannot be edited: it was moved or deleted")
            return
        try:
            command = editor_command(editor, file, line)
        except ValueError:
            host.say("the quotes in $VISUAL or $EDITOR do not match")
            return
        host.stop()
        try:
            with host.screen.app.suspend():
                wrong = run_editor(command)
        except SuspendNotSupported:
            host.say("an editor cannot be opened from here")
            return
        host.screen.refresh(layout=True)
        if self._watch.catch_up():
            self._take_change()
        if wrong:
            host.say(wrong)

    def _place(self) -> tuple[str, int]:
        """Return the file and the line to edit, those of an error first."""
        session, error = self._session, self._error
        if session.trouble and error is not None and os.path.isfile(error.file):
            return error.file, error.place.line if error.place else 1
        chosen = session.investigation.chosen
        if chosen is None or (chosen.of_run and chosen.line is None):
            place = current_place(session.frame)
        else:
            from gradtui.explain.outcome import finding_place

            place = finding_place(session.problem, chosen)
        return session.problem.file_of(place), place.line


def _files(problem: Problem) -> tuple[str, ...]:
    """Return the files of a scenario, or those of code that was run: typed code has none."""
    return problem.files if problem.call is None else tuple(filter(os.path.isfile, problem.texts))


def _fixable(findings: Sequence[Finding]) -> Finding | None:
    """Return the first finding with a fix."""
    return next((finding for finding in findings if finding.fix), None)


def _where(finding: Finding) -> str:
    """Return the file and the line of a finding."""
    place = finding.place
    assert place is not None
    return clean(f"{os.path.basename(place.file)} line {place.line}")


def _renewed(session: Session) -> Session | str:
    """Run the code of a call again; return a session on it, or the error.

    Nothing is raised, because then the terminal would not be taken back.
    """
    from gradtui.debugger.calls import run_again

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return run_again(session)
    except InputError as error:
        return str(error)
    except KeyboardInterrupt:
        return "interrupted while your code was running again"
    finally:
        signal.signal(signal.SIGINT, before)

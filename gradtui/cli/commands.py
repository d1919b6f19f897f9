"""The commands of the shell. Imports the screen, and numpy, only when needed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradtui.base.echo import unechoed
from gradtui.base.source import InputError, did_you_mean
from gradtui.base.streams import tell, working
from gradtui.base.text import clean
from gradtui.cli.files import load_file, open_session
from gradtui.cli.output import OK, UNUSABLE, line_width, print_json, print_lines, prints_apart
from gradtui.cli.running import is_code

if TYPE_CHECKING:
    from gradtui.debugger.session import Session
    from gradtui.scenario.bundled import Entry


def debug(arguments: argparse.Namespace) -> int:
    """Open the debugger, or the picker, on the terminal."""
    from gradtui.base.terminal import mend_environment
    from gradtui.cli.screen import NO_TERMINAL, on_terminal, open_screen, theme_called

    if not on_terminal():
        # What is wrong besides comes first: it would be the next message.
        theme_called(arguments.theme)
        if arguments.file is not None and not is_code(arguments.file):
            load_file(arguments.file, notices=False)
        other = "`gradtui show FILE` and `gradtui run FILE` print plain text"
        tell(f"gradtui: {NO_TERMINAL}; {other}")
        return UNUSABLE
    mend_environment(os.environ)
    import gc

    # Nothing made before the first paint is garbage; collecting it took a tenth of the start.
    gc.disable()
    if arguments.resume and is_code(arguments.file):
        raise InputError("no session is kept of code that is run, because it may change",
                         file=arguments.file)  # fmt: skip
    session: Session | None = None
    with unechoed():  # keys typed before the screen opens are for it
        if arguments.file is not None:
            session = open_session(arguments.file, ascii=arguments.ascii, at_once=True)
            session.seek(arguments.step)
        return open_screen(session, ascii=arguments.ascii, theme=arguments.theme,
                           mouse=not arguments.no_mouse, resume=arguments.resume,
                           learn=arguments.learn)  # fmt: skip


def list_scenarios(arguments: argparse.Namespace) -> int:
    """Print the bundled scenarios, or those that have some words, the best first."""
    from gradtui.base.ascii import spell
    from gradtui.explain.report import to_json
    from gradtui.explain.spans import columns
    from gradtui.scenario.bundled import list_bundled

    entries: Sequence[Entry] = list_bundled()
    if arguments.words:
        entries = _matching(entries, " ".join(arguments.words))
        if not entries:
            return UNUSABLE
    if arguments.json:
        fields = ("name", "title", "about", "tags", "path")
        print(to_json([{field: getattr(e, field) for field in fields} for e in entries]))
        return OK
    told = spell if arguments.ascii else str
    print_lines(columns([(told(t), "name") for t in (e.name, e.title, e.about)] for e in entries))
    return OK


def _matching(entries: Sequence[Entry], text: str) -> Sequence[Entry]:
    """Return the scenarios that have some words in their heads, or else in their texts.

    What is found in place of these words is said.
    """
    from gradtui.scenario.searching import chapter_words, search

    found, words = search(entries, text, chapter_words()), clean(text)
    matching = found.heads or found.texts
    if not matching:
        hit = next(iter(found.pages), None)
        page = "" if hit is None else f"; the manual has it: gradtui help {hit.page.topic}"
        tell(f"gradtui: no scenario has '{words}'{page}")
    elif found.instead:
        tell(f"gradtui: nothing has '{words}'; '{found.instead}' is in these:")
    return matching


def learn(arguments: argparse.Namespace) -> int:
    """Open the picker at the next lesson of the course, or print the course."""
    from gradtui.cli.screen import on_terminal

    if not arguments.list and on_terminal():
        return debug(arguments)
    from gradtui.explain.course import course_rows
    from gradtui.saving.course import read_scores
    from gradtui.scenario.bundled import list_bundled, read_chapters

    finished, trouble = read_scores()
    if trouble:
        tell(f"gradtui: {trouble}")
    print_lines(course_rows(read_chapters(), list_bundled(), finished))
    return OK


def show_step(arguments: argparse.Namespace) -> int:
    """Print one step in words and numbers."""
    from gradtui.debugger.session import MAX_STEP, last_step_text
    from gradtui.explain.report import show_json, show_lines
    from gradtui.scenario.references import named_first

    with prints_apart(arguments):
        session = open_session(arguments.file, ascii=arguments.ascii)
    names = [node.name for node in session.problem.graph.parameters]
    name, bracket, _ = (arguments.param or "").partition("[")
    own = named_first(arguments.param or "", names)
    if own:
        name, bracket = own, (arguments.param or "").strip().removeprefix(own)
    if arguments.param is not None and name not in names:
        hint = did_you_mean(name, names) or f"; expected one of {', '.join(names)}"
        raise InputError(f"'{name}' is not a parameter{hint}",
                         file=f"--param {arguments.param}")  # fmt: skip
    if arguments.level == "operations":
        session.toggle_level()
    if arguments.step > MAX_STEP:
        raise InputError(f"--step {arguments.step}: {last_step_text()}", file=arguments.file)
    with working(f"computing step {arguments.step:,} of {arguments.file}"):
        session.seek(arguments.step)
    if session.message:
        raise InputError(f"--step {arguments.step}: {session.message}", file=arguments.file)
    if bracket or arguments.row is not None:
        row = "" if arguments.row is None else f" row {arguments.row}"
        if not name:
            raise InputError(f"--row {arguments.row}: expected an element too, such as --param "
                             f"'{names[0]}[0]'", file=arguments.file)  # fmt: skip
        session.selection.look(arguments.param + row)
        if session.message:
            raise InputError(f"--param {arguments.param}{row}: {session.message}",
                             file=arguments.file)  # fmt: skip
    with working(f"step {session.step:,} of {arguments.file}"):
        if arguments.json:
            told = show_json(session.frame, name or None)
        else:
            session.investigation.judge()
            lines = show_lines(session.frame, name or None, line_width())
    if arguments.json:
        print_json(told)
    else:
        print_lines(lines)
    return OK

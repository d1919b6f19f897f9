"""`code` or `source` of a table -> its program, and the file of its lines."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.memory import grown
from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.text import clip
from gradtui.engine.ops import FUNCTIONS
from gradtui.language.parser import Assignment, parse_program
from gradtui.language.refusals import Context
from gradtui.language.several import NOTHING, Bundle, Known, Program, read_program
from gradtui.language.tokens import MAX_HAND, MAX_ROW, MAX_TOKENS
from gradtui.language.trees import depth, names_read
from gradtui.scenario.positions import Positions
from gradtui.scenario.reading import SCENARIO_LIMIT, decode_text, read_beside
from gradtui.scenario.scanner import NEWLINE

if TYPE_CHECKING:
    from gradtui.scenario.python import Function


_LOSS = r"(?i:loss|cost|error|nll|elbo)|^[LJE]$"
"""Common names of a loss."""


class Code(Struct, frozen=True):
    """A program in a file."""

    program: tuple[Assignment, ...]
    function: Function | None = None
    """The function that it comes from, if it is in a Python file."""
    name: str = ""
    """The function's name."""
    file: str = ""
    """The Python file; empty for the scenario itself."""
    bundles: Mapping[str, Bundle] = {}
    """Names under which it keeps several values, such as `cache`."""
    returned: tuple[tuple[str, Place], ...] = ()
    """The names that it returns, if it says so, and where they stand."""


class Sources(Struct, frozen=True):
    """The files of a scenario."""

    scenario: str
    positions: Positions
    """Of the scenario file."""
    texts: dict[str, tuple[str, ...]]
    """The lines of each file, by the file's name in errors."""
    given: Mapping[str, str] = {}
    """Texts that replace the contents of files, by the same names."""

    def lines(self, file: str = "") -> tuple[str, ...]:
        """Return the lines of a file that was read; without a name, of the scenario."""
        return self.texts[file or self.scenario]

    def complete(self, error: InputError) -> InputError:
        """Return an error with its file and the text of its line filled in."""
        file = error.place.file if error.place else ""
        return error.within(file or self.scenario, list(self.lines(file)))


def read_code(
    table: str,
    code: str | None,
    source: str | None,
    sources: Sources,
    kept: Collection[str] = (),
    known: Known = NOTHING,
) -> Code:
    """Return the program in `code` or `source` of a table.

    `kept` are names that hold last step's value until they are assigned, `known` what is known of
    the model.  A Python file is entered in `sources`.  Raises InputError.
    """
    if table == "model":
        return _read(table, code, source, sources, kept, grown(MAX_TOKENS), known)
    found = _read(table, code, source, sources, kept, grown(MAX_HAND), known)
    for line in found.program:
        if depth(line.value) > MAX_ROW:
            raise InputError(f"too many operations in a row: the limit of a line in [{table}] is "
                             f"{MAX_ROW}; write it as several", line.place)  # fmt: skip
    return found


def _read(
    table: str,
    code: str | None,
    source: str | None,
    sources: Sources,
    kept: Collection[str],
    limit: int,
    known: Known,
) -> Code:
    positions = sources.positions
    if code is not None:
        place = positions.string_lines((table, "code")).place
        updates = table == "update"
        context = Context(
            kept=kept, functions=FUNCTIONS, attributes=not updates, claims=not updates
        )
        if updates:  # names change there, so that none may stand for several
            program = Program(parse_program(code, place, limit, context), {})
        else:
            program = read_program(code, place, limit, context, known)
        if not program.lines:
            raise InputError(f"the code of [{table}] is empty: expected lines `name = expression`",
                             positions.value((table, "code")))  # fmt: skip
        return Code(program.lines, bundles=program.bundles, returned=program.returned)
    assert source is not None
    return _read_source(source, table, sources, limit, kept, known)


def is_loss(name: str) -> bool:
    """Return whether a name is a common one of a loss."""
    return re.search(_LOSS, name) is not None


def check_one_of(table: str, given: Mapping[str, object], positions: Positions) -> None:
    """Refuse a table that has none of some keys, or more than one."""
    present = [key for key, value in given.items() if value is not None]
    if not present:
        raise InputError(f"[{table}] lacks {_either(given)}", positions.key((table,)))
    if len(present) > 1:
        raise InputError(f"[{table}] has both '{present[0]}' and '{present[1]}': give one",
                         positions.key((table, present[1])))  # fmt: skip


def _either(keys: Mapping[str, object]) -> str:
    *others, last = (f"'{key}'" for key in keys)
    return f"{', '.join(others)} or {last}" if others else last


def _read_source(
    source: str, table: str, sources: Sources, limit: int, kept: Collection[str], known: Known
) -> Code:
    from gradtui.scenario.python import function_names, read_function

    scenario, place = sources.scenario, sources.positions.value((table, "source"))
    name, colon, function = source.rpartition(":")
    parts = function.split(".")
    named = len(parts) <= 2 and all(part.isidentifier() for part in parts)
    if not colon or not name.endswith(".py") or not named:
        raise InputError("source: expected a Python file and a function in it: net.py:forward",
                         place)  # fmt: skip
    file = os.path.join(os.path.dirname(scenario), name)
    text = sources.given.get(file)
    if text is None:
        text = decode_text(read_beside(scenario, name, SCENARIO_LIMIT, place, "Python file"), file)
    sources.texts[file] = tuple(NEWLINE.split(text))
    augmented = table == "update"
    found = read_function(text, file, function, limit, kept, known, augmented=augmented)
    if found is None:
        others = function_names(text, file)
        hint = did_you_mean(function, others) or (
            f"; it has {clip(', '.join(others), 80)}" if others else ""
        )
        raise InputError(f"{name} has no function '{clip(function, 80)}'{hint}", place)
    if not found.program:
        raise InputError(f"{function} has no line `name = expression`", found.place)
    if not found.returned and not (table == "backward" and found.kept):
        raise InputError(f"{function} returns nothing: expected a last line with return and names",
                         found.place)  # fmt: skip
    return Code(found.program, found, function, file, found.bundles, found.returned)


def check_parameters(code: Code, known: Collection[str]) -> None:
    """Refuse a function with an argument that the scenario lacks and that its lines read."""
    if code.function is None:
        return
    read = {name for line in code.program for name in names_read(line.value)}
    for name, place in code.function.parameters:
        if name in read and name not in known:
            near = did_you_mean(name, known) or ": leave it out, or give its value in [data]"
            if name[:1] == "d" and name[1:] in known:
                near = f": compute the gradient of {name[1:]} in the function, or give it in [data]"
            raise InputError(f"{code.name} takes '{name}', which is not a name of the scenario"
                             + near, place)  # fmt: skip


def without_gradients(code: Code, loss: str) -> Code:
    """Return only those lines of a function, which also returns gradients, that its loss needs."""
    if code.function is None or len(code.returned) == 1:
        return code
    needed, lines = {loss}, list[Assignment]()
    for line in reversed(code.program):
        if line.name in needed:
            needed.update(names_read(line.value))
            lines.append(line)
    return replace(code, program=tuple(reversed(lines)))


def returned_loss(code: Code) -> tuple[str, Place]:
    """Return the name of the loss that a function returns."""
    assert code.function is not None
    names = [one for one in code.returned if one[0] not in code.bundles]
    if not names:
        raise InputError(f"{code.name} returns no loss", code.function.place)
    losses = [one for one in names if is_loss(one[0])]
    gradients = [one for one in names if one not in losses and one[0][:1] == "d"]
    if len(losses) == 1 and gradients and len(gradients) == len(names) - 1:
        return losses[0]
    if len(names) > 1:
        likely = [name for name, _ in names if is_loss(name)] or [names[-1][0]]
        raise InputError(f"{code.name} returns several names: say in [model] which is the loss, "
                         f'loss = "{likely[0]}"', names[0][1])  # fmt: skip
    return names[0]

"""Every command has one entry and one handler, or no debugger can be made."""

from __future__ import annotations

import re

import pytest

from gradtui.tui.commands import COMMANDS
from gradtui.tui.host import joined

HANDLERS = {command.id: print for command in COMMANDS}


def test_the_handlers_of_all_parts_are_joined():
    first, *others = HANDLERS
    parts = {first: repr}, {id: print for id in others}
    assert joined(*parts) == {**HANDLERS, first: repr}


@pytest.mark.parametrize(
    "parts, said",
    [
        (({id: print for id in HANDLERS if id != "next"},), "next (1 entries, 0 handlers)"),
        ((HANDLERS, {"next": repr}), "next (1 entries, 2 handlers)"),
        ((HANDLERS, {"nest": repr}), "nest (0 entries, 1 handlers)"),
    ],
)
def test_a_command_without_one_entry_and_one_handler_is_refused(parts, said):
    with pytest.raises(ValueError, match=re.escape(f"handler: {said}") + "$"):
        joined(*parts)

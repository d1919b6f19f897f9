"""Copies from the screen: a number, a finding, a picture."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from gradtui.base.files import reason, short_path, state_folder, write_file
from gradtui.tui.host import Handlers, Part

_CLIPBOARD = 70_000
"""Most characters that terminals accept for the clipboard."""


class Copying(Part):
    """Copies from a debugger."""

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {
            "copy": lambda text: self.copy_selected(),
            "picture": lambda text: self.save_picture(),
        }

    def copy_selected(self) -> None:
        """Copy the finding if the findings have the focus, or else the selected number."""
        from gradtui.explain.copied import finding_text, selected_text

        host, session = self._host, self._session
        found, chosen = session.investigation.findings, session.investigation.chosen
        focused = host.screen.focused
        if found and not session.asking and focused is not None and focused.id == "notes":
            what, text = "the finding", finding_text(session.problem, chosen or found[0])
        else:
            text = selected_text(session.frame)
            what = " and ".join(row.split(" = ")[0] for row in text.split("\n"))
        if not text:
            host.say("nothing is computed here yet: there is nothing to copy")
            return
        short = len(text) <= _CLIPBOARD
        if short:
            host.screen.app.copy_to_clipboard(text)
        try:
            path = state_folder() / "copied.txt"
            write_file(path, (text + "\n").encode())
        except OSError as error:
            where = f"no file could be written: {reason(error)}"
        else:
            where = f"in {short_path(path)}"
        host.say(f"copied {what}{'' if short else ', too long for the clipboard'}; {where}")

    def save_picture(self) -> None:
        """Save the screen as an SVG picture in a file of its own."""
        host, session = self._host, self._session
        stem = re.sub(r"[^\w-]+", "_", Path(session.problem.path).stem, flags=re.ASCII)
        stem = stem or "scenario"
        host.say("")  # an earlier message does not belong in the picture
        picture = host.screen.app.export_screenshot(title=f"gradtui {stem}")
        try:
            folder = state_folder()
            for number in count(1):
                more = f"-{number}" if number > 1 else ""
                path = folder / f"{stem}-step{session.step}{more}.svg"
                try:
                    write_file(path, picture.encode(), new=True)
                except FileExistsError:
                    continue
                break
        except OSError as error:
            host.say(f"no picture could be written: {reason(error)}")
        else:
            host.say(f"picture in {short_path(path)}")

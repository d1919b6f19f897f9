"""Programs of a test module with a mistake planted: written to a file, checked, repaired."""

import inspect
import linecache
from pathlib import Path

import gradtui


class Planted:
    """The programs of a test module in a file of their own, with a part of the text replaced."""

    def __init__(self, module, folder, arrays):
        text = Path(module).read_text(encoding="utf-8").partition("\nMISTAKES =")[0]
        self._text, self._path, self._arrays = text, folder / "program.py", arrays

    def line(self, old):
        """Return the line of the only place where a text stands."""
        assert self._text.count(old) == 1
        return self._text[: self._text.index(old)].count("\n") + 1

    def wrong(self, old, new):
        """Return the text with the mistake."""
        return self._text.replace(old, new)

    def errors(self, text, name):
        """Return what is wrong with a program of a text."""
        self._path.write_text(text, encoding="utf-8")
        linecache.checkcache(str(self._path))
        names = {"__name__": "program", "__file__": str(self._path)}
        exec(compile(text, self._path, "exec"), names)
        taken = inspect.signature(names[name]).parameters
        found = gradtui.check(names[name], **{one: self._arrays[one] for one in taken})
        return [one for one in found if one.severity == "error"]


def repaired(text, finding):
    """Return a text with a finding's fix in place."""
    first, last = finding.replaces
    lines = text.splitlines(keepends=True)
    margin = lines[first - 1][: -len(lines[first - 1].lstrip())]
    lines[first - 1 : last] = [f"{margin}{finding.fix}\n"]
    return "".join(lines)


def told(planted, old, new, name):
    """Return the line at which a mistake is told, and what is wrong with its fix in place."""
    wrong = planted.wrong(old, new)
    first = planted.errors(wrong, name)[0]
    return first.line, planted.errors(repaired(wrong, first), name)

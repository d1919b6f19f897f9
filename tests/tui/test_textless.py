"""plotext is imported without its help texts, and draws what it draws with them."""

from __future__ import annotations

import subprocess
import sys

_DRAW = """
import sys
{imported}
plotext.theme("clear")
plotext.plot_size(40, 10)
plotext.plot([0, 1, 2, 3], [9, 0.81, 0.0729, 0.006561], marker="braille")
sys.stdout.buffer.write(plotext.build().encode())
print(plotext.plot.__doc__ is None, file=sys.stderr)
"""


def _drawn(imported: str) -> tuple[bytes, bytes]:
    ran = subprocess.run(
        [sys.executable, "-c", _DRAW.format(imported=imported)], capture_output=True, check=True
    )
    return ran.stdout, ran.stderr.strip()


def test_a_curve_is_the_same_with_and_without_the_help_texts() -> None:
    ours = "from gradtui.tui.textless import import_plotext; plotext = import_plotext()"
    drawn, texts = _drawn("import plotext")
    assert drawn and texts == b"False"
    assert _drawn(ours) == (drawn, b"True")


def test_a_release_that_keeps_its_help_texts_elsewhere_is_imported_with_them() -> None:
    other = """
from gradtui.tui import textless
textless._TEXTS = ("plotext._utility", "plotext._doc")
plotext = textless.import_plotext()
"""
    drawn, texts = _drawn(other)
    assert drawn and texts == b"False"

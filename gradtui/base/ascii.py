"""ASCII in place of other characters, for terminals and pipes that take nothing else.

`to_ascii` replaces the screen cell by cell, so that rows stay aligned; `spell` writes a text out in
as many letters as it needs, before a row is made of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gradtui.base.text import cell_width

_SIGNS: Mapping[str, str] = {
    **dict(zip("─━═│┃║╱╲╴╶╸╺╼╾╵╷╹╻╽╿", "-==|##/\\------||||||", strict=True)),
    **dict(zip("▁▂▃▄▅▆▇█", "_.,~-+=#", strict=True)),
    **dict(zip("▶▸›→←↑↓↖↘↗↙↳", ">>>><^v\\\\//\\", strict=True)),
    **dict(zip("✓✗▲▼●○◉◆◇★•▪░", "+X^v@o@*o**#.", strict=True)),
    **dict(zip("‖—–−×÷√²³≥≤⌊⌋…·▔▊▎▌▐", "|---x/V23><[]~.-||||", strict=True)),
    **dict(zip("Σ∂∇λκβπεη", "Sdglkbpen", strict=True)),
}
_BOXES, _DOTS = range(0x2500, 0x2580), range(0x2800, 0x2900)
_ROWS_OF_DOTS = (0o11, 0o22, 0o44, 0o300)
"""The bits of each row of dots in a braille character, from the top."""
_HEIGHTS = "'-._"
_WITH_NEXT = {"→ ": "->", "← ": "<-", "≥ ": ">=", "≤ ": "<="}
"""Signs that are clearer with the blank after them used too."""
_TICK = r"✓ (?=[ │]|\Z)"
"""A tick with a blank to spare."""
_GLUED = r"(?<= )[→←≥≤] (?=[^ \u2800-\u28ff])"
"""Such a sign before a word, which it would touch; not between the dots of a map."""
_SPARE = "(?<=  ) ", "(?<= ) "
_FACTORS = r"(?<=\S)·(?=\S)|(?<!\d)×(?=[\w([])"
"""Signs between factors; a cross between numbers belongs to a shape."""
_APART = r"(?<!\S)(\S*[\d∂()²*]\S*) ·(?= \S*[\d∂()²*])"
"""A factor before a dot with blanks, which between words parts them."""
_HAT = "\u0302"
_ROOT = rf"√(\w{_HAT}?|\([^()]*\))"
_POWERS = str.maketrans({"²": "^2", "³": "^3"})


def spell(text: str, labels: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a text that is not in its row yet, with signs that need more room in ASCII spelt out.

    A power becomes `^2`, a root `sqrt(x)`, a letter with a hat `xhat`.  `labels` maps a name to how
    it is shown; each label becomes its name.
    """
    if text.isascii():
        return text
    text = re.sub(_ROOT, lambda root: f"sqrt({root[1].removeprefix('(').removesuffix(')')})", text)
    for name, label in labels.items():
        if not label.isascii():
            text = text.replace(label, name)
    text = unicodedata.normalize("NFD", text.translate(_POWERS)).replace(_HAT, "hat")
    return unicodedata.normalize("NFC", text)


def loosened(row: Sequence[str]) -> list[str]:
    """Return the parts of a row with a blank moved to behind each sign that takes its own.

    It comes from the next wide gap, else from the next of two: what is between moves by a cell.
    """
    parts, at = list(row), 0
    glued, *spares = map(re.compile, (_GLUED, *_SPARE))
    while found := glued.search(text := "".join(parts), at):
        gaps = (gap.search(text, found.end()) for gap in spares)
        spare = next(filter(None, gaps), None)
        if spare is None:
            break
        _splice(parts, spare.start(), 1, "")
        _splice(parts, found.end() - 1, 0, " ")
        at = found.end() + 1
    return parts


def _splice(parts: list[str], at: int, size: int, new: str) -> None:
    """Replace characters of a text in parts, inside the part in which they begin."""
    for index, part in enumerate(parts):
        if at < len(part):
            parts[index] = part[:at] + new + part[at + size :]
            return
        at -= len(part)


def to_ascii(text: str) -> str:
    """Return a text in as many cells, all of ASCII: a letter with a hat becomes a capital."""
    if text.isascii():
        return text
    text = re.sub(_APART, r"\1 *", re.sub(_FACTORS, "*", text))
    text = re.sub(_TICK, "ok", text)
    for sign, wide in _WITH_NEXT.items():
        text = text.replace(sign, wide)
    found = list[str]()
    for char in text:
        if char == _HAT and found:
            found[-1] = found[-1].upper()
        else:
            found.append(_sign(char))
    return "".join(found)


def _sign(char: str) -> str:
    code = ord(char)
    if char.isascii():
        return char
    if char in _SIGNS:
        return _SIGNS[char]
    if code in _BOXES:
        return "+"
    if code in _DOTS:
        return _dots(code - _DOTS.start)
    letter, *marks = list(unicodedata.normalize("NFD", char))
    width = cell_width(char)
    if width == 1 and letter.isascii():
        return letter.upper() if _HAT in marks else letter
    return "?" * width


def _dots(bits: int) -> str:
    """Return a braille character as a stroke at its height."""
    rows = [row for row, mask in enumerate(_ROWS_OF_DOTS) if bits & mask]
    if not rows:
        return " "
    return "|" if len(rows) > 2 else _HEIGHTS[round(sum(rows) / len(rows))]

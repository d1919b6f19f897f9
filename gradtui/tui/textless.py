"""plotext, without the help texts that it composes for its functions at each import.

They take two thirds of the time of that import, for which the first paint waits.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

_TEXTS = ("plotext._doc_utils", "plotext._doc")


def import_plotext() -> ModuleType:
    """Return plotext; a release that keeps its help texts elsewhere is imported with them."""
    if "plotext" in sys.modules:
        return sys.modules["plotext"]
    writer, texts = map(ModuleType, _TEXTS)
    writer.documentation = writer  # type: ignore[attr-defined]
    writer.add = lambda function: None  # type: ignore[attr-defined]
    sys.modules.update(zip(_TEXTS, (writer, texts), strict=True))
    try:
        return importlib.import_module("plotext")
    except ImportError:
        for name in [name for name in sys.modules if name.split(".")[0] == "plotext"]:
            del sys.modules[name]
        return importlib.import_module("plotext")

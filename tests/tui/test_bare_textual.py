"""Textual is imported without what it can do without, which is there when asked for."""

from __future__ import annotations

import subprocess
import sys

_APP = """
from gradtui.tui.bare_textual import leave_out
leave_out()
import gradtui.tui.app, sys, textual
print("textual.widgets._tree" in sys.modules)
{asked}
print(DirEntry.__name__)
print(hasattr(textual.types, "Absent"), "textual.widgets._tree" in sys.modules)
"""


def test_types_of_widgets_are_there_when_they_are_asked_for() -> None:
    for asked in ("from textual.types import DirEntry", "DirEntry = textual.types.DirEntry"):
        told = subprocess.run(
            [sys.executable, "-c", _APP.format(asked=asked)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert told.stdout.split("\n")[:3] == ["False", "DirEntry", "False True"]


_WITHOUT_TLS = """
from gradtui.tui.bare_textual import leave_out_tls
leave_out_tls()
import asyncio, gradtui.tui.app, sys
print("_ssl" in sys.modules, asyncio.run(asyncio.sleep(0, "slept")))
import ssl
print(ssl.create_default_context().verify_mode.name)
"""


def test_asyncio_is_imported_without_openssl_which_can_be_imported_later() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TLS], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False", "slept", "CERT_REQUIRED"]

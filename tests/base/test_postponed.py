"""Modules that others import and hardly use come once something of them is used, as they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

_POSTPONE = "from gradtui.base.postponed import give_way, postpone\npostpone()\n"


def _run(code: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_module_comes_once_something_of_it_is_used() -> None:
    code = (
        "import sys, textwrap\n"
        "before = type(sys.modules['textwrap'])\n"
        "print(textwrap.fill('a b', 1).split(), before.__name__, type(sys.modules['textwrap']))"
    )
    assert _run(_POSTPONE + code) == "['a', 'b'] _Postponed <class 'module'>"


def test_a_function_that_is_taken_out_of_a_module_brings_it_when_it_is_called() -> None:
    code = (
        "from pickle import dumps, loads\n"
        "import sys\n"
        "print('_pickle' in sys.modules, loads(dumps([1, 2])), '_pickle' in sys.modules)"
    )
    assert _run(_POSTPONE + code) == "False [1, 2] True"


@pytest.mark.parametrize(
    "code",
    [
        "from urllib.parse import quote, urlsplit\nprint(quote('a b'), urlsplit('x://y/z').path)",
        "from pathlib import Path\nprint(Path('/a b').as_uri())",
        "import msgspec\nprint(msgspec.json.decode(b'[1]', type=list[int]), msgspec.__name__)",
        "from msgspec.json import Decoder\nprint(Decoder(list[int]).decode(b'[1]'))",
        "import numpy as np\nprint(np.arange(3.0).ctypes.shape[:], np.zeros(2).dumps()[:1])",
        "import tempfile\nprint(tempfile.TemporaryFile().read(), tempfile.gettempprefix())",
        "import ctypes\nprint(ctypes.sizeof(ctypes.c_int64), hasattr(ctypes, 'absent'))",
        "import platform, uuid\nprint(platform.system(), platform.machine(), uuid.uuid4().version)",
        "from typing_extensions import Buffer, Self, get_type_hints\n"
        "print(Buffer.__name__, get_type_hints(lambda own: own), Self)",
        "from gettext import gettext, ngettext, NullTranslations\n"
        "print(gettext('usage: '), ngettext('one', 'more', 1), ngettext('one', 'more', 2))",
        "import argparse\nargparse.ArgumentParser('x').print_help()",
        "from rich.console import Console\nConsole().print('[bold]a[/bold] b')",
        "from textual.css.stylesheet import Stylesheet\n"
        "print(Stylesheet().parse_style('bold red'))",
        "from textual.pilot import Pilot, WaitForScreenTimeout\n"
        "print(issubclass(WaitForScreenTimeout, Exception))",
    ],
)
def test_whoever_uses_one_gets_what_it_would_have_got(code: str) -> None:
    assert _run(_POSTPONE + code) == _run(code) != ""


def test_what_is_known_of_a_module_does_not_bring_it() -> None:
    code = (
        "import sys, platform, argparse, uuid, textual.app\n"
        "argparse.ArgumentParser('x').parse_args([])\n"
        "print(platform.system() == __import__('os').uname().sysname)\n"
        "print({type(sys.modules[name]).__name__ for name in "
        "('gettext', 'platform', 'typing_extensions')})"
    )
    assert _run(_POSTPONE + code).split() == ["True", "{'_Postponed'}"]


def test_a_name_that_a_module_does_not_have_is_an_error_as_ever() -> None:
    code = "try:\n    from textwrap import absent\nexcept ImportError:\n    print('not there')"
    assert _run(_POSTPONE + code) == "not there"


def test_one_that_somebody_imported_stays_as_it_is() -> None:
    code = "print(type(textwrap).__name__, type(__import__('textwrap')).__name__)"
    assert _run("import textwrap\n" + _POSTPONE + code) == "module module"


def test_code_of_others_gets_the_modules_themselves() -> None:
    code = (
        "give_way()\nimport ctypes\nfrom pickle import dumps\nprint(type(ctypes), dumps.__name__)"
    )
    assert _run(_POSTPONE + code) == "<class 'module'> dumps"

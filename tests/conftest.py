import gc
import os
import shutil
import signal
import tempfile
from collections import Counter

import pytest
from hypothesis import settings
from textual.css.stylesheet import Stylesheet

import gradtui
import gradtui.base.failures
from gradtui.tui.garbage import Garbage
from spared import Spared

# No test is timed: the machine may be busy.
settings.register_profile("plain", deadline=None)
# The same examples at every run of CI: what a random search finds is for the developer's machine.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "plain")


def pytest_configure(config):
    """Let no test, nor what it starts, read or write the settings of whoever runs it."""
    own = tempfile.mkdtemp(prefix="gradtui-tests-")
    config.add_cleanup(lambda: shutil.rmtree(own))
    folders = {f"XDG_{kind}_HOME": f"{own}/{kind.lower()}" for kind in ("CONFIG", "STATE")}
    os.environ.update(folders, HOME=own)
    # Nor hear an interrupt less than usual, as what a script starts in the background does.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Each app spares what there is when it begins: here the garbage of all apps before it, which a
    # search for functions would walk through.
    Garbage.begin = lambda self: None
    _parse_styles_once()
    Spared().begin()


def _parse_styles_once():
    """Let apps of the same colours share what was parsed of the style sheets: none changes it."""
    parsed, set_variables = {}, Stylesheet.set_variables

    def set_shared(self, variables):
        self._parse_cache = {}  # which is cleared, and must not be what others share
        set_variables(self, variables)
        self._parse_cache = parsed.setdefault(frozenset(variables.items()), self._parse_cache)

    Stylesheet.set_variables = set_shared


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Have one more worker than processors: some tests wait, and each worker reads all of them."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for garbage as seldom as an app does, and never among ten thousand tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()  # it stops tracking tuples of names, which no later search walks through then
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
        gc.enable()


def pytest_collection_modifyitems(items):
    """Spread the files of the screen's tests, which mostly wait, evenly among the others."""
    files = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    counted, placed = Counter(), {}
    for path, tests in files.items():
        waits = "tui" in path.parts
        placed[path] = waits, counted[waits] + len(tests) / 2
        counted[waits] += len(tests)
    place = {path: at / counted[waits] for path, (waits, at) in placed.items()}
    items.sort(key=lambda item: place[item.path])


TEXT = '''title = "A test"

[data]
{data}

[parameters]
{parameters}

[model]
code = """
{code}
"""

[optimizer]
{optimizer}
lr = {lr}

[run]
steps = {steps}
{more}
'''


@pytest.fixture(autouse=True)
def locale(monkeypatch):
    """Let what is read be UTF-8, wherever the tests run."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(autouse=True)
def failures(monkeypatch):
    """Let no failure of gradtui's own pass, wherever it is caught; a test takes out its own."""
    found = []

    def log(what, error):
        found.append(error)
        return "the details are in the log"

    monkeypatch.setattr(gradtui.base.failures, "_logged", log)
    yield found
    for error in found:
        raise error


@pytest.fixture(scope="session")
def write(tmp_path_factory):
    """Write a scenario and return its path."""
    folder = tmp_path_factory.mktemp("scenarios")

    def write_scenario(
        code,
        parameters="w = 2.0",
        data="x = 3.0",
        lr=0.1,
        steps=5,
        more="",
        optimizer='name = "sgd"',
    ):
        path = folder / f"{len(list(folder.iterdir()))}.toml"
        text = TEXT.format(
            code=code, parameters=parameters, data=data, optimizer=optimizer, lr=lr, steps=steps,
            more=more,
        )  # fmt: skip
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write_scenario


@pytest.fixture(scope="session")
def session_of(write):
    """Open a session on a model given as its code."""
    return lambda code, *args, **parts: gradtui.load(write(code, *args, **parts))

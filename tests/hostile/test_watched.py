"""Nothing in a scenario is executed, imported, fetched, or read outside its folder."""

import json
import subprocess
import sys

import pytest

from gradtui.scenario.bundled import bundled_folder
from hostile import cases, watched
from hostile.base import DOCUMENT

BUNDLED = sorted(map(str, bundled_folder().glob("*.toml")))
EVERY = 12
"""Of so many scenarios one is checked and shown too; by hand `watched.py WARM 1 FILE…` does all."""
KINDS = ("expression", "program", "python", "recipe", "files", "csv")


def watch(every, files):
    """Return the events that are not allowed, and how often the gate was passed."""
    result = subprocess.run(
        [sys.executable, watched.__file__, str(bundled_folder() / "two_weights.toml"), str(every),
         *map(str, files)],
        capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    *events, last = map(json.loads, result.stdout.splitlines())
    return events, last["gated"]


def test_the_bundled_scenarios_pass_one_gate_and_do_nothing_else():
    events, gated = watch(EVERY, BUNDLED)
    assert events == []
    assert gated > 2 * len(BUNDLED)


@pytest.fixture
def hostile_files(tmp_path):
    """Hostile scenarios, each in a folder of its own; what is no scenario at all is left out."""
    files = []
    for case in DOCUMENT["cases"]:
        large = any(times > 1000 for _, times in case.get("parts", []))
        if case["at"] in KINDS and not large and not case.get("recipe", "").startswith("scenario"):
            folder = tmp_path / case["id"]
            folder.mkdir()
            files.append(cases.write(case, folder))
    return files


def test_hostile_scenarios_do_nothing_else_either(hostile_files):
    assert len(hostile_files) > 200
    events, _ = watch(EVERY, hostile_files)
    assert events == []


def test_the_watch_sees_what_is_not_allowed(tmp_path):
    harm = tmp_path / "harm.py"
    harm.write_text(
        "import sys\n"
        f"sys.argv = [{watched.__file__!r}]\n"
        f"sys.path.insert(0, {watched.__file__.rpartition('/')[0]!r})\n"
        "import watched, pickle, socket, subprocess, os\n"
        "watch = watched.Watch()\n"
        "sys.addaudithook(watch)\n"
        f"watch.folder, watch.on = {str(tmp_path)!r}, True\n"
        "eval('1 + 1')\n"
        "open('/etc/hostname').close()\n"
        "socket.socket().close()\n"
        "subprocess.run(['true'])\n"
        "os.system('true')\n"
        f"open({str(tmp_path / 'made')!r}, 'w').close()\n"
        "watch.on = False\n"
        "print(*sorted({one['event'] for one in watch.seen}))\n"
    )
    result = subprocess.run([sys.executable, str(harm)], capture_output=True, text=True)
    seen = result.stdout.split()
    assert {"compile", "exec", "open", "socket.__new__", "subprocess.Popen", "os.system"} <= {*seen}

"""gradtui as a shell runs it, and what it prints as JSON."""

import json
import subprocess
import sys
from pathlib import Path

import gradtui

ROOT = Path(gradtui.__file__).parent.parent


def shell(*arguments, **options):
    """Run gradtui in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "gradtui", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=600, **options,
    )  # fmt: skip


def rows_of(output):
    """Return what each line of JSON says."""
    return [json.loads(line) for line in output.splitlines()]

"""Where gradtui keeps what is not a scenario: the user's settings, and what the user copies."""

from __future__ import annotations

from pathlib import Path


def config_file() -> Path:
    """Return where the user's settings are read from; it need not be there."""
    from platformdirs import user_config_path  # only what needs a folder waits for it

    return user_config_path("gradtui", appauthor=False) / "config.toml"


def state_folder() -> Path:
    """Return the folder for what is copied and saved, made if it is not there; raises OSError."""
    from platformdirs import user_state_path

    path = user_state_path("gradtui", appauthor=False)
    path.mkdir(parents=True, exist_ok=True)
    return path


def short_path(path: Path) -> str:
    """Return a path as a person writes it, with `~` for the home folder."""
    try:
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):
        return str(path)

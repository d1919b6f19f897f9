"""The names of the keys that a lesson's text may speak of. Knows no keys.

`tui.keys` gives each its keys, and has no others.
"""

from __future__ import annotations

BINDINGS = frozenset({
    "next", "back", "into", "out", "finish", "restart", "leave", "fold", "continue", "reverse",
    "ten", "ten-back", "hundred", "hundred-back", "first", "last", "goto", "break", "breakpoints",
    "play", "slower", "faster", "lesson", "hint", "lesson-back", "down", "up", "input", "consumer",
    "find", "finding", "watch", "print", "reload", "edit", "operations", "unfold", "list",
    "lens", "jacobian", "log", "next-view", "follow", "range", "fix", "write-fix", "what-if",
    "branches", "next-branch", "branch-before", "sweep", "surface", "axes", "nearer", "farther",
    "whole", "drive", "repaint", "zoom", "focus-next", "focus-previous", "scroll-down",
    "scroll-up", "scroll-right", "scroll-left", "copy", "picture", "theme", "open", "resume",
    "command", "help", "message", "quit",
    "escape", "panel-1", "panel-2", "panel-3", "panel-4", "panel-5", "panel-6", "panel-7",
    "finding-here", "array-all",
    "help-close", "help-down", "help-up", "help-page-down", "help-page-up", "help-first",
    "help-end", "help-part", "help-search", "table-close", "table-down", "table-up",
    "table-right", "table-left",
    "branch-go", "branch-rename", "branch-remove", "branch-sweep", "sweep-keep", "sweep-end",
    "stops-close", "stops-down", "stops-up", "stops-enable", "stops-remove", "stops-go",
    "array-close", "array-down", "array-up", "array-page-down", "array-page-up", "array-right",
    "array-left", "array-first", "array-end", "prompt-leave", "prompt-next", "prompt-before",
    "prompt-complete", "question-yes", "question-no", "message-close", "picker-down", "picker-up",
    "picker-page-down", "picker-page-up", "picker-leave",
})  # fmt: skip
"""The commands, the other keys of the debugger, and those of its lists and inputs."""

"""Every action of the debugger, one entry each, read by keys, palette, command line and help.

A new command is one entry here, and one handler under its id among the `handlers` of a part of the
debugger.  Without either, no debugger can be made: see `host.joined`.
"""

from __future__ import annotations

from msgspec import Struct

from gradtui.tui.panels import PANELS


class Command(Struct, frozen=True):
    """One action of the user."""

    id: str
    """Its name on the command line."""
    keys: tuple[str, ...]
    """Textual's names of its keys."""
    title: str
    """A word or two, for the footer."""
    help: str
    """One sentence, for the help."""
    group: str
    argument: str = ""
    """Its argument on the command line, if any."""
    tells: bool = False
    """Whether it shows further numbers, so that it waits for the answer to a lesson's question."""


STEPS, INSIDE, LOOK = "training steps", "inside a step", "what to look at"
LESSON = "a lesson"
TRY, SCREEN = "what if", "the screen"

COMMANDS = (
    Command("next", ("n", "l", "right"), "next", "next training step", STEPS),
    Command("back", ("N", "h", "left"), "back", "previous training step", STEPS),
    Command(
        "into", ("s",), "into",
        "do the next statement, operation or hand-written line: forward, backward, update", INSIDE,
    ),
    Command("out", ("S",), "undo", "go back by one statement or operation", INSIDE),
    Command("finish", ("f",), "finish", "finish this pass (forward, backward, update)", INSIDE),
    Command("restart", ("F",), "restart", "back to the start of this pass", INSIDE),
    Command(
        "leave", ("O",), "leave loop",
        "out of the innermost loop, to the first line after it, in a call of your own code", INSIDE,
    ),
    Command(
        "fold", ("Z",), "fold loop",
        "fold the innermost loop into one line, which {into} does at once, or unfold it; outside "
        "of loops all, in a call of your own code", INSIDE,
    ),
    Command(
        "continue", ("c",), "continue",
        "continue to the next breakpoint or finding, else to the file's last step; in a call of "
        "your own code, to where the line is executed again, else to the end of the pass", STEPS,
    ),
    Command(
        "reverse", ("C",), "reverse",
        "the same, backward, else to the first step, or the start of the pass", STEPS,
    ),
    Command("ten", ("right_square_bracket",), "+10", "ten steps on", STEPS),
    Command("ten-back", ("left_square_bracket",), "-10", "ten steps back", STEPS),
    Command("hundred", ("right_curly_bracket",), "+100", "a hundred steps on", STEPS),
    Command("hundred-back", ("left_curly_bracket",), "-100", "a hundred steps back", STEPS),
    Command("first", ("g", "home"), "first", "first step", STEPS),
    Command("last", ("G", "end"), "last", "the file's last step", STEPS),
    Command("goto", ("J",), "go to", "go to a step by its number", STEPS, "STEP"),
    Command(
        "break", ("b",), "break",
        "stop where a condition becomes true, such as norm > 1; repeat to remove", STEPS,
        "CONDITION",
    ),
    Command(
        "breakpoints", ("B",), "breakpoints",
        "the breakpoints and watches: go to one, switch it off, remove it", STEPS, tells=True,
    ),
    Command(
        "play", ("p", "space"), "play", "play, pause: steps, or from inside a step its operations; "
        "stops at breakpoints, and at each error once",
        STEPS,
    ),
    Command("slower", ("left_parenthesis",), "slower", "play at half the pace", STEPS),
    Command("faster", ("right_parenthesis",), "faster", "play at twice the pace", STEPS),
    Command(
        "lesson", ("f4",), "lesson",
        "go on in the lesson, or answer its question; {unfold} does so too, and a number can be "
        "typed at once; after the last step, opens the next lesson; `:lesson off` leaves it",
        LESSON, "ANSWER",
    ),
    Command(
        "hint", ("H",), "hint",
        "a hint to the open question of a lesson, and then its answer; while one is open, ? does "
        "so too", LESSON,
    ),
    Command(
        "lesson-back", ("backspace",), "lesson back", "the previous step of the lesson", LESSON
    ),
    Command(
        "down", ("j", "down"), "select", "select the next node; under the lens the next element",
        LOOK,
    ),
    Command(
        "up", ("k", "up"), "select",
        "select the previous node; under the lens the previous element", LOOK,
    ),
    Command("input", ("d",), "its input", "select what the node is computed from", LOOK),
    Command("consumer", ("u",), "its consumer", "select what is computed from the node", LOOK),
    Command("find", ("slash",), "find", 
        "select a node or data by its name, or a node by its operation", LOOK, "NAME"),
    Command(
        "finding", ("f2",), "finding",
        "go to the next finding: its line, its node, its moment ({finding-here} in its panel)",
        LOOK,
    ),
    Command(
        "watch", ("w",), "watch", "watch an expression such as loss - prev; repeat to end",
        LOOK, "EXPRESSION",
    ),
    Command(
        "print", ("P",), "print",
        "a whole value in a table: the selected one, or an expression such as grad(W1)", LOOK,
        "EXPRESSION", tells=True,
    ),
    Command(
        "reload", ("R",), "reload",
        "load the file again and rebuild the branches on it; for a call, run its file again",
        SCREEN,
    ),
    Command(
        "edit", ("E",), "edit",
        "open $VISUAL or $EDITOR at the line of an error, of the finding, or at the cursor", SCREEN,
    ),
    Command("operations", ("x",), "operations", "the named graph, or every operation", LOOK),
    Command(
        "unfold", ("enter",), "unfold",
        "show the selected line as its operations, or as one node again", LOOK,
    ),
    Command("list", ("X",), "list", "the graph as a list, one node per row, or as a drawing", LOOK),
    Command(
        "lens", ("L",), "lens",
        "the lens: the chain rule of one element, such as 3,1 or 3,1 row 2; {escape} leaves", LOOK,
        "ELEMENT",
    ),
    Command(
        "jacobian", ("m",), "jacobian",
        "the Jacobian of the node with respect to its first input, then the next, then the chain "
        "rule again; {print} shows all of a large one", LOOK,
    ),
    Command("log", ("t",), "log scale", "the curves on a log scale", LOOK),
    Command(
        "next-view", ("v",), "view",
        "another value in place of the loss: |∇|, lr, the node and its gradient, watches; in "
        "the surface's place the data, for a classifier of two features",
        LOOK,
    ),
    Command(
        "follow", ("V",), "follow",
        "any values over the steps, several at once: w[0] grad(w[0]) lr", LOOK, "VALUES",
    ),
    Command(
        "range", ("r",), "range", "draw only some of the steps, such as 10 50, or all again", LOOK,
        "STEPS",
    ),
    Command(
        "fix", ("a",), "apply fix",
        "a branch with the fix of the finding, or with the rate or optimizer that it advises; "
        "no file is touched",
        TRY,
    ),
    Command(
        "write-fix", ("W",), "write fix", "write the fixes of this branch into their file", TRY,
    ),
    Command(
        "what-if", ("e",), "what if",
        "another rate, optimizer, schedule, weight or seed from here on, as a branch", TRY,
        "CHANGE",
    ),
    Command(
        "branches", ("T",), "branches",
        "the branches in a table at this step: go to one, rename it, remove it", TRY, tells=True,
    ),
    Command("next-branch", ("full_stop",), "branch", "the next branch, at the same step", TRY),
    Command("branch-before", ("comma",), "branch", "the previous branch, at the same step", TRY),
    Command(
        "sweep", ("i",), "sweep",
        "try several values at once from here on, such as lr 0.01 0.1 1; repeat to see how each "
        "ends", TRY,
        "VALUES", tells=True,
    ),
    Command(
        "surface", ("M",), "surface",
        "the loss surface, a map over two parameters, in the loss curve's place; {zoom} makes it "
        "large", LOOK, "PARAMETERS",
    ),
    Command(
        "axes", ("A",), "axes", "choose the surface's parameters, such as w1 w2 or W[0,1] b[2]",
        LOOK, "PARAMETERS",
    ),
    Command(
        "nearer", ("plus", "equals_sign"), "nearer",
        "see half as much of the surface, around the current point", LOOK,
    ),
    Command("farther", ("minus",), "farther", "see twice as much of the surface", LOOK),
    Command(
        "whole", ("0",), "whole path", "fit the whole path of the run", LOOK,
    ),
    Command(
        "drive", ("D",), "drive",
        "what moves the weights: the hand-written lines, or the true gradients", TRY,
    ),
    Command(
        "repaint", ("f5", "ctrl+l"), "repaint",
        "repaint the screen after something else has written on it", SCREEN,
    ),
    Command("zoom", ("z",), "zoom", "zoom the focused panel; {escape} ends it", SCREEN),
    Command(
        "focus-next", ("tab",), "panel",
        f"focus the next panel ({{panel-1}} to {{panel-{len(PANELS)}}}: a panel)", SCREEN,
    ),
    Command(
        "focus-previous", ("shift+tab", "backtab"), "panel", "focus the previous panel", SCREEN
    ),
    Command("scroll-down", ("pagedown",), "scroll", "scroll the focused panel down", SCREEN),
    Command("scroll-up", ("pageup",), "scroll", "scroll the focused panel up", SCREEN),
    Command(
        "scroll-right", ("greater_than_sign",), "scroll",
        "scroll the focused panel right; under the lens the next row", SCREEN,
    ),
    Command(
        "scroll-left", ("less_than_sign",), "scroll",
        "scroll the focused panel left; under the lens the previous row", SCREEN,
    ),
    Command(
        "copy", ("y",), "copy",
        "copy the selected number, or a finding when that panel is focused; also into a file",
        SCREEN,
    ),
    Command("picture", ("Y",), "picture", "save a picture of the screen (SVG)", SCREEN),
    Command(
        "theme", ("f3",), "theme", "dark or light colours, or others by name, such as nord", SCREEN,
        "NAME",
    ),
    Command("open", ("o",), "open", "open another scenario", SCREEN, "FILE"),
    Command(
        "resume", ("U",), "resume",
        "go to where you last left this scenario; repeat to go back", SCREEN,
    ),
    Command(
        "message", ("exclamation_mark",), "message",
        "the whole of a message, or of what happens now, that its row cuts",
        SCREEN,
    ),
    Command("command", ("colon",), "command", "the command line: the names in this list", SCREEN),
    Command(
        "help", ("question_mark", "f1"), "help",
        "this help; with a topic, that page of the manual", SCREEN, "TOPIC",
    ),
    Command("quit", ("q",), "quit", "quit; asks first if there are branches", SCREEN),
)  # fmt: skip

OF_A_RUN = frozenset(
    {command.id for command in COMMANDS if command.group in (STEPS, TRY)}
    - {"continue", "reverse", "fix", "write-fix", "play", "slower", "faster"}
    | {"watch", "log", "next-view", "follow", "range", "resume"}
)
"""Commands without use for one call, which nothing moves."""

TELLING = frozenset(command.id for command in COMMANDS if command.tells)
"""Commands that wait while a question is open."""


def find_command(name: str) -> Command | None:
    """Return the command with this name, or the only one that starts with it."""
    exact = [command for command in COMMANDS if command.id == name]
    near = exact or [command for command in COMMANDS if name and command.id.startswith(name)]
    return near[0] if len(near) == 1 else None

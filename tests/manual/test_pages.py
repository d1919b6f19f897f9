"""The pages of the manual: there, readable, and the same as the registries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.base.text import cell_width, number
from gradtui.cli.arguments import COMMANDS as SHELL_COMMANDS
from gradtui.diagnosis.runs.registry import RUN_RULES
from gradtui.engine.initialisers import INITIALISERS
from gradtui.engine.observables import read_expression
from gradtui.engine.operation import Operation
from gradtui.engine.ops import FUNCTIONS, OPS
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.registry import Constant
from gradtui.engine.schedules import SCHEDULES
from gradtui.engine.size import MAX_OF_CALL, MAX_OPERATIONS
from gradtui.explain.mistakes import MISTAKES
from gradtui.language.tokens import MAX_HAND
from gradtui.manual import pages
from gradtui.manual.pages import (
    TOPICS,
    Code,
    Heading,
    Prose,
    Table,
    entries_of,
    names_in,
    read_blocks,
    read_page,
    search,
)
from gradtui.scenario.arrays import MAX_NAMES
from gradtui.scenario.bundled import bundled_folder
from gradtui.scenario.lesson import VIEWS
from gradtui.scenario.lessons import GOALS
from gradtui.scenario.load import load_problem
from gradtui.scenario.reading import DATA_LIMIT, SCENARIO_LIMIT
from gradtui.scenario.rules import CODE_RULES, GRADIENT_RULES, UPDATE_RULES
from gradtui.scenario.schema import MAX_STEPS
from gradtui.scenario.tables import MAX_ROWS
from gradtui.tui.commands import COMMANDS
from gradtui.tui.keys import GROUPS, Keys
from gradtui.tui.panels import panel_types

KEYS = Keys()


def tables(topic: str) -> Mapping[str, list[tuple[str, ...]]]:
    """Return the rows of a page's tables by the headings that they stand under."""
    found: dict[str, list[tuple[str, ...]]] = {}
    heading = ""
    for block in read_page(topic).blocks:
        if isinstance(block, Heading):
            heading = block.text
        if isinstance(block, Table):
            found.setdefault(heading, []).extend(block.rows)
    return found


def code(*words: str) -> str:
    return " ".join(f"`{word}`" for word in words)


def constants(entries: tuple[Constant, ...]) -> str:
    told = []
    for one in entries:
        match one.default:
            case None:
                told.append(f"`{one.name}`")
            case bool():
                told.append(f"`{one.name}={str(one.default).lower()}`")
            case _:
                told.append(f"`{one.name}={number(one.default)}`")
    return ", ".join(told)


def calls(operation: Operation) -> str:
    more = ["…"] * operation.folds + [name for name, _ in operation.options]
    operands = [[*operation.operands, *more], *([operation.longer[0]] if operation.longer else [])]
    return ", ".join(f"`{operation.name}({', '.join(names)})`" for names in operands)


def test_every_page_is_a_topic_and_starts_with_what_it_tells():
    files = Path(pages.__file__).parent.glob("*.md")
    assert sorted(file.stem for file in files) == sorted(TOPICS)
    for topic in TOPICS:
        assert re.match(rf"# {topic}: [^\n]{{10,64}}\n\n", read_page(topic).text)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_says_nothing_in_a_markup_that_is_shown_as_it_is(topic):
    told = [block.text for block in read_page(topic).blocks if isinstance(block, Heading | Prose)]
    cells = [c for t in read_page(topic).blocks if isinstance(t, Table) for r in t.rows for c in r]
    for text in [*told, *cells]:
        plain = re.sub(r"`[^`]+`", "", text)
        assert "`" not in plain and "](" not in plain and "#" not in plain, text


@pytest.mark.parametrize("topic", TOPICS)
def test_the_topics_that_a_page_names_are_there(topic):
    named = re.findall(r"gradtui help ([a-z-]+)", read_page(topic).text)
    assert set(named) <= set(TOPICS)


def test_the_keys_are_those_of_the_commands():
    for group in dict.fromkeys(command.group for command in COMMANDS):
        assert tables("keys")[group[0].upper() + group[1:]] == [
            (code(*KEYS.shown(one.id).split()), f"`{one.id}`", KEYS.fill(one.help))
            for one in COMMANDS
            if one.group == group
        ]


def test_the_other_keys_are_those_of_lists_and_inputs():
    for group, shortcuts in GROUPS.items():
        assert tables("keys")[f"Other keys: {group}"] == [
            (code(*KEYS.shown(one.id).split()), f"`{one.id}`", one.title) for one in shortcuts
        ]


def test_the_panels_are_those_of_the_screen():
    expected = [(f"`{panel.NAME}`", KEYS.fill(panel.HELP)) for panel in panel_types()]
    assert tables("screen")["Panels"] == expected


def test_the_commands_are_those_of_the_shell():
    named = [re.match(r"`gradtui ?(\w*)", row[0])[1] for row in tables("commands")[""]]
    assert named == ["", "FILE", *(command.name for command in SHELL_COMMANDS)]


def test_the_options_of_the_commands_are_theirs(capsys):
    from gradtui.cli.arguments import main

    for row in tables("commands")[""][2:]:
        with pytest.raises(SystemExit):
            main([names_in(row[0])[1], "--help"])
        told = capsys.readouterr().out
        assert all(option in told for option in re.findall(r"--[a-z]+", row[1])), row[0]


def test_the_functions_are_those_of_the_language():
    found, entries = tables("language"), [OPS[name] for name in FUNCTIONS]
    assert found["Functions"] == [(calls(one), one.summary) for one in entries]
    kinks = [(f"`{one.name}`", one.kink.convention) for one in entries if one.kink]
    assert found["Kinks"] == kinks


def test_the_optimizers_schedules_and_initialisers_are_all_there():
    found = tables("scenarios")
    assert found["Optimizers"] == [
        (f"`{one.name}`", one.title, constants(one.hyperparameters)) for one in OPTIMIZERS.values()
    ]
    assert found["Schedules"] == [
        (f"`{one.name}`", constants(one.constants), one.formula) for one in SCHEDULES.values()
    ]
    assert found["Initialisers"] == [
        (f"`{one.name}`", one.formula, one.source) for one in INITIALISERS.values()
    ]


def test_the_rules_are_those_of_the_diagnosis():
    found = tables("findings")
    for heading, rules in (
        ("Hand-written gradients", GRADIENT_RULES), ("Hand-written updates", UPDATE_RULES)
    ):  # fmt: skip
        told = [row[:2] for row in found[heading]]
        assert told == [(f"`{rule}`", MISTAKES[rule]) for rule in rules]
    assert [row[0] for row in found["Code that is run"]] == [f"`{rule}`" for rule in CODE_RULES]
    runs = [row[:2] for row in found["Training runs"]]
    assert runs == [(f"`{rule.name}`", rule.summary) for rule in RUN_RULES.values()]


def test_the_scenario_that_a_rule_names_shows_it():
    rows = [row for rows in tables("findings").values() for row in rows if len(row) == 3]
    for rule, _, scenario in rows:
        text = (bundled_folder() / f"{scenario.strip('`')}.toml").read_text() if scenario else ""
        assert not scenario or f'finding = "{rule.strip("`")}"' in text
    assert [row[0] for row in rows if not row[2]] == [
        "`unexplained`", "`not-compared`", "`unexplained-update`"
    ]  # fmt: skip


def test_the_limits_are_those_that_are_kept():
    told = " ".join(limit for _, limit in tables("scenarios")["Files from other people"])
    for limit in (
        MAX_STEPS, MAX_OPERATIONS, MAX_OF_CALL, MAX_ROWS, MAX_NAMES, MAX_HAND,
    ):  # fmt: skip
        assert f"{limit:,}" in told
    assert f"{DATA_LIMIT // 10**6} MB" in told and f"{SCENARIO_LIMIT // 10**6} MB" in told


def test_what_done_may_say_is_what_lessons_take():
    rows = tables("lessons")["A lesson of your own"]
    assert [row[0] for row in rows] == [f"`{goal}`" for goal in GOALS]
    views = next(row[1] for row in rows if row[0] == "`view(NAME)`")
    assert re.findall(r"`(\w+)`", views) == [*VIEWS]


def test_the_python_names_are_those_of_the_package():
    named = {re.sub(r"\(.*", "", name) for row in tables("python")[""] for name in names_in(row[0])}
    assert named == set(gradtui.__all__)


def test_the_names_of_conditions_can_be_watched():
    program = gradtui.load("softmax_classifier").problem.trainer.program
    two = gradtui.load("two_weights").problem.trainer.program
    for row in tables("breakpoints")[""]:
        text = row[0].strip("`").replace("(w)", "(w1)").replace("(x)", "(loss)")
        if text.startswith("validation"):
            with pytest.raises(InputError, match="validation"):
                read_expression(text, two)
        else:
            of = program if text in ("accuracy", "confusion") else two
            assert read_expression(text, of).text


def test_the_example_of_a_scenario_loads(tmp_path):
    example = next(b for b in read_page("scenarios").blocks if isinstance(b, Code))
    file = tmp_path / "example.toml"
    file.write_text("\n".join(example.rows), encoding="utf-8")
    assert load_problem(file).steps == 12
    assert gradtui.check(file) == []


# reading


def test_the_blocks_of_a_text_are_told_apart():
    text = (
        "# H\n\nA line\nand on.\n- one\n  more\n- two\n\n"
        "```sh\na | b\n\n- c\n```\n| h |\n|---|\n| x |\n"
    )
    assert list(read_blocks(text.split("\n"))) == [
        Heading("H"),
        Prose("A line and on."),
        Prose("- one more"),
        Prose("- two"),
        Code(("a | b", "", "- c")),
        Table(("h",), (("x",),)),
    ]


def test_a_bar_in_a_cell_is_written_after_a_backslash():
    (table,) = read_blocks(["| a | b |", "|---|---|", r"| `\|` | x\|y |", ""])
    assert table.rows == (("`|`", "x|y"),)


def test_names_are_those_of_cells_that_hold_nothing_else():
    assert names_in("`sum max`, `where(a, b, c)`") == ["sum", "max", "where"]
    assert names_in("`eps=1e-8`, `lr 0.1`") == ["eps", "lr", "0.1"]
    assert names_in("`reshape(x, (2, 3))`") == ["reshape"]
    assert names_in("`+` `=`") == ["+", "="]
    assert names_in("as `loss` says") == []


def test_a_name_is_explained_by_its_rows_under_their_heading():
    assert entries_of(read_page("findings"), "dead-relu") == [
        Heading("Training runs"),
        Table(("rule", "a run in which", "scenario that shows it"),
              (("`dead-relu`", RUN_RULES["dead-relu"].summary, "`dead_relu`"),)),
    ]  # fmt: skip
    assert entries_of(read_page("findings"), "no such rule") == []


def test_a_search_keeps_the_rows_that_have_the_text_and_their_heading():
    found = search(read_page("findings"), "bias correction")
    assert found[0] == Heading("Hand-written updates")
    assert [row[0] for row in found[1].rows] == ["`missing-bias-correction`"]
    assert search(read_page("saving"), "qqq") == []


def test_every_example_fits_a_terminal_of_eighty_cells():
    wide = [
        row
        for topic in TOPICS
        for block in read_page(topic).blocks
        if isinstance(block, Code)
        for row in block.rows
        if cell_width(row) > 78 and ": error: " not in row
    ]
    assert wide == []


@pytest.mark.parametrize("topic", TOPICS)
def test_code_to_copy_is_narrow_enough_not_to_be_wrapped(topic):
    text = read_page(topic).text
    for block in re.findall(r"^```(?:python|toml|sh)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        assert [row for row in block.splitlines() if cell_width(row) > 76] == []

"""Tests mirror the package: those of `explain/step.py` are in `tests/explain/test_step.py`."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
WHOLE = {
    "diagnosis/backward": "diagnosis/backward/test_diagnose.py",
    "diagnosis/executed": "diagnosis/executed/test_check.py",
    "diagnosis/recorded": "diagnosis/recorded/test_check.py",
    "diagnosis/recorded/blame": "diagnosis/recorded/test_reach_of_edits.py",
    "diagnosis/updates": "diagnosis/updates/test_diagnose.py",
    "engine/operations": "engine/test_ops.py",
    "layout": "layout/test_layout.py",
    "recording": "recording/test_run.py",
    "recording/torch": "tensors/test_operators.py",
    "tui/panels": "tui/test_views.py",
}
"""Packages that do one thing, and its tests: a module of theirs needs none of its own."""
THROUGH = {
    "debugger/looked": "debugger/test_frame.py",
    "diagnosis/judgement": "diagnosis/test_check.py",
    "explain/counts": "explain/test_guesses.py",
    "explain/operands": "explain/test_update.py",
    "explain/slips": "explain/test_guesses.py",
    "explain/update_lines": "explain/test_update.py",
    "explain/wrong_steps": "explain/test_guesses.py",
    "scenario/bindings": "scenario/test_lessons.py",
    "scenario/lesson": "scenario/test_lessons.py",
    "scenario/load": "test_bad_input.py",
    "scenario/schema": "test_bad_input.py",
    "tui/sight": "tui/panels/test_graph.py",
}
"""Other modules without tests of their own, as data or as the whole way in, and what tests them."""
ACROSS = {
    "diagnosis/recorded/test_told_by_form.py", "diagnosis/recorded/test_told_by_names.py",
    "diagnosis/recorded/test_told_by_order.py",
    "diagnosis/recorded/test_told_beside.py",
    "cli/test_interrupts.py", "debugger/test_call.py", "debugger/test_walks.py",
    "diagnosis/recorded/test_calls_of_helpers.py",
    "diagnosis/backward/test_deep.py", "diagnosis/recorded/blame/test_deep.py",
    "diagnosis/recorded/blame/test_parts.py",
    "diagnosis/recorded/blame/test_relu_for_its_slope.py",
    "diagnosis/recorded/blame/test_softmax_slopes.py",
    "diagnosis/recorded/test_arrays_of_objects.py", "diagnosis/recorded/test_beside_others.py",
    "diagnosis/executed/test_located.py",
    "diagnosis/recorded/test_computed_indices.py",
    "diagnosis/recorded/test_containers.py", "diagnosis/recorded/test_deleted_lines.py",
    "diagnosis/recorded/test_engines.py", "diagnosis/recorded/test_equal_edits.py",
    "diagnosis/recorded/test_forgotten_parts.py",
    "diagnosis/recorded/test_functions_repaired.py", "diagnosis/recorded/test_idle_terms.py",
    "diagnosis/recorded/test_learned_step_sizes.py",
    "diagnosis/recorded/test_likeliest_edits.py", "diagnosis/recorded/test_lines_at_fault.py",
    "diagnosis/recorded/test_lines_of_a_chain.py",
    "diagnosis/recorded/test_moved_elements.py", "diagnosis/recorded/test_other_shapes.py",
    "diagnosis/recorded/test_programs.py", "diagnosis/recorded/test_reach_of_edits.py",
    "diagnosis/recorded/test_siblings_and_halves.py",
    "diagnosis/recorded/test_turned_round.py", "diagnosis/recorded/test_unexplained_lines.py",
    "diagnosis/recorded/test_told_by_code_beside.py",
    "diagnosis/recorded/test_what_nothing_uses.py", "diagnosis/recorded/test_whose_calls.py",
    "diagnosis/updates/test_shapes.py",
    "diagnosis/updates/test_work.py", "engine/test_validation.py", "layout/test_layout.py",
    "manual/test_examples.py", "scenario/test_limits.py", "scenario/test_names.py",
    "scenario/test_update.py", "scenario/test_update_source.py", "tui/test_byhand_screen.py",
    "tui/test_call_screen.py", "tui/test_course_screen.py",
    "tui/test_extremes.py", "tui/test_fixes.py", "tui/test_hidden.py", "tui/test_interrupt.py",
    "tui/test_lesson_room.py",
    "tui/test_start.py", "tui/test_terminal.py", "tui/test_views.py",
}  # fmt: skip
"""Tests of what several modules do together; each file says in its first line what that is."""
MODULES = sorted(
    str(path.relative_to(ROOT / "gradtui").with_suffix(""))
    for path in (ROOT / "gradtui").rglob("*.py")
    if not path.name.startswith("__")
)


def own(module: str) -> Path:
    """Return the file of a module's own tests."""
    package, _, name = module.rpartition("/")
    return ROOT / "tests" / package / f"test_{name}.py"


def test_a_module_has_tests_of_its_own_or_it_is_said_what_tests_it():
    without = {module for module in MODULES if not own(module).is_file()}
    assert {module for module in without if module.rpartition("/")[0] not in WHOLE} == set(THROUGH)


def test_every_file_of_tests_bears_the_name_of_a_module_or_tests_several():
    packages = {module.rpartition("/")[0] for module in MODULES} - {""}
    found = {path for package in packages for path in (ROOT / "tests" / package).glob("test_*.py")}
    others = found - {own(module) for module in MODULES}
    assert {str(path.relative_to(ROOT / "tests")) for path in others} == ACROSS
    assert all(path.read_text(encoding="utf-8").startswith('"""') for path in others)


def test_what_tests_a_module_is_there():
    for file in {*THROUGH.values(), *WHOLE.values()}:
        assert (ROOT / "tests" / file).is_file(), file

"""The public Python functions: load, check and assert a scenario, or code. Knows no screen."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from gradtui.base.source import InputError
from gradtui.recording.traces import TheirsAlone

# What a call does not need is not imported by it: most checks are of one small function.
if TYPE_CHECKING:
    from threading import Thread

    from gradtui.debugger.session import Session
    from gradtui.diagnosis.check import Check
    from gradtui.diagnosis.finding import Finding
    from gradtui.diagnosis.recorded.outcome import Outcome
    from gradtui.diagnosis.recorded.target import Target as Code

Target = str | os.PathLike[str] | Callable[..., Any]
"""A scenario, given as a path or a bundled name, or a function of the user's own."""


def load(file: str | os.PathLike[str]) -> Session:
    """Return a session on a scenario, given as a path or a bundled name; raises InputError."""
    from gradtui.debugger.session import Session
    from gradtui.scenario.bundled import find_scenario
    from gradtui.scenario.load import load_problem

    return Session(load_problem(find_scenario(os.fspath(file))))


def check(target: Target, /, *args: Any, **arrays: Any) -> list[Finding]:
    """Return the findings on a scenario, or on the gradients of functions of your own.

    `check(FILE)`: a path or a bundled name.  `check(case, **arrays)`: a function that returns a
    scalar loss and its gradients.  `check(forward, backward, **arrays)`: the halves of a layer;
    `forward` returns its output, or that and a cache, `backward` takes the output's gradient, or
    that and the cache.  The functions are run, at the arrays and around them.  Raises InputError
    for unusable input; exceptions of your own code pass through.
    """
    with TheirsAlone():
        if not callable(target):
            return list(_checked_scenario(target, args, arrays).findings)
        return list(_checked(target, args, arrays).findings)


def trace(target: Target, /, *args: Any, **arrays: Any) -> Session:
    """Return a session on one call of functions of your own, which is run; no update follows it.

    The arguments are those of `check`; raises InputError like it.
    """
    return traced(target, args, arrays)


def traced(
    target: Target, args: tuple[Any, ...], arrays: dict[str, Any],
    threads: Collection[Thread] | None = None,
) -> Session:  # fmt: skip
    """Return a session on one call; the threads are those of `trace_target`."""
    from gradtui.debugger.session import Session
    from gradtui.diagnosis.recorded.trace import trace_target

    with TheirsAlone():
        if not callable(target):
            raise InputError(f"expected a function, got {type(target).__name__}", file="trace")
        found = trace_target(_target(target, args, arrays), threads)
    return Session(found.problem, judgement=found.judged)


def assert_gradients(target: Target, /, *args: Any, **arrays: Any) -> None:
    """Raise AssertionError, with the output of `gradtui check`, if there are errors.

    The arguments are those of `check`; raises InputError like it.
    """
    __tracebackhide__ = True  # pytest shows the line of the test, not this one
    with TheirsAlone():
        if not callable(target):
            from gradtui.explain.outcome import report_of

            outcome = _checked_scenario(target, args, arrays)
            failed, text = outcome.failed, report_of(outcome).text()
        else:
            from gradtui.explain.recorded import report_of_code

            found = _checked(target, args, arrays)
            failed, text = found.failed, report_of_code(found, found.target.name).text()
    if failed:
        raise AssertionError(text)


def check_update(
    step: Any, /, optimizer: str = "adam", lr: float = 0.01, **hyperparameters: Any
) -> list[Finding]:
    """Return the findings on an update of your own, compared with an optimizer of gradtui.

    `step(w, g, state)` returns the new w or changes it in place; `state` is a dict of its own, and
    it may ask for t, lr and the optimizer's constants by name.  It may also be
    `step(w, dw, config)` that returns (w, config), or a class, or an object, with
    `update(params, grads)`: dicts, lists or arrays.  Constants that are not given are those of
    `[optimizer]` in a scenario.  Raises InputError for unusable input; exceptions of your own code
    pass through.
    """
    from gradtui.diagnosis.executed.check import check_update

    with TheirsAlone():
        return list(check_update(step, optimizer, lr, hyperparameters))


def assert_update(
    step: Any, /, optimizer: str = "adam", lr: float = 0.01, **hyperparameters: Any
) -> None:
    """Raise AssertionError, with the findings, if an update of your own differs from the optimizer.

    The arguments are those of `check_update`; raises InputError like it.
    """
    __tracebackhide__ = True  # pytest shows the line of the test, not this one
    from gradtui.explain.recorded import report_of_update
    from gradtui.recording.functions import name_of

    found = check_update(step, optimizer, lr, **hyperparameters)
    if any(finding.severity == "error" for finding in found):
        raise AssertionError(report_of_update(found, name_of(step), optimizer).text())


def _checked(target: Callable[..., Any], args: tuple[Any, ...], arrays: dict[str, Any]) -> Outcome:
    from gradtui.diagnosis.recorded.check import check_target

    return check_target(_target(target, args, arrays))


def _target(target: Callable[..., Any], args: tuple[Any, ...], arrays: dict[str, Any]) -> Code:
    """Return the case to check for functions of the user's own; raises InputError."""
    from gradtui.diagnosis.recorded.targets import code_of

    return code_of(target, args, arrays)


def _checked_scenario(target: Any, args: tuple[Any, ...], arrays: dict[str, Any]) -> Check:
    """Return the outcome for a scenario; raises InputError for what is none."""
    from gradtui.diagnosis.check import check_problem
    from gradtui.scenario.bundled import find_scenario
    from gradtui.scenario.load import load_problem

    if not isinstance(target, str | os.PathLike):
        kind = type(target).__name__
        raise InputError(f"expected a function or a file, got {kind}", file="check")
    name = os.fspath(target)
    if re.search(r"\.py(:|$)", name):
        raise InputError("a file of Python is run by `gradtui check FILE.py:NAME` in a shell: give "
                         "the function itself here", file=name)  # fmt: skip
    if args or arrays:
        raise InputError("a scenario takes no arrays: give a function instead of a file",
                         file=name)  # fmt: skip
    return check_problem(load_problem(find_scenario(name)))

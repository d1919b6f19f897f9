"""What belongs to one version of a scenario's text: what is drawn of it and known of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from gradtui.debugger.steps import Level
from gradtui.debugger.structure import Structure, build_structure
from gradtui.diagnosis.judgement import Judgement
from gradtui.engine.graph import Graph
from gradtui.engine.jacobian import Jacobians
from gradtui.scenario.problem import Problem


class Version:
    """One text; `problem` is the first that had it, whatever settings others have."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.structure: Callable[[Level, frozenset[int]], Structure] = cache(
            partial(build_structure, problem.trainer.program)
        )
        self.jacobians = Jacobians(problem.graph, problem.trainer.dtype)
        self.judgement: Judgement | None = None
        """What was found of what is written by hand; None until that is known."""

    @property
    def judged(self) -> bool:
        """Whether all is known of what is written by hand."""
        return not self.problem.by_hand or self.judgement is not None

    def judge(self) -> None:
        """Find out what is wrong with what is written by hand, if that is not known yet."""
        if self.judged:
            return
        # A start need not wait for what judges.
        from gradtui.diagnosis.check import judge
        from gradtui.diagnosis.internal import internal

        try:
            self.judgement = judge(self.problem)
        except Exception as error:
            failed = internal("what is written by hand", error)
            self.judgement = Judgement("not-compared", findings=(failed,))


class Versions:
    """The versions that a session has seen: a fix makes another text, other settings do not."""

    def __init__(self) -> None:
        self._found: dict[Graph, Version] = {}

    def of(self, problem: Problem) -> Version:
        """Return the version of a problem: what is read from the same text has the same graph."""
        if problem.graph not in self._found:
            self._found[problem.graph] = Version(problem)
        return self._found[problem.graph]

"""How much likelier or less likely an edit is by what tells for it and against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradtui.diagnosis.recorded.blame import amounts, unused
from gradtui.diagnosis.recorded.blame.against import (
    is_senseless,
    is_setting,
    misnames,
    only_renames,
    takes_back,
    turns_flag,
    turns_setting,
    wraps,
)
from gradtui.diagnosis.recorded.blame.conditions import is_told
from gradtui.diagnosis.recorded.blame.forms import adds_up, hands_negated
from gradtui.diagnosis.recorded.blame.powers import is_rooted
from gradtui.diagnosis.recorded.blame.scaling import resizes, scales_for_later, shares_factor
from gradtui.diagnosis.recorded.blame.signs import Signs

Sign = tuple[int, Callable[[Signs], bool]]
"""What tells of an edit, with how much likelier or less likely it makes that.

Those that tell much or are soon known come first: whoever asks for a bound seldom needs the rest.
"""
LIKELIER: Sequence[Sign] = (
    (4, lambda edit: shares_factor(edit.suspect, edit.candidate)),
    (4, lambda edit: edit.joins_terms),
    (4, lambda edit: is_told(edit.suspect, edit.candidate.edits)),
    (3, lambda edit: edit.becomes_sum or edit.opposes or edit.uncrosses),
    (3, lambda edit: is_rooted(edit.suspect.statement, edit.candidate)),
    (2, lambda edit: edit.repeats),
    (2, lambda edit: edit.suspect.label < 0),
    (2, lambda edit: edit.spares),
    (2, lambda edit: edit.agreement > 0 or edit.numbering > 0),
    (2, lambda edit: edit.continues),
    (2, lambda edit: edit.resumes or edit.fills),
    (2, lambda edit: edit.rule > 0 and not edit.adds),
    (2, lambda edit: edit.bares),
    (2, lambda edit: edit.is_known),
    (
        -2,
        lambda edit: (
            edit.is_late and not (edit.becomes_alike or edit.joins_terms or edit.candidate.named)
        ),
    ),
    (-4, lambda edit: edit.is_outside),
    (-3, lambda edit: edit.mixes),
    (-3, lambda edit: edit.breaks_row),
)
UNLIKELIER: Sequence[Sign] = (
    (
        1,
        lambda edit: (
            edit.is_sign
            and not (edit.bares or hands_negated(edit.suspect.statement))
            and amounts.turns_round(edit.unit, edit.candidate.edits)
        ),
    ),
    (5, lambda edit: edit.suspect.paired and not edit.calls_its_name),
    (2, lambda edit: edit.is_sign and not edit.becomes_alike and adds_up(edit.suspect.statement)),
    (3, lambda edit: misnames(edit.suspect.statement, edit.candidate.edits)),
    (2, lambda edit: edit.rule < 0),
    (2, lambda edit: edit.agreement < 0 or edit.numbering < 0 or edit.suspect.label > 0),
    (4, lambda edit: takes_back(edit.suspect.statement, edit.candidate.edits)),
    (1, lambda edit: edit.becomes_unlike),
    (3, lambda edit: unused.spares_argument(edit.unit, edit.removed) or edit.recalculates),
    (3, lambda edit: edit.leaves_twin or is_setting(edit.suspect.statement)),
    (3, lambda edit: only_renames(edit.suspect.statement, edit.candidate.edits)),
    (5, lambda edit: is_senseless(edit.suspect.statement, edit.candidate.edits)),
    (5, lambda edit: turns_setting(edit.suspect.statement)),
    (
        2,
        lambda edit: (
            edit.orphans
            or unused.forsakes(edit.unit, edit.removed)
            or resizes(edit.suspect, edit.candidate)
        ),
    ),
    (2, lambda edit: edit.adds and scales_for_later(edit.suspect, edit.candidate)),
    (2, lambda edit: wraps(edit.suspect.statement, edit.candidate.edits)),
    (2, lambda edit: turns_flag(edit.suspect.statement, edit.candidate.edits)),
    (3, lambda edit: edit.spoils or edit.empties),
)
"""Signs against an edit, however likely it is by others."""

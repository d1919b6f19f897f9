"""All edits that a statement may need, those that are tried whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from gradtui.diagnosis.recorded.blame.accumulations import accumulations
from gradtui.diagnosis.recorded.blame.activations import activations
from gradtui.diagnosis.recorded.blame.alongside import alongside
from gradtui.diagnosis.recorded.blame.applied import applied, mirrored
from gradtui.diagnosis.recorded.blame.arguments import arguments
from gradtui.diagnosis.recorded.blame.attributed import attributed, methods
from gradtui.diagnosis.recorded.blame.axes import folded
from gradtui.diagnosis.recorded.blame.belated import belated
from gradtui.diagnosis.recorded.blame.bends import bends
from gradtui.diagnosis.recorded.blame.branches import branches
from gradtui.diagnosis.recorded.blame.callees import callees, makers
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.carries import carries, taken
from gradtui.diagnosis.recorded.blame.choices import choices
from gradtui.diagnosis.recorded.blame.conditions import compared, conditions, parts
from gradtui.diagnosis.recorded.blame.copied import copied, elsewhere, scaled, strangers
from gradtui.diagnosis.recorded.blame.counts import lengths
from gradtui.diagnosis.recorded.blame.crops import crops
from gradtui.diagnosis.recorded.blame.crosswise import crosswise
from gradtui.diagnosis.recorded.blame.curved import curved
from gradtui.diagnosis.recorded.blame.doubles import doubled, redone
from gradtui.diagnosis.recorded.blame.dropped import dropped
from gradtui.diagnosis.recorded.blame.edits import edits
from gradtui.diagnosis.recorded.blame.forwarded import forwarded
from gradtui.diagnosis.recorded.blame.hidden import hidden
from gradtui.diagnosis.recorded.blame.idle import idles, uncalled, unread
from gradtui.diagnosis.recorded.blame.kept import kept
from gradtui.diagnosis.recorded.blame.leftover import leftovers
from gradtui.diagnosis.recorded.blame.likeness import likenesses
from gradtui.diagnosis.recorded.blame.likewise import likewise
from gradtui.diagnosis.recorded.blame.listed import listed
from gradtui.diagnosis.recorded.blame.literals import entries, given, keys, numbers
from gradtui.diagnosis.recorded.blame.majority import majority
from gradtui.diagnosis.recorded.blame.masks import bounds, opposites, thresholds
from gradtui.diagnosis.recorded.blame.material import renamings
from gradtui.diagnosis.recorded.blame.misstored import continued, misplaced, misstored
from gradtui.diagnosis.recorded.blame.moves import moves
from gradtui.diagnosis.recorded.blame.namesakes import namesakes
from gradtui.diagnosis.recorded.blame.normalised import normalised
from gradtui.diagnosis.recorded.blame.numbered import numbered
from gradtui.diagnosis.recorded.blame.opposed import opposed
from gradtui.diagnosis.recorded.blame.options import options
from gradtui.diagnosis.recorded.blame.orders import conjugates, orders
from gradtui.diagnosis.recorded.blame.partly import partly, picked
from gradtui.diagnosis.recorded.blame.patterns import patterns
from gradtui.diagnosis.recorded.blame.picks import picks
from gradtui.diagnosis.recorded.blame.popped import popped
from gradtui.diagnosis.recorded.blame.products import products
from gradtui.diagnosis.recorded.blame.projections import projections
from gradtui.diagnosis.recorded.blame.rebound import rebound
from gradtui.diagnosis.recorded.blame.recomputed import recomputed
from gradtui.diagnosis.recorded.blame.rectified import rectified
from gradtui.diagnosis.recorded.blame.recurring import recurring
from gradtui.diagnosis.recorded.blame.repeats import repeated
from gradtui.diagnosis.recorded.blame.resets import another, copies, counted, emptied, resets
from gradtui.diagnosis.recorded.blame.restored import restored
from gradtui.diagnosis.recorded.blame.rounds import rounds
from gradtui.diagnosis.recorded.blame.scattered import scattered
from gradtui.diagnosis.recorded.blame.selected import selected
from gradtui.diagnosis.recorded.blame.shares import shares
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.splits import splits
from gradtui.diagnosis.recorded.blame.stripped import sliced, stripped
from gradtui.diagnosis.recorded.blame.throughout import throughout
from gradtui.diagnosis.recorded.blame.twins import twins
from gradtui.diagnosis.recorded.blame.unpacked import unpacked
from gradtui.diagnosis.recorded.blame.wasted import wasted
from gradtui.diagnosis.recorded.blame.wholes import wholes
from gradtui.diagnosis.recorded.blame.words import words


def changes(s: Statement, wanted: Sequence[float], slots: Sequence[Slot]) -> Iterator[Candidate]:
    """Yield the edits of a statement; `wanted` are the numbers that may belong there."""
    every: Sequence[Callable[[Statement], Iterator[Candidate]]] = (
        crosswise, namesakes, majority, doubled, redone, activations, wholes, patterns,
        partial(idles, slots=slots), partial(uncalled, slots=slots), partial(curved, slots=slots),
        unread, options, throughout, conjugates, edits, renamings, given,
        partial(numbers, wanted=wanted), entries, keys, orders, arguments, likenesses, repeated,
        restored, kept, picks, carries, taken, accumulations, scattered, likewise, partly, picked,
        resets, another, counted, copies, emptied, conditions, parts, compared, alongside, applied,
        mirrored, callees, makers, branches, bounds, opposites, bends, hidden, projections,
        normalised, choices, moves, rounds, twins, wasted, dropped, crops, folded, numbered, words,
        rebound, rectified, belated, recomputed, partial(listed, slots=slots), thresholds, splits,
        unpacked, forwarded, selected, copied, elsewhere, scaled, strangers, shares, opposed,
        attributed, methods, popped, lengths, leftovers,
        products, stripped, sliced, continued, misstored, misplaced,
        recurring,
    )  # fmt: skip
    for each in every:
        yield from each(s)

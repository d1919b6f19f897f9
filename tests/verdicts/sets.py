"""The programs by what makes them hard to judge."""

from __future__ import annotations

from verdicts import (
    conditioned_cancellation,
    conditioned_corners,
    conditioned_saturation,
    conditioned_single,
    conditioned_sizes,
    conditioned_zeros,
    deep_blocks,
    deep_plain,
    structured_classes,
    structured_codes,
    structured_matrices,
    structured_pairs,
    structured_sums,
)

DEEP = tuple(network.program() for network in (*deep_plain.NETWORKS, *deep_blocks.NETWORKS))
STRUCTURED = (
    *structured_classes.PROGRAMS,
    *structured_codes.PROGRAMS,
    *structured_matrices.PROGRAMS,
    *structured_pairs.PROGRAMS,
    *structured_sums.PROGRAMS,
)
CONDITIONED = (
    *conditioned_cancellation.PROGRAMS,
    *conditioned_sizes.PROGRAMS,
    *conditioned_saturation.PROGRAMS,
    *conditioned_zeros.PROGRAMS,
    *conditioned_corners.PROGRAMS,
    *conditioned_single.PROGRAMS,
)
SETS = {"deep": DEEP, "structured": STRUCTURED, "conditioned": CONDITIONED}

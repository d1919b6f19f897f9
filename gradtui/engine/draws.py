"""Random numbers that stay the same for ever: a stream of bits for each text, and draws from it.

NumPy keeps the bits of its generators from version to version, but not the draws made from them
(NEP 19).  Everything is here so that a seed in a file always means the same numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

try:
    from _blake2 import blake2b
except ImportError:  # where hashlib has it from; hashlib itself loads OpenSSL, which takes longer
    from hashlib import blake2b

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)


def bits(start: int, count: int) -> NDArray[np.uint64]:
    """Return the first `count` outputs of SplitMix64 from the state `start`, (count,).

    Steele, Lea and Flood, Fast splittable pseudorandom number generators (2014), figure 17; the
    output number i depends on start and i alone.
    """
    state = np.uint64(start) + np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    for shift, factor in _MIX:
        state = (state ^ (state >> shift)) * factor
    return state ^ (state >> np.uint64(31))


class Stream:
    """The random numbers of one seed and purpose.

    Another purpose, such as another parameter's name, gives other numbers for the same seed.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        digest = blake2b(f"{seed} {purpose}".encode(), digest_size=8).digest()
        self._start = int.from_bytes(digest, "little")

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Return numbers from [0, 1), multiples of 2^-53."""
        high = bits(self._start, count) >> np.uint64(11)
        return high.astype(np.float64) * 2.0**-53

    def normal(self, count: int) -> NDArray[np.float64]:
        """Return numbers of mean 0 and standard deviation 1.

        Box and Muller, A note on the generation of random normal deviates (1958).
        """
        half = (count + 1) // 2
        pairs = self.uniform(2 * half)
        radius = np.sqrt(-2.0 * np.log(1.0 - pairs[:half]))
        angle = 2.0 * np.pi * pairs[half:]
        return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]

    def permutation(self, count: int) -> NDArray[np.intp]:
        """Return the numbers 0 to count - 1 in random order, sorted by one output each."""
        return np.argsort(bits(self._start, count), kind="stable")

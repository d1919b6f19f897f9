"""Random numbers: published outputs, and a plain reimplementation with Python's integers."""

import math
from hashlib import blake2b

import numpy as np
import pytest

from gradtui.engine.draws import Stream, bits

WORD = 2**64


def plain_bits(state, count):
    """SplitMix64 as its authors' Java has it."""
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % WORD
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
        yield z ^ (z >> 31)


def plain_stream(seed, purpose, count):
    start = blake2b(f"{seed} {purpose}".encode(), digest_size=8).digest()
    return list(plain_bits(int.from_bytes(start, "little"), count))


def test_the_bits_are_the_published_outputs_of_splitmix64():
    assert bits(1234567, 5).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@pytest.mark.parametrize("start", [0, 1, WORD - 1, WORD // 2])
def test_the_bits_are_those_of_python_s_integers(start):
    assert bits(start, 1000).tolist() == list(plain_bits(start, 1000))


def test_uniform_numbers_are_the_53_high_bits():
    expected = [(word >> 11) / 2**53 for word in plain_stream(7, "w", 100)]
    assert Stream(7, "w").uniform(100).tolist() == expected


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_normal_numbers_come_in_pairs_from_two_uniform_ones(count):
    half = (count + 1) // 2
    u = [(word >> 11) / 2**53 for word in plain_stream(0, "w", 2 * half)]
    pairs = [
        (math.sqrt(-2 * math.log(1 - a)), 2 * math.pi * b)
        for a, b in zip(u[:half], u[half:], strict=True)
    ]
    expected = [r * math.cos(t) for r, t in pairs] + [r * math.sin(t) for r, t in pairs]
    np.testing.assert_allclose(Stream(0, "w").normal(count), expected[:count], rtol=1e-12)


def test_a_permutation_sorts_one_output_for_each_number():
    words = plain_stream(3, "epoch 2", 50)
    assert Stream(3, "epoch 2").permutation(50).tolist() == sorted(range(50), key=words.__getitem__)


def test_numbers_have_the_mean_and_the_deviation_that_is_claimed():
    # 200,000 draws: a mean is out by 0.01 once in 100,000 times (4.5 standard errors)
    normal, uniform = Stream(1, "n").normal(200_000), Stream(1, "u").uniform(200_000)
    assert abs(normal.mean()) < 0.01 and abs(normal.std() - 1) < 0.01
    assert abs(np.mean(normal**4) - 3) < 0.1
    assert abs(uniform.mean() - 0.5) < 0.003 and abs(uniform.std() - 1 / math.sqrt(12)) < 0.003


@pytest.mark.parametrize(("one", "other"), [((0, "a"), (0, "b")), ((0, "a"), (1, "a"))])
def test_another_seed_or_purpose_gives_unrelated_numbers(one, other):
    a, b = Stream(*one).normal(20_000), Stream(*other).normal(20_000)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03

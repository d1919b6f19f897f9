"""What seeds mean, in plain Python from their description: first values, and rows of batches.

SplitMix64 from the blake2b digest of "seed name"; the upper 53 bits as a fraction; Box and Muller.
"""

import math
from hashlib import blake2b

WORD = 2**64


def words(seed, name, count):
    state = int.from_bytes(blake2b(f"{seed} {name}".encode(), digest_size=8).digest(), "little")
    found = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % WORD
        mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % WORD
        found.append(mixed ^ (mixed >> 31))
    return found


def fractions(seed, name, count):
    return [(word >> 11) / 2**53 for word in words(seed, name, count)]


def batch_rows(batches, rows, step):
    """Return the rows of a step's batch: in order, or as the words of their epoch sort."""
    epoch, number = divmod(step, rows // batches["size"])
    order = range(rows)
    if batches.get("shuffle"):
        order = sorted(order, key=words(batches.get("seed", 0), f"epoch {epoch}", rows).__getitem__)
    return list(order[number * batches["size"] : (number + 1) * batches["size"]])


def normals(seed, name, count):
    half = (count + 1) // 2
    drawn = fractions(seed, name, 2 * half)
    pairs = [(math.sqrt(-2 * math.log(1 - r)), 2 * math.pi * a)
             for r, a in zip(drawn[:half], drawn[half:], strict=True)]  # fmt: skip
    across = [radius * math.cos(angle) for radius, angle in pairs]
    return (across + [radius * math.sin(angle) for radius, angle in pairs])[:count]


def first_values(name, given):
    """Return a parameter's first values as a number or nested lists."""
    if not isinstance(given, dict):
        return given
    shape, seed, scale = given["shape"], given.get("seed", 0), given.get("scale", 1.0)
    count = math.prod(shape)
    inputs, outputs = (shape[-2], shape[-1]) if len(shape) > 1 else (shape[0], 1)
    match given["init"]:
        case "zeros" | "ones" as same:
            flat = [float(same == "ones")] * count
        case "normal":
            flat = normals(seed, name, count)
        case "he":
            flat = [math.sqrt(2 / inputs) * one for one in normals(seed, name, count)]
        case "xavier":
            limit = math.sqrt(6 / (inputs + outputs))
            flat = [limit * (2 * one - 1) for one in fractions(seed, name, count)]
    return nested([scale * one for one in flat], shape)


def nested(flat, shape):
    if len(shape) == 1:
        return flat
    size = len(flat) // shape[0]
    return [nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]

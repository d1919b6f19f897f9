"""Garbage is collected between keys, once there is enough, and older objects more seldom."""

import asyncio
import gc

import pytest

from gradtui.tui import garbage
from gradtui.tui.garbage import Garbage


@pytest.fixture
def collected(monkeypatch):
    """Return the generations that were collected, where a pause and a rest are short."""
    found = []
    monkeypatch.setattr(garbage, "_PAUSE", 0.01)
    monkeypatch.setattr(garbage, "_REST", 0.02)
    monkeypatch.setattr(gc, "collect", found.append)
    monkeypatch.setattr(gc, "isenabled", lambda: True)
    return found


@pytest.mark.parametrize(
    ("counts", "generations"),
    [((1999, 99, 9), []), ((2000, 3, 3), [0]), ((2000, 11, 3), [1]), ((2000, 3, 11), [0, 2])],
)
async def test_a_pause_collects_what_is_worth_it(collected, monkeypatch, counts, generations):
    monkeypatch.setattr(gc, "get_count", lambda: counts)
    Garbage().pause()
    await asyncio.sleep(0.05)
    assert collected == generations


async def test_keys_without_a_pause_are_not_held_up(collected, monkeypatch):
    monkeypatch.setattr(gc, "get_count", lambda: (5000, 0, 0))
    monkeypatch.setattr(garbage, "_PAUSE", 0.2)
    pauses = Garbage()
    for _ in range(5):
        pauses.pause()
        await asyncio.sleep(0)
        assert collected == []
    await asyncio.sleep(0.4)
    assert collected == [0]


async def test_a_key_before_the_rest_puts_off_the_look_at_everything(collected, monkeypatch):
    monkeypatch.setattr(gc, "get_count", lambda: (2000, 0, 11))
    monkeypatch.setattr(garbage, "_REST", 0.2)
    pauses = Garbage()
    for _ in range(3):
        pauses.pause()
        await asyncio.sleep(0.05)
    assert collected == [0, 0, 0]
    await asyncio.sleep(0.3)
    assert collected == [0, 0, 0, 2]


async def test_where_collecting_was_stopped_it_stays_so(collected, monkeypatch):
    monkeypatch.setattr(gc, "get_count", lambda: (5000, 0, 0))
    monkeypatch.setattr(gc, "isenabled", lambda: False)
    Garbage().pause()
    await asyncio.sleep(0.05)
    assert collected == []


async def test_each_key_of_the_debugger_is_followed_by_a_pause(terminal, monkeypatch):
    pauses = []
    async with terminal("five_parcels") as t:
        monkeypatch.setattr(Garbage, "pause", lambda self: pauses.append(1))
        await t.press("n", "n")
        assert len(pauses) == 2

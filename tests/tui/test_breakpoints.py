async def test_the_list_of_breakpoints_goes_to_one_switches_it_off_and_removes_it(terminal):
    async with terminal("two_weights") as t:
        for step in "37":
            await t.press("b", step, "enter")
        await t.settled()
        await t.press("B")
        assert "▸ ◆ step == 3   at step 3" in t.text
        await t.press("space")
        assert "◇ (off) step == 3" in t.text
        await t.press("j", "enter")
        assert t.session.step == 7
        await t.press("B", "x", "escape")
        assert [b.text for b in t.session.breakpoints.found] == ["step == 7"]

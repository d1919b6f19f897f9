"""The panel of the lesson, the watches, the findings and the notes."""


async def test_a_hidden_panel_with_findings_and_watches_is_called_by_the_findings(terminal):
    async with terminal("rate_deadly_later", (80, 24)) as t:
        t.debugger.run_line("watch loss - prev")
        await t.pilot.pause()
        assert t.rows[-2].rstrip().endswith("7 Findings")
        await t.press("7")
        assert "7 Watches · Findings" in t.text

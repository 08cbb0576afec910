"""The demo, played in a real browser: what a stranger does in the first two minutes."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser


async def write(page: Page, text: str) -> None:
    """Type it and press Enter."""
    await page.get_by_role("textbox").fill(text)
    await page.keyboard.press("Enter")


async def test_a_locked_account_is_unlocked_while_one_watches(page: Page, demo: str) -> None:
    await page.goto(demo)
    await page.get_by_role("button", name="Unlock my account").click()
    await expect(page.get_by_text("Which login is locked?")).to_be_visible()
    await write(page, "j.doe")

    await expect(page.get_by_text("Looking up j.doe …")).to_be_visible()
    assert await page.get_by_text("Account j.doe is unlocked").count() == 0
    await expect(page.get_by_text("Unlocking it now …")).to_be_visible()
    assert await page.get_by_text("Account j.doe is unlocked").count() == 0

    await page.reload()  # in the middle

    await expect(page.get_by_text("Account j.doe is unlocked. You can sign in again.")).to_be_visible()
    await expect(page.get_by_role("button", name="No, thanks")).to_be_visible()
    for once in ("Looking up j.doe …", "Which login is locked?", "Account j.doe is unlocked"):
        await expect(page.get_by_text(once)).to_have_count(1)


async def test_an_unknown_login_asks_again_and_there_is_a_way_out(page: Page, demo: str) -> None:
    await page.goto(demo)
    await page.get_by_role("button", name="Unlock my account").click()
    await expect(page.get_by_text("Which login is locked?")).to_be_visible()
    await write(page, "nobody")
    await expect(page.get_by_text("Unlock failed, there is no account nobody.")).to_be_visible()
    await expect(page.get_by_text("Which login is locked?")).to_have_count(2)
    await write(page, "no-one")
    await expect(page.get_by_text("That did not work twice now.")).to_be_visible()
    await expect(page.get_by_role("button", name="No, thanks")).to_be_visible()


@pytest.mark.timeout(150)
async def test_a_rebuild_answers_at_once_and_reports_later(page: Page, demo: str) -> None:
    await page.goto(demo)
    await page.get_by_role("button", name="Rebuild my laptop").click()
    await expect(page.get_by_text("Which laptop?")).to_be_visible()
    await write(page, "LAP-0042")
    await page.get_by_role("button", name="Yes, rebuild it").click()
    await expect(page.get_by_text("The rebuild of LAP-0042 is on its way.")).to_be_visible()
    await page.get_by_role("button", name="Yes, please").click()  # the chat goes on meanwhile
    await expect(page.get_by_role("button", name="Where is my order?").last).to_be_enabled()

    await page.reload()

    done = page.get_by_text("Laptop LAP-0042 is rebuilt.")
    await expect(done).to_be_visible(timeout=100_000)
    await expect(done).to_have_count(1)

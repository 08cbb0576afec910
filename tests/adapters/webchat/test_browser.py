"""The page, played in a headless Chromium against the fake house."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.errors import TooMuch
from bot.ports import Progress, ProgressStep
from tests.adapters.webchat.conftest import Place

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
Open = Callable[..., Any]


@pytest.fixture
async def page(place: Place) -> AsyncIterator[Page]:
    """The chat page, open. A message in the browser's console fails the test."""
    if CHROMIUM is None:
        if "CI" in os.environ:
            pytest.fail("no Chromium on this machine: apt-get install chromium")
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(viewport={"width": 320, "height": 640})
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: told.append(dialog.message))
        await page.goto(f"{place.base}/chat/desk")
        await expect(page.get_by_role("status").first).to_have_text("Connected")
        yield page
        await browser.close()
        assert [text for text in told if "WebSocket" not in text] == []


async def lines(page: Page) -> list[str]:
    return await page.locator("#log .bubble").all_inner_texts()


HELLO = "Bot: Hello, what can I do for you?"


def texts(said: list[str]) -> list[str]:
    return [text.replace("\n", "") for text in said]


async def cut(place: Place) -> None:
    """Every socket of the server breaks."""
    for ear in [ear for ears in place.engine.bus.ears.values() for ear in ears]:
        ear.__self__._out.drop("test")  # type: ignore[attr-defined]


async def test_a_chat_by_keyboard_alone(page: Page, place: Place) -> None:
    await page.keyboard.press("Tab")  # the messages, to scroll them
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Unlock")).to_be_focused()
    group = page.get_by_role("group", name="Hello, what can I do for you?")
    await expect(group.get_by_role("button")).to_have_count(2)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("You said: Unlock")
    await expect(group.get_by_role("button", name="Unlock")).to_be_disabled()
    await expect(group.get_by_role("button", name="Unlock")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_label("Your message")).to_be_focused()
    await page.keyboard.type("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("You said: one\ntwo")
    assert place.engine.events[1].said.text == "one\ntwo"
    assert len(await lines(page)) == 5


async def test_a_reload_shows_the_same_chat_once(page: Page, place: Place) -> None:
    await page.get_by_role("button", name="Rebuild").click()
    await expect(page.get_by_role("log")).to_contain_text("You said: Rebuild")
    before = await lines(page)
    await page.reload()
    await expect(page.get_by_role("log")).to_contain_text("You said: Rebuild")
    assert await lines(page) == before
    assert len(before) == 3
    assert list(place.engine.chats) == ["c1"]
    await expect(page.get_by_role("button", name="Unlock")).to_be_disabled()
    await expect(page.get_by_role("button", name="Rebuild")).to_have_attribute("aria-pressed", "true")


async def test_what_was_said_while_the_connection_was_lost_arrives_once(page: Page, place: Place) -> None:
    await cut(place)
    await expect(page.get_by_role("status").first).to_contain_text("Trying again")
    place.engine.say("c1", "meanwhile")
    await page.get_by_label("Your message").fill("written while away")
    await page.keyboard.press("Enter")
    await expect(page.locator(".pending")).to_have_count(1)
    await expect(page.get_by_role("log")).to_contain_text("You said: written while away", timeout=5000)
    await expect(page.locator(".pending")).to_have_count(0)
    assert len(await lines(page)) == 4
    assert len(place.engine.events) == 1


async def test_nothing_that_somebody_wrote_becomes_markup(page: Page, place: Place) -> None:
    """Threat: script in a message, a name, a button, a link."""
    hostile = (
        "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
        '<svg onload=alert(1)> javascript:alert(1) https://x.test/"onmouseover=alert(1) '
        "https://x.test/a?b=1&c=2."
    )
    place.engine.say(
        "c1", hostile, prompt="p", choices='[{"label":"<img src=x onerror=alert(1)>","value":"v"}]'
    )
    place.engine.say("c1", hostile, kind="note", run="r1")
    step = ProgressStep(id="a", kind="call", title=hostile, status="working")
    place.engine.show(
        "c1", Progress(run="r1", runbook="u", title=hostile, rev=1, state="running", steps=(step,))
    )
    await expect(page.locator(".run h2")).to_have_text(hostile)
    assert hostile in (await lines(page))[1]
    await page.get_by_role("button", name="<img src=x onerror=alert(1)>").click()
    await expect(page.get_by_role("log")).to_contain_text("You said: <img")
    assert (
        await page.locator("main img, main script, main svg, main [onload], main [onmouseover]").count() == 0
    )
    hrefs = await page.locator("main a").evaluate_all("all => all.map(a => a.href)")
    assert set(hrefs) == {"https://x.test/", "https://x.test/a?b=1&c=2"}
    assert await page.title() == "IT <Helpdesk>"


async def test_a_run_is_shown_can_be_cancelled_and_leaves(page: Page, place: Place) -> None:
    steps = (
        ProgressStep(id="chat-message-1", kind="chat_message", title="", status="done"),
        ProgressStep(id="look_up", kind="call", title="", status="done"),
        ProgressStep(id="b", kind="call", title="Unlocking", status="working"),
    )
    run = Progress(
        run="r1",
        runbook="unlock",
        title="Unlock an account",
        rev=1,
        state="running",
        steps=steps,
        cancellable=True,
    )
    place.engine.show("c1", run)
    region = page.get_by_role("region", name="Unlock an account")
    await expect(region).to_contain_text("Working")
    assert texts(await region.get_by_role("listitem").all_inner_texts()) == [
        "Look up, done",
        "Unlocking, working",
    ]
    await expect(page.locator("#busy")).to_have_text("The bot is working …")
    await page.reload()
    await region.get_by_role("button", name="Cancel Unlock an account").click()
    await expect(region).to_contain_text("Cancelled")
    await expect(region.get_by_role("button")).to_have_count(0)
    await expect(page.locator("#busy")).to_have_text("")


async def test_a_run_that_ended_while_the_connection_was_lost_is_gone(page: Page, place: Place) -> None:
    run = Progress(run="r1", runbook="u", title="Unlock", rev=1, state="running", steps=())
    place.engine.show("c1", run)
    await expect(page.get_by_role("region", name="Unlock")).to_be_visible()
    await cut(place)
    place.engine.running.clear()
    await expect(page.get_by_role("status").first).to_have_text("Connected", timeout=5000)
    await expect(page.get_by_role("region", name="Unlock")).to_have_count(0)
    await expect(page.locator("#busy")).to_have_text("")


async def test_a_question_that_was_passed_over_says_so(page: Page, place: Place) -> None:
    place.engine.say("c1", "Another question?", prompt="b", choices='[{"label":"Yes","value":"y"}]')
    await expect(page.get_by_text("This question is closed.")).to_be_visible()
    await expect(page.get_by_role("button", name="Unlock")).to_be_disabled()
    await expect(page.get_by_role("button", name="Yes")).to_be_enabled()


async def test_an_ended_chat_offers_a_new_one(page: Page, place: Place) -> None:
    place.engine.say("c1", "Bye.", kind="end")
    await expect(page.get_by_label("Your message")).to_be_hidden()
    await page.get_by_role("button", name="Start a new chat").click()
    await expect(page.get_by_label("Your message")).to_be_focused()
    await expect(page.locator("#log .bubble")).to_have_count(1)
    assert list(place.engine.chats) == ["c1", "c2"]


async def test_an_expired_chat_becomes_a_new_one_and_says_so(page: Page, place: Place) -> None:
    place.engine.clock.ms += 31 * 86_400_000
    await expect(page.get_by_text("Your last chat has expired.")).to_be_visible(timeout=5000)
    await expect(page.locator("#log .bubble")).to_have_count(1)
    assert list(place.engine.chats) == ["c1", "c2"]


async def test_a_chat_that_is_gone_stops_trying(page: Page, place: Place) -> None:
    del place.engine.chats["c1"]
    await cut(place)
    await expect(page.get_by_role("status").first).to_have_text("This chat cannot be opened.", timeout=5000)
    await page.get_by_role("button", name="Start a new chat").click()
    await expect(page.get_by_role("status").first).to_have_text("Connected")


async def test_the_page_fits_320_pixels_and_large_type(page: Page, place: Place) -> None:
    place.engine.say("c1", "x" * 500, prompt="p", choices=f'[{{"label":"{"y" * 90}","value":"y"}}]')
    await expect(page.get_by_text("xxx")).to_be_visible()
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    assert await page.evaluate("log.scrollWidth <= log.clientWidth")


CONTRAST = """() => {
  const shade = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map((v) => {
    v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (n) => { for (; n; n = n.parentElement) {
    const c = getComputedStyle(n).backgroundColor; if (!/, 0\\)$|transparent/.test(c)) return c; } };
  return [...document.querySelectorAll('main *')].filter((n) => n.checkVisibility()
      && [...n.childNodes].some((c) => c.nodeType === 3 && c.data.trim())).map((n) => {
    const [a, b] = [shade(getComputedStyle(n).color), shade(ground(n))].sort((x, y) => y - x);
    return [n.className || n.tagName, (a + 0.05) / (b + 0.05)]; });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_has_enough_contrast(page: Page, place: Place, scheme: Any) -> None:
    """WCAG 1.4.3: 4.5 to 1."""
    await page.emulate_media(color_scheme=scheme)
    place.engine.say("c1", "Working …", kind="note", run="r1")
    place.engine.say(
        "c1",
        "Hello from a person, https://x.test/",
        sender="agent",
        prompt="p",
        choices='[{"label":"Yes","value":"y"}]',
    )
    place.engine.say("c1", "Tell me.", prompt="q", form=FORM)
    step = ProgressStep(id="a", kind="call", title="Step", status="failed")
    place.engine.show(
        "c1",
        Progress(run="r1", runbook="u", title="T", rev=1, state="running", steps=(step,), cancellable=True),
    )
    await page.get_by_label("Your message").fill("me, https://x.test/")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("You said: me")
    ratios = await page.evaluate(CONTRAST)
    assert len(ratios) > 15
    assert [r for r in ratios if r[1] < 4.5] == []


FORM = """[
  {"name": "asset", "label": "Asset tag", "hint": "<b>Under</b> the lid."},
  {"name": "kind", "label": "Kind", "options": [{"label": "Hardware", "value": "hw"}]},
  {"name": "pin", "label": "PIN", "secret": true}
]"""


async def test_a_form_is_filled_in_by_keyboard_and_its_secret_is_seen_by_nobody(
    page: Page, place: Place
) -> None:
    place.engine.answer = lambda engine, it: engine.say(it.chat, "Thanks.")
    place.engine.own = lambda said: "Asset tag: LAP-1 · Kind: hw · PIN: •••"
    place.engine.say("c1", "Tell me.", prompt="laptop.3", form=FORM)
    place.engine.say("c1", "Asset tag?", prompt="laptop.3")  # for whoever sees no form
    form = page.get_by_role("form", name="Tell me.")
    await expect(form.get_by_label("Asset tag")).to_have_accessible_description("<b>Under</b> the lid.")
    await expect(form.get_by_label("PIN")).to_have_attribute("type", "password")
    await form.get_by_label("Asset tag").focus()
    await page.keyboard.press("Enter")  # nothing is sent before all is there
    await page.keyboard.type("LAP-1")
    await form.get_by_label("Kind").select_option("Hardware")
    await form.get_by_label("PIN").focus()
    await page.keyboard.type("geheim")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("Thanks.")
    assert texts(await lines(page))[3:] == ["You:Asset tag: LAP-1 · Kind: hw · PIN: •••", "Bot:Thanks."]
    assert "geheim" not in await page.content()
    assert await form.get_by_label("PIN").input_value() == ""
    for label in ("Asset tag", "Kind", "PIN"):
        await expect(form.get_by_label(label)).to_be_disabled()
    await expect(page.get_by_label("Your message")).to_be_focused()
    assert [event.said.values for event in place.engine.events] == [
        {"asset": "LAP-1", "kind": "hw", "pin": "geheim"}
    ]
    assert await page.evaluate("document.documentElement.scrollWidth") == 320


async def test_a_form_that_comes_again_has_what_was_entered_and_no_secret(page: Page, place: Place) -> None:
    place.engine.answer = lambda engine, it: engine.say(it.chat, "Again.", prompt="laptop.3", form=FORM)
    place.engine.say("c1", "Tell me.", prompt="laptop.3", form=FORM)
    form = page.get_by_role("form", name="Tell me.")
    await form.get_by_label("Asset tag").fill("LAP-1")
    await form.get_by_label("Kind").select_option("Hardware")
    await form.get_by_label("PIN").fill("geheim")
    await form.get_by_role("button", name="Send").click()
    again = page.get_by_role("form", name="Again.")
    assert [await again.get_by_label(label).input_value() for label in ("Asset tag", "Kind", "PIN")] == [
        "LAP-1", "hw", "",
    ]  # fmt: skip
    await expect(form.get_by_label("Asset tag")).to_be_disabled()


async def test_words_for_a_form_with_a_secret_are_not_echoed(page: Page, place: Place) -> None:
    place.engine.fails = TooMuch("Wait.", 60.0)  # the line stays as the page itself made it
    place.engine.say("c1", "PIN?", prompt="pin.3", form='[{"name":"pin","label":"PIN","secret":true}]')
    await page.get_by_label("Your message").fill("geheim")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("•••")
    assert "geheim" not in await page.get_by_role("log").inner_text()

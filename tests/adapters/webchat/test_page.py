"""The pages as they are served; the browser's tests play them."""

from __future__ import annotations

import re

from adapters.webchat.adapter import WebChat
from bot.ports import Adapter
from tests.adapters.webchat.conftest import Place


async def get(place: Place, path: str) -> tuple[int, str, dict[str, str]]:
    async with place.http.get(f"{place.base}{path}") as answer:
        return answer.status, await answer.text(), dict(answer.headers)


async def test_the_page_of_a_profile_has_its_policy_and_no_script_or_style_of_its_own(place: Place) -> None:
    status, text, headers = await get(place, "/chat/desk")
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "<h1>IT &lt;Helpdesk&gt;</h1>" in text
    assert "Accounts &amp; laptops" in text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=\"/)|javascript:", text)


async def test_the_page_keeps_what_assistive_technology_needs(place: Place) -> None:
    _, text, _ = await get(place, "/chat/desk")
    for part in (
        '<html lang="en">', 'role="log" aria-live="polite"', '<label for="words">', 'role="status"', "<noscript>",
    ):  # fmt: skip
        assert part in text


async def test_a_profile_for_others_looks_like_one_that_is_not_there(place: Place) -> None:
    answers = [await get(place, f"/chat/{profile}") for profile in ("staff", "nope", "%3Cscript%3E")]
    assert [status for status, _, _ in answers] == [404] * 3
    assert len({text for _, text, _ in answers}) == 1


async def test_the_front_page_lists_what_a_visitor_may_open(place: Place) -> None:
    _, text, _ = await get(place, "/")
    assert re.findall(r'href="/chat/([^"]*)"', text) == ["desk"]


async def test_every_file_that_the_page_names_is_there_for_ever(place: Place) -> None:
    _, text, _ = await get(place, "/chat/desk")
    names = re.findall(r'(?:src|href)="(/static[^"]*)"', text)
    assert [name.rsplit("/", 1)[1] for name in names] == ["icon.svg", "chat.css", "chat.js"]
    for name in [*names, names[-1].replace("chat.js", "link.js")]:
        status, _, headers = await get(place, name)
        assert (status, headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    old = re.sub(r"/[0-9a-f]{12}/", "/000000000000/", names[-1])
    assert (await get(place, old))[2]["Cache-Control"] == "no-cache"
    for path in (
        "/static/webchat/x/nope.js",
        "/static/webchat/x/..%2Fpage.py",
        "/static/webchat/x/%2e%2e/page.py",
    ):
        assert (await get(place, path))[0] == 404


async def test_the_script_makes_no_markup_out_of_text(place: Place) -> None:
    """Threat: a bot's or a person's text becomes elements in the page."""
    _, text, _ = await get(place, "/chat/desk")
    for name in re.findall(r'src="(/static[^"]*)"', text):
        for file in (name, name.replace("chat.js", "link.js"), name.replace("chat.js", "form.js")):
            _, script, _ = await get(place, file)
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", script
            )


def test_the_web_chat_is_an_adapter_whose_clients_read_the_log() -> None:
    kind: type[Adapter] = WebChat
    assert (kind.platform, kind.reads_log) == ("web", True)

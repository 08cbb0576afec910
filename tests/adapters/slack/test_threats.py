"""Rows 19, 20, 26 and 27 of the threats: what comes in, and whom we answer."""

from __future__ import annotations

import io
import json
import random
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.rows import Chat
from bot.testing.slack import signed
from bot.testing.slack.delivery import OverHttp
from tests.adapters.slack.garbage import MARK, Post, malformed, unsigned
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.projects import DESK, MENU, STUBS


@pytest.fixture
async def there() -> AsyncIterator[Office]:
    async with office(DESK, connectors=STUBS) as made:
        yield made


# --- 19: garbage -----------------------------------------------------------------------------


async def sent(there: Office, post: Post) -> int:
    """The status of the answer."""
    headers = [*post.headers, *([("Content-Type", post.kind)] if post.kind else [])]
    skipped = ["Content-Type"] if not post.kind else []
    body = io.BytesIO(post.body)  # a large one is written bit by bit
    async with there.http.post(there.url, data=body, headers=headers, skip_auto_headers=skipped) as answer:
        text = await answer.text()
        assert MARK not in text
        assert "Traceback" not in text
        return answer.status


async def test_row_19_what_slack_did_not_sign_is_refused_alike(there: Office) -> None:
    secret, now = there.fake.signing_secret, there.stage.clock.now() // 1000
    made = dict(unsigned(secret, now))
    before, calls = await there.rows(), len(there.fake.calls)
    assert {name: await sent(there, post) for name, post in made.items()} == dict.fromkeys(made, 401)
    assert await there.rows() == before
    assert len(there.fake.calls) == calls


async def test_row_19_what_slack_never_sends_is_refused_or_ignored(
    there: Office, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, now = there.fake.signing_secret, there.stage.clock.now() // 1000
    made = [*unsigned(secret, now), *malformed(secret, now)]
    assert len(made) >= 29
    before = await there.rows()
    statuses = {name: await sent(there, post) for name, post in made}
    assert set(statuses.values()) <= {200, 400, 401, 413, 415}, statuses
    assert {statuses[name] for name in ("too deep", "far too deep", "a list", "a payload too deep")} == {400}
    await there.rest()
    assert await there.rows() == before
    logged = caplog.text + "".join(capsys.readouterr())
    assert MARK not in logged
    assert "Traceback" not in logged
    await there.says(there.person("Ann"), "hi")
    assert len(await there.stage.store.find(Chat)) == 1, "the door works as before"


# --- 20: replays -----------------------------------------------------------------------------


class Captured:
    """Everything that was ever posted to the door, byte for byte."""

    def __init__(self, there: Office) -> None:
        self.there = there
        self.posts: list[tuple[bytes, Mapping[str, str]]] = []
        self._deliver = there.deliver
        assert isinstance(there.events.way, OverHttp)
        there.events.way.deliver = self.deliver

    async def deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        self.posts.append((body, headers))
        return await self._deliver(url, body, headers)

    async def again(self) -> set[int]:
        """The same bytes once more; the statuses."""
        order = self.posts[:]
        random.Random(7).shuffle(order)
        found = set()
        for body, headers in order:
            found.add((await self._deliver(self.there.url, body, headers))[0])
            await self.there.rest()
        return found


async def test_row_20_a_captured_request_has_its_effect_once(there: Office) -> None:
    captured = Captured(there)
    ann = there.person("Ann")
    await there.says(ann, "hi")
    await there.presses(ann, "Rebuild")
    await there.says(ann, "1")
    await there.says(ann, "j.doe")
    await there.command(ann, "run rebuild")
    await there.events.shortcut(ann, "cuebook_start")
    await there.rest()
    await there.events.submits(ann, {"What to start": "Unlock an account"})
    await there.rest()
    before, runs = await there.rows(), len(await there.stage.runs())
    assert runs == 3
    said = there.lines(there.fake.direct(ann))
    assert await captured.again() == {200}
    assert await there.rows() == before
    await there.restart()
    assert await captured.again() == {200}
    assert len(await there.stage.runs()) == runs
    assert there.lines(there.fake.direct(ann)) == said
    await there.advance(301)
    assert await captured.again() == {401}


# --- 26: response_urls -----------------------------------------------------------------------


async def test_row_26_no_response_url_is_ever_used(there: Office) -> None:
    """We answer by the Web API alone, so there is no host to choose for anybody."""
    asked: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", hear)
    async with TestServer(app) as elsewhere:
        ann = there.person("Ann")
        await there.says(ann, "hi")
        await there.presses(ann, "Rebuild")
        await there.command(ann, "run rebuild")
        await there.events.shortcut(ann, "cuebook_start")
        await there.rest()
        await there.events.submits(ann, {"What to start": "Unlock an account"})
        deliveries = [one for one in there.events.deliveries if one.kind != "events_api"]
        for one in deliveries:
            url = str(elsewhere.make_url("/catch"))
            hooks = [{"block_id": "offer", "response_url": url}]
            changed = {**one.payload, "response_url": url, "trigger_id": f"{random.random()}"}
            if "response_urls" in changed:
                changed["response_urls"] = hooks
            assert (await there.events.sends(changed, kind=one.kind)).status == 200
            await there.rest()
        assert asked == []
    assert there.fake.called("response_url") == []


# --- 27: loops -------------------------------------------------------------------------------


async def test_row_27_two_bots_that_face_each_other_stop_at_once(there: Office) -> None:
    robot = there.person("Robot", bot=True)
    room = there.fake.add_channel("desk", [robot])
    for _ in range(5):
        await there.says(robot, f"{there.bot} hello", room)
        await there.says(robot, "hello")
    assert there.fake.called("chat.postMessage") == []
    assert await there.stage.store.find(Chat) == []


async def test_row_27_a_bot_that_answers_in_a_person_s_thread_is_not_heard(there: Office) -> None:
    ann, robot = there.person("Ann"), there.person("Robot", bot=True)
    room = there.fake.add_channel("desk", [ann, robot])
    asked = await there.says(ann, f"{there.bot} hello", room)
    before = await there.rows()
    for _ in range(5):
        await there.says(robot, f"{there.bot} 2", room, thread=asked)
    assert await there.rows() == before
    assert there.whispers(robot) == []
    assert there.lines(room, asked)[1] == MENU


async def test_row_27_what_we_did_ourselves_and_are_told_of_changes_nothing(there: Office) -> None:
    ann = there.person("Ann")
    room = there.fake.add_channel("desk", [ann])
    asked = await there.says(ann, f"{there.bot} hello", room)
    await there.presses(ann, "Rebuild", room, thread=asked)
    await there.says(ann, "hi")
    await there.advance(5)
    before, posts = await there.rows(), len(there.fake.calls)
    assert await there.events.echoes() >= 6
    await there.rest()
    assert await there.rows() == before
    assert len(there.fake.calls) == posts


def test_the_marks_of_the_garbage_are_in_it() -> None:
    """Else their absence from the log would show nothing."""
    bodies = [post.body for _, post in [*unsigned("s", 1), *malformed("s", 1)]]
    assert sum(MARK.encode() in body for body in bodies) > 29
    assert json.loads(bodies[0])
    assert signed("s", b"x", 1)

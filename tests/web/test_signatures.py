"""What counts as signed. Good ones, and a corpus of those that must not pass."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.web import signatures
from bot.web.signatures import Key, Scheme, Signed, Unsigned, judge, usable, verify_slack

NOW = 1_700_000_000_000
SECONDS = NOW // 1000
RAW = b"a key of more than twenty-four bytes"
STANDARD = "whsec_" + base64.b64encode(RAW).decode()
OTHER = "whsec_" + base64.b64encode(b"the key of another endpoint, as long").decode()
PLAIN = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = b'{"type": "invoice.paid", "amount": 1250}'

Headers = dict[str, str]


def v1(signed: bytes, key: bytes = RAW) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def standard(body: bytes = BODY, id: str = "msg_1", at: str = str(SECONDS), key: bytes = RAW) -> Headers:
    signature = v1(f"{id}.{at}.".encode("utf-8", "surrogateescape") + body, key)
    return {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature}


def slack(body: bytes = BODY, at: str = str(SECONDS), key: str = PLAIN, version: str = "v0") -> Headers:
    signed = f"{version}:{at}:".encode("utf-8", "surrogateescape") + body
    digest = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"{version}={digest}"}


def github(body: bytes = BODY, key: str = PLAIN, id: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958") -> Headers:
    digest = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Delivery": id}


MAKE: dict[Scheme, tuple[Callable[..., Headers], str]] = {
    "standard": (standard, STANDARD), "slack": (slack, PLAIN), "github": (github, PLAIN),
}  # fmt: skip


def passes(scheme: Scheme, headers: Mapping[str, str], body: bytes = BODY, *keys: Key) -> bool:
    verdict = judge(scheme, keys or [Key(MAKE[scheme][1])], headers, body, NOW)
    return isinstance(verdict, Signed)


# --- good ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", MAKE)
def test_who_knows_the_secret_is_heard(scheme: Scheme) -> None:
    make, _ = MAKE[scheme]
    assert passes(scheme, make())
    assert passes(scheme, {name.upper(): value for name, value in make().items()})
    assert passes(scheme, CIMultiDict(make()))
    assert passes(scheme, make(b""), b"")
    assert passes(scheme, make(b"\xff\x00\r\n"), b"\xff\x00\r\n")


def test_the_examples_of_those_who_made_the_schemes() -> None:
    """Standard Webhooks' and GitHub's documents each print one delivery whole."""
    key = Key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }  # fmt: skip
    verdict = judge("standard", [key], headers, b'{"test": 2432232314}', 1614265330_000)
    assert verdict == Signed("msg_p5jXN8AQM9LWM0D4loKWxJek")
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    hub = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Delivery": "1"}
    assert judge("github", [Key("It's a Secret to Everybody")], hub, b"Hello, World!", NOW) == Signed("1")


@pytest.mark.parametrize("off", [-300, -299, 0, 299, 300])
def test_a_time_within_the_window(off: int) -> None:
    assert passes("standard", standard(at=str(SECONDS + off)))
    assert passes("slack", slack(at=str(SECONDS + off)))


def test_the_delivery_is_named_by_its_id_and_slacks_by_its_bytes() -> None:
    assert judge("standard", [Key(STANDARD)], standard(id="a"), BODY, NOW) == Signed("a")
    first = judge("slack", [Key(PLAIN)], slack(), BODY, NOW)
    assert first == judge("slack", [Key(PLAIN)], slack(), BODY, NOW + 1000)
    assert first != judge("slack", [Key(PLAIN)], slack(at=str(SECONDS - 1)), BODY, NOW)


def test_of_several_signatures_one_is_enough_among_the_first_ten() -> None:
    good = standard()["webhook-signature"]
    bad = v1(b"something else")
    for before in (["v1a,xyz"], ["v1,\xe9"], ["nocomma"], ["", ""], [","], ["v1,"], [bad] * 9):
        assert passes("standard", {**standard(), "webhook-signature": " ".join([*before, good])}), before
    assert not passes("standard", {**standard(), "webhook-signature": " ".join([bad] * 10 + [good])})


def test_old_secrets_open_until_their_end() -> None:
    new, old = Key(OTHER), Key(STANDARD, until=NOW + 1)
    assert passes("standard", standard(), BODY, new, old)
    assert not passes("standard", standard(), BODY, new, Key(STANDARD, until=NOW))
    assert not passes("standard", standard(), BODY, new)


# --- bad -------------------------------------------------------------------------------------

GOOD = standard()
SIGNATURE = GOOD["webhook-signature"]
ID, STAMP = GOOD["webhook-id"], GOOD["webhook-timestamp"]

REJECT_STANDARD: dict[str, tuple[Headers, bytes]] = {
    "no headers": ({}, BODY),
    "no id": ({k: v for k, v in GOOD.items() if k != "webhook-id"}, BODY),
    "no time": ({k: v for k, v in GOOD.items() if k != "webhook-timestamp"}, BODY),
    "no signature": ({k: v for k, v in GOOD.items() if k != "webhook-signature"}, BODY),
    "another body": (GOOD, BODY + b" "),
    "parsed and written again": (GOOD, BODY.replace(b": ", b":")),
    "another id": ({**GOOD, "webhook-id": "msg_2"}, BODY),
    "another time": ({**GOOD, "webhook-timestamp": str(SECONDS + 1)}, BODY),
    "another key": (standard(key=b"x" * 32), BODY),
    "forged": ({**GOOD, "webhook-signature": v1(b"forged")}, BODY),
    "empty signature": ({**GOOD, "webhook-signature": ""}, BODY),
    "only the version": ({**GOOD, "webhook-signature": "v1,"}, BODY),
    "no version": ({**GOOD, "webhook-signature": SIGNATURE[3:]}, BODY),
    "wrong version": ({**GOOD, "webhook-signature": "v2" + SIGNATURE[2:]}, BODY),
    "capital version": ({**GOOD, "webhook-signature": "V1" + SIGNATURE[2:]}, BODY),
    "asymmetric version": ({**GOOD, "webhook-signature": "v1a" + SIGNATURE[2:]}, BODY),
    "version with equals": ({**GOOD, "webhook-signature": SIGNATURE.replace(",", "=", 1)}, BODY),
    "truncated": ({**GOOD, "webhook-signature": SIGNATURE[:-4]}, BODY),
    "one byte short": ({**GOOD, "webhook-signature": "v1," + base64.b64encode(base64.b64decode(SIGNATURE[3:])[:-1]).decode()}, BODY),
    "longer": ({**GOOD, "webhook-signature": "v1," + base64.b64encode(base64.b64decode(SIGNATURE[3:]) + b"\0").decode()}, BODY),
    "in hex": ({**GOOD, "webhook-signature": "v1," + base64.b64decode(SIGNATURE[3:]).hex()}, BODY),
    "not base64": ({**GOOD, "webhook-signature": "v1,!!!!"}, BODY),
    "not ASCII": ({**GOOD, "webhook-signature": "v1,é" + SIGNATURE[4:]}, BODY),
    "separated by commas": ({**GOOD, "webhook-signature": "v1,AAAA," + SIGNATURE}, BODY),
    "the id of the body": (standard(BODY[3:], id="msg_1"), BODY),
    "an id of 257": (standard(id="m" * 257), BODY),
    "an empty id": (standard(id=""), BODY),
    "an id with a line break": (standard(id="a\nb"), BODY),
    "an id that is not ASCII": (standard(id="é"), BODY),
    "sha512": ({**GOOD, "webhook-signature": "v1," + base64.b64encode(hmac.digest(RAW, b"x", "sha512")).decode()}, BODY),
}  # fmt: skip
TIMES = {
    "too old": str(SECONDS - 310), "too new": str(SECONDS + 310), "just too old": str(SECONDS - 301),
    "a float": f"{SECONDS}.9", "with plus": f"+{SECONDS}", "negative": f"-{SECONDS}", "with a space": f" {SECONDS}",
    "with a space behind": f"{SECONDS} ", "underscore": f"{str(SECONDS)[:4]}_{str(SECONDS)[4:]}",
    "exponent": "17e8", "hex": hex(SECONDS), "milliseconds": str(NOW), "5000 digits": "1" * 5000, "empty": "",
    "arabic digits": "\u0661\u0667" + "\u0660" * 8, "full width": "\uff11\uff17" + "\uff10" * 8, "text": "now", "nan": "nan", "inf": "inf",
    "line break": f"{SECONDS}\n", "zero": "0",
}  # fmt: skip


@pytest.mark.parametrize(("headers", "body"), REJECT_STANDARD.values(), ids=REJECT_STANDARD)
def test_a_bad_standard_webhook_is_refused(headers: Headers, body: bytes) -> None:
    assert isinstance(judge("standard", [Key(STANDARD)], headers, body, NOW), Unsigned)


@pytest.mark.parametrize("stamp", TIMES.values(), ids=TIMES)
def test_a_bad_time_is_refused_though_it_is_signed(stamp: str) -> None:
    assert not passes("standard", standard(at=stamp))
    assert not passes("slack", slack(at=stamp))


def test_the_boundary_of_id_and_time_cannot_be_shifted() -> None:
    """`a.1` at `700000000` and `a` at `1.700000000` are the same bytes to the key."""
    signed = f"a.{SECONDS}.{SECONDS}.".encode() + BODY
    for id, stamp, body in (
        (f"a.{SECONDS}", str(SECONDS), BODY),
        ("a", f"{SECONDS}.{SECONDS}", BODY),
    ):
        headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": v1(signed)}
        assert not passes("standard", headers, body)
    shifted = {"webhook-id": "a", "webhook-timestamp": str(SECONDS), "webhook-signature": v1(signed)}
    assert passes("standard", shifted, f"{SECONDS}.".encode() + BODY)  # its sender meant this one


@pytest.mark.parametrize("scheme", MAKE)
def test_a_header_that_comes_twice_is_none(scheme: Scheme) -> None:
    make, _ = MAKE[scheme]
    for name, value in make().items():
        headers = CIMultiDict(make())
        headers.add(name, value)
        assert not passes(scheme, headers)


@pytest.mark.parametrize("scheme", MAKE)
@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_!", "whsec_AA==", base64.b64encode(b"x" * 23).decode()]
)
def test_a_secret_that_is_none_opens_nothing(scheme: Scheme, secret: str) -> None:
    if scheme != "standard" and secret:
        return
    make, _ = MAKE[scheme]
    for key in (secret, secret.removeprefix("whsec_")):
        raw = key.encode() if scheme == "standard" else key
        assert not passes(scheme, make(key=raw), BODY, Key(secret))
    assert not usable(scheme, secret)
    assert isinstance(judge(scheme, [], make(), BODY, NOW), Unsigned)


def test_what_stands_in_for_a_secret_that_is_not_there_opens_nothing() -> None:
    assert isinstance(judge("standard", [], standard(key=signatures._NOBODY), BODY, NOW), Unsigned)
    assert isinstance(judge("slack", [Key("")], slack(key=signatures._NOBODY.decode()), BODY, NOW), Unsigned)


@pytest.mark.parametrize("scheme", MAKE)
def test_what_opens_one_endpoint_opens_no_other(scheme: Scheme) -> None:
    make, _ = MAKE[scheme]
    assert not passes(scheme, make(), BODY, Key(OTHER))
    for other, (sign, secret) in MAKE.items():
        if other != scheme:
            assert not passes(scheme, sign(), BODY, Key(secret))


HEX = slack()["X-Slack-Signature"]


@pytest.mark.parametrize(
    "signature",
    ["", "v0=", HEX[3:], "v1" + HEX[2:], "V0" + HEX[2:], HEX[:-1], HEX + "0", HEX.upper(), "v0=" + HEX[3:].upper(),
     "v0=é" + HEX[4:], f"{HEX},{HEX}", f"{HEX} {HEX}", f" {HEX}", "v0=" + "0" * 64, HEX.replace("=", ":"), "v0=\udcff"],
)  # fmt: skip
def test_a_bad_slack_signature_is_refused(signature: str) -> None:
    assert verify_slack(PLAIN, slack(), BODY, NOW)
    assert not verify_slack(PLAIN, {**slack(), "X-Slack-Signature": signature}, BODY, NOW)


def test_slack_signs_its_version_too() -> None:
    assert not verify_slack(PLAIN, slack(version="v1"), BODY, NOW)
    assert not verify_slack("", slack(key=""), BODY, NOW)
    assert not verify_slack(PLAIN, {}, BODY, NOW)
    assert not verify_slack(PLAIN, slack(), BODY + b"&x=1", NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"X-GitHub-Delivery": "1"}, {**github(), "X-GitHub-Delivery": ""},
        {"X-Hub-Signature": "sha1=" + hmac.new(PLAIN.encode(), BODY, "sha1").hexdigest(), "X-GitHub-Delivery": "1"},
        {**github(), "X-Hub-Signature-256": github()["X-Hub-Signature-256"].replace("256", "1")},
        {**github(), "X-Hub-Signature-256": github()["X-Hub-Signature-256"][:-2]},
        {**github(), "X-GitHub-Delivery": "x" * 257}, github(key="x"), github(BODY + b"."),
    ],
)  # fmt: skip
def test_a_bad_github_delivery_is_refused(headers: Headers) -> None:
    assert not passes("github", headers)


@pytest.mark.parametrize("scheme", MAKE)
@pytest.mark.parametrize("make", [standard, slack, github, dict])
def test_every_refusal_reads_the_whole_body_so_that_time_tells_nothing(
    scheme: Scheme, make: Callable[..., Headers], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    digest = signatures._digest
    headers = make()

    def counted(key: bytes, signed: bytes) -> bytes:
        read.append(len(signed))
        return digest(key, signed)

    monkeypatch.setattr(signatures, "_digest", counted)
    assert isinstance(judge(scheme, [], headers, BODY, NOW), Unsigned)
    (size,) = read
    assert size >= len(BODY)


NAMES = [*standard(), *slack(), *github()]


@given(
    headers=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60)),
    body=st.binary(max_size=60),
    secrets=st.lists(st.text(max_size=40), max_size=3),
)
def test_whatever_comes_is_judged_and_never_raises(headers: Headers, body: bytes, secrets: list[str]) -> None:
    for scheme in MAKE:
        verdict = judge(scheme, [Key(secret) for secret in secrets], headers, body, NOW)
        assert isinstance(verdict, Unsigned)

"""`kind: connector`: what a file may say, and what it is told when it says something else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flows.connector import Connector
from tests.connectors.conftest import DIRECTORY


def connector(**changes: Any) -> Connector:
    return Connector.model_validate(DIRECTORY | changes)


def with_method(**method: Any) -> Connector:
    return connector(methods={"act": method})


def test_a_document_knows_what_it_needs() -> None:
    found = connector(base_url="https://${env.HOST}/${env.VERSION:-v1}")
    assert found.env_names() == {"HOST"}
    assert found.secret_names() == {"DIRECTORY_TOKEN"}
    assert found.called == "directory"


def test_a_method_knows_what_it_needs() -> None:
    methods = connector().methods
    needed = {name: (set(method.inputs()), set(method.names())) for name, method in methods.items()}
    assert needed == {
        "get_user": ({"login"}, {"login"}),
        "search": ({"q"}, {"q", "tags"}),
        "unlock": ({"login", "source", "who"}, {"login", "source", "who"}),
        "once": (set(), set()),
        "again": (set(), set()),
        "form": ({"text"}, {"text"}),
        "noted": ({"source"}, {"source"}),
        "missing_is_fine": (set(), set()),
        "hasty": (set(), set()),
    }


def test_a_part_of_a_value_needs_the_value() -> None:
    (method,) = with_method(post="/x", json={"to": "${user.email}", "cc": "${user.boss:-}"}).methods.values()
    assert method.inputs() == {"user"}


def test_a_document_reads_its_own_dump() -> None:
    found = with_method(post="/{a}", json={"b": "$b"}, success=[200, "202-204"])
    again = Connector.model_validate_json(found.model_dump_json(by_alias=True, exclude_defaults=True))
    assert again == found
    assert [status for status in range(100, 600) if again.methods["act"].succeeds(status)] == [
        200,
        202,
        203,
        204,
    ]


def test_it_has_a_schema_for_editors() -> None:
    schema = Connector.model_json_schema()
    assert set(schema["$defs"]["Method"]["properties"]) >= {"get", "post", "json", "query", "form", "success"}
    assert schema["required"] == ["id", "kind", "base_url", "methods"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base_url": "directory.example"}, "an address begins with https:// or http://, or with ${env.NAME}"),
        ({"base_url": "ftp://${env.HOST}"}, "an address begins with https:// or http://"),
        ({"base_url": "$DIRECTORY_URL"}, "`DIRECTORY_URL` cannot be used here, only ${env.NAME}"),
        ({"base_url": "https://${secret.HOST}"}, "`secret.HOST` cannot be used here, only ${env.NAME}"),
        ({"base_url": "https://u:p@directory.example"}, "`@` does not belong into `base_url`"),
        ({"base_url": "https://directory.example/?a=b"}, "`?` does not belong into `base_url`"),
        ({"base_url": "${env.DATABASE_URL}"}, "DATABASE_URL is a setting of the server itself"),
        ({"auth": {"type": "bearer", "token": "${secret.SLACK_BOT_TOKEN}"}}, "SLACK_BOT_TOKEN is a setting of the"),
        ({"auth": {"type": "bearer", "token": "${secret.A:-b}"}}, "a secret has no default"),
        ({"auth": {"type": "bearer", "token": "$login"}}, "only ${env.NAME} or ${secret.NAME}"),
        ({"auth": {"type": "bearer"}}, "auth of type `bearer` needs `token`"),
        ({"auth": {"type": "basic", "username": "a"}}, "auth of type `basic` needs `password`"),
        ({"auth": {"type": "header", "value": "a"}}, "auth of type `header` needs `header`"),
        ({"auth": {"type": "header", "header": "a b", "value": "c"}}, "`a b` is not the name of a header"),
        ({"auth": {"token": "a"}}, "auth of type `none` has no `token`; that goes with type `bearer`"),
        ({"auth": {"type": "bearer", "token": "a", "password": "b"}}, "that goes with type `basic`"),
        ({"methods": {}}, "at least 1 item"),
        ({"methods": {"Get": {"get": "/"}}}, "should match pattern"),
        (
            {"auth": {"type": "header", "header": "X-Key", "value": "v"}, "methods": {"a": {"get": "/", "headers": {"x-key": "w"}}}},
            "the header `X-Key` comes from `auth`; take it out of `a`",
        ),
        ({"url": "x"}, "Extra inputs are not permitted"),
        ({"type": "smtp"}, "Input should be 'http'"),
    ],
)  # fmt: skip
def test_a_wrong_connector_is_told_what_is_right(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        connector(**changes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({}, "a method has exactly one of get, post, put, patch, delete; this has none"),
        ({"get": "/", "post": "/"}, "this has `get` and `post`"),
        ({"get": "/", "json": {}}, "a GET has no body"),
        ({"get": "/", "form": {"a": "b"}}, "a GET has no body"),
        ({"post": "/", "json": {}, "form": {"a": "b"}}, "a request has one body"),
        ({"get": "users"}, "a path begins with one /, e.g. /users"),
        ({"get": "//evil.example"}, "a path begins with one /, e.g. /evil.example"),
        ({"get": "/users/../admin"}, "`..` in a path is not followed"),
        ({"get": "/users?a=b"}, "`?` cannot stand in a path: use `query`"),
        ({"get": "/users#a"}, "`#` cannot stand in a path"),
        ({"get": "/users/$login"}, "a value is written {name} in a path"),
        ({"get": "/users/${login}"}, "a value is written {name} in a path"),
        ({"get": "/users/{login"}, "`{` cannot stand in a path: write {name}"),
        ({"get": "/users/{user.login}"}, "`{` cannot stand in a path: write {name}"),
        ({"get": "/a b"}, "` ` cannot stand in a path: it would have to be encoded"),
        ({"get": "/", "query": {"a": {"b": "c"}}}, "`a` is one value here, not a structure"),
        ({"get": "/", "headers": {"Host": "x"}}, "`Host` cannot be set here: it belongs to the connection"),
        ({"get": "/", "headers": {"authorization": "x"}}, "credentials go under `auth` of the connector"),
        ({"get": "/", "headers": {"Idempotency-Key": "x"}}, "write `repeatable: true`"),
        ({"get": "/", "headers": {"a\r\nb": "x"}}, "is not the name of a header"),
        ({"post": "/", "json": {"a": ["${secret.KEY}"]}}, "`${secret.KEY}` cannot be used in a method"),
        ({"post": "/", "json": "$CHAT_ID"}, "a connector does not see `CHAT_ID`"),
        ({"get": "/", "query": {"a": "${chat.user.email}"}}, "a connector does not see `chat.user.email`"),
        ({"get": "/", "timeout": "soon"}, "`soon` is not a duration"),
        ({"get": "/", "success": []}, "at least 1 item"),
        ({"get": "/", "success": [600]}, "`600` is not a status: write 204 or 200-299"),
        ({"get": "/", "success": ["2xx"]}, "`2xx` is not a status"),
        ({"get": "/", "success": [True]}, "`True` is not a status"),
        ({"get": "/", "success": ["299-200"]}, "`299-200` goes backwards: write 200-299"),
        ({"get": "/", "fetch": "/"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_method_is_told_what_is_right(method: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        with_method(**method)
    assert message in str(caught.value)

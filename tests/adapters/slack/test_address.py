"""Addresses: one text a place, there and back."""

from __future__ import annotations

import pytest

from adapters.slack.address import Address


@pytest.mark.parametrize(
    "address",
    [
        Address(team="T1", room="C1"),
        Address(team="T1", room="C1", thread="17.1"),
        Address(team="T1", room="@U1"),
        Address(enterprise="E1", team="T1", room="@U1", thread="17.1"),
    ],
)
def test_an_address_comes_back_as_it_was(address: Address) -> None:
    assert Address.of(address.text) == address


@pytest.mark.parametrize("text", ["", "T1/C1", "/T1//", "//C1/", "a/b/c/d/e", "01890a5d"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert Address.of(text) is None


def test_an_organisation_without_a_team_is_named_by_itself() -> None:
    address = Address(enterprise="E1", team="-", room="C1")
    assert Address.of(address.text) == address
    assert address.workspace == ("E1", "")


def test_a_direct_conversation_is_posted_to_by_its_person() -> None:
    direct, channel = Address(team="T1", room="@U1"), Address(team="T1", room="C1")
    assert (direct.person, direct.target) == ("U1", "U1")
    assert (channel.person, channel.target) == ("", "C1")

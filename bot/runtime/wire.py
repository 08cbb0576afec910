"""JSON of the values that rows hold; encoders and decoders are built once."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from bot.ports import Person
from flows.effects import Choice
from flows.events import Event, File, Said
from flows.state import State
from flows.values import Json

_encoder = msgspec.json.Encoder()
_state = msgspec.json.Decoder(State)
_event: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_person = msgspec.json.Decoder(Person)
_choices = msgspec.json.Decoder(tuple[Choice, ...])
_any = msgspec.json.Decoder()
V = TypeVar("V")


def dump(value: Json) -> str:
    """Any value of ours as JSON text."""
    return _encoder.encode(value).decode()


def load(text: str) -> Json:
    """Plain JSON back."""
    return _any.decode(text)


def load_state(text: str) -> State:
    """A flow's State back."""
    return _state.decode(text)


def load_event(text: str) -> Event:
    """An event back, whichever it is."""
    return _event.decode(text)


def load_person(text: str) -> Person:
    """A person back."""
    return _person.decode(text)


def load_choices(text: str) -> tuple[Choice, ...]:
    """The choices of a message back."""
    return _choices.decode(text)


def writable(text: str) -> str:
    """`text` as every database can keep it: without NUL, lone surrogates as U+FFFD. Texts come
    from people and from outside systems, and none may break a unit."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def storable(said: Said) -> Said:
    """What a person did, with every text in it as `writable` makes it."""
    if said.value is None and said.values is None and not said.files:
        return msgspec.structs.replace(said, text=writable(said.text))
    return msgspec.structs.replace(
        said,
        text=writable(said.text),
        value=_cleaned(said.value),
        values=_cleaned(said.values),
        files=tuple(
            File(name=writable(file.name), link=writable(file.link), type=writable(file.type))
            for file in said.files
        ),
    )


def _cleaned(value: V) -> V:
    """A JSON value with its texts, and its keys, as `writable` makes them."""
    cleaned: Json = value
    if isinstance(value, str):
        cleaned = writable(value)
    elif isinstance(value, dict):
        cleaned = {writable(str(key)): _cleaned(inner) for key, inner in value.items()}
    elif isinstance(value, list):
        cleaned = [_cleaned(inner) for inner in value]
    result: V = cleaned
    return result

"""Frozen dataclasses to JSON and back, by their annotations: strict, bounded, nothing guessed.

Every field must be there, none besides; a value of another type, size or depth is refused.
"""

import dataclasses
import math
import types
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from app.domain.changes import Json
from app.domain.failures import Code, Rejected

TEXT_MAX = 4096
ITEMS_MAX = 1024
DEPTH_MAX = 12
_WHOLE_MAX = 2**53

Parser = Callable[[Json], Any]


class TypedWords:
    """The kinds of word that one side may say: `kind` is the class's key in `kinds`."""

    def __init__(self, kinds: dict[str, type[Any]]) -> None:
        self._kind_of = {made: kind for kind, made in kinds.items()}
        self._parsers = {kind: _record_parser(made, {"kind"}) for kind, made in kinds.items()}

    def word(self, said: object) -> dict[str, Json]:
        """What goes over the channel."""
        plain = cast(dict[str, Json], _plain(said))
        return {"kind": self._kind_of[type(said)]} | plain

    def said(self, word: dict[str, Json]) -> Any:
        """What was meant; Rejected(MALFORMED) when it is no word of this list."""
        kind = word.get("kind")
        parser = self._parsers.get(kind) if isinstance(kind, str) else None
        if parser is None:
            raise Rejected(Code.MALFORMED, "kind")
        return parser(word)


def _plain(value: object) -> Json:
    match value:
        case None | bool() | int() | float():
            return value
        case StrEnum() | UUID():
            return str(value)
        case str():
            return value
        case datetime():
            return value.isoformat()
        case tuple() | list():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name)) for name in names}
    raise TypeError(f"{type(value).__name__} does not travel")


def _refused() -> Rejected:
    return Rejected(Code.MALFORMED, "word")


def _record_parser(made: type[Any], besides: frozenset[str] | set[str] = frozenset()) -> Parser:
    hints = get_type_hints(made)
    names = [field.name for field in dataclasses.fields(made)]
    parsers = {name: _parser(hints[name]) for name in names}
    expected = set(names) | set(besides)

    def parse(value: Json) -> Any:
        if not isinstance(value, dict) or value.keys() != expected:
            raise _refused()
        return made(**{name: parser(value[name]) for name, parser in parsers.items()})

    return parse


def _parser(hint: Any) -> Parser:
    if isinstance(hint, NewType):
        hint = hint.__supertype__
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if get_origin(hint) in (Union, types.UnionType):
        inner = [_parser(part) for part in get_args(hint) if part is not type(None)]
        assert len(inner) == 1, "a field is of one type, or of one type or None"
        return lambda value: None if value is None else inner[0](value)
    if get_origin(hint) is tuple:
        return _tuple_parser(_parser(get_args(hint)[0]))
    if get_origin(hint) is dict:
        return _object
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enum_parser(hint)
    assert isinstance(hint, type) and dataclasses.is_dataclass(hint), hint
    return _record_parser(hint)


def _tuple_parser(item_parser: Parser) -> Parser:
    def parse(value: Json) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > ITEMS_MAX:
            raise _refused()
        return tuple(item_parser(item) for item in value)

    return parse


def _enum_parser(kind: type[StrEnum]) -> Parser:
    known = {str(member): member for member in kind}

    def parse(value: Json) -> StrEnum:
        if not isinstance(value, str) or value not in known:
            raise _refused()
        return known[value]

    return parse


def _text(value: Json) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise _refused()
    if any("\ud800" <= letter <= "\udfff" for letter in value):  # half a character
        raise _refused()
    return value


def _truth(value: Json) -> bool:
    if not isinstance(value, bool):
        raise _refused()
    return value


def _whole(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _WHOLE_MAX:
        raise _refused()
    return value


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused()
    if not math.isfinite(value) or abs(value) > _WHOLE_MAX:
        raise _refused()
    return float(value)


def _id(value: Json) -> UUID:
    text = _text(value)
    try:
        found = UUID(text)
    except ValueError as error:
        raise _refused() from error
    if str(found) != text:  # one way to write it
        raise _refused()
    return found


def _instant(value: Json) -> datetime:
    try:
        instant = datetime.fromisoformat(_text(value))
    except ValueError as error:
        raise _refused() from error
    if instant.tzinfo is None:
        raise _refused()
    return instant


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict) or _depth(value) > DEPTH_MAX:
        raise _refused()
    return value


def _depth(value: Json) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(item) for item in inner), default=0)


_SIMPLE: dict[Any, Parser] = {
    str: _text,
    bool: _truth,
    int: _whole,
    float: _number,
    UUID: _id,
    datetime: _instant,
}

"""The `?q=` filter of a collection: conditions on body fields, joined by AND and OR (netsuite.md 2.3)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.sandbox.netsuite.errors import Refusal, invalid_parameter

MAX_DEPTH = 50
_TOKEN = re.compile(r'\s*(?:(?P<mark>[()\[\],])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()\[\],"]+))')
_DATE_FORMS = ("%m/%d/%Y", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S")


@dataclass(frozen=True)
class Column:
    """A field that can be filtered: its SQL and its type (string, number, boolean, date)."""

    sql: str
    type: str = "string"


@dataclass(frozen=True)
class Filter:
    sql: str
    values: tuple[Any, ...] = ()

    def joined(self, word: str, other: "Filter") -> "Filter":
        return Filter(f"({self.sql} {word} {other.sql})", (*self.values, *other.values))


@dataclass(frozen=True)
class _Token:
    text: str
    is_mark: bool = False
    is_quoted: bool = False

    def is_word(self, word: str) -> bool:
        return not self.is_mark and not self.is_quoted and self.text.upper() == word


EVERYTHING = Filter("1 = 1")
END = _Token("", is_mark=True)


def parse(query: str, *, columns: Mapping[str, Column]) -> Filter:
    """Columns by lower-case field name. Raises Refusal for anything N/query would not understand."""
    if not query.strip():
        return EVERYTHING
    return _Parser(_tokens(query), columns=columns).whole()


def bad_filter(why: str) -> Refusal:
    return invalid_parameter("q", detail=f"Invalid search query. {why}")


def _tokens(query: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    text = query.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise bad_filter(f"Unexpected character at position {at + 1}.")
        at = found.end()
        if found["mark"]:
            tokens.append(_Token(found["mark"], is_mark=True))
        elif found["word"]:
            tokens.append(_Token(found["word"]))
        else:
            tokens.append(_Token(re.sub(r"\\(.)", r"\1", found["quoted"]), is_quoted=True))
    return tokens


class _Parser:
    """AND binds more tightly than OR; parentheses mark precedence."""

    def __init__(self, tokens: list[_Token], *, columns: Mapping[str, Column]) -> None:
        self._tokens = tokens
        self._columns = columns
        self._at = 0
        self._depth = 0

    def whole(self) -> Filter:
        found = self._either()
        if self._at < len(self._tokens):
            raise bad_filter(f"'{self._tokens[self._at].text}' was not expected.")
        return found

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def _next(self) -> _Token:
        token = self._peek()
        if token is END:
            raise bad_filter("The condition is not complete.")
        self._at += 1
        return token

    def _either(self) -> Filter:
        found = self._all()
        while self._peek().is_word("OR"):
            self._at += 1
            found = found.joined("OR", self._all())
        return found

    def _all(self) -> Filter:
        found = self._one()
        while self._peek().is_word("AND"):
            self._at += 1
            found = found.joined("AND", self._one())
        return found

    def _one(self) -> Filter:
        token = self._next()
        if not token.is_mark:
            return self._condition(token)
        if token.text != "(" or self._depth >= MAX_DEPTH:
            raise bad_filter(f"'{token.text}' was not expected.")
        self._depth += 1
        found = self._either()
        self._depth -= 1
        self._expect(")")
        return found

    def _expect(self, mark: str) -> None:
        token = self._next()
        if not token.is_mark or token.text != mark:
            raise bad_filter(f"'{mark}' was expected instead of '{token.text}'.")

    def _condition(self, field: _Token) -> Filter:
        column = self._columns.get(field.text.lower())
        if column is None or field.is_quoted:
            raise bad_filter(f"Field '{field.text}' was not found or cannot be used for filtering.")
        operator = self._next().text.upper()
        positive = operator.removesuffix("_NOT")
        if positive == "EMPTY":
            return _negated(Filter(f"({column.sql} IS NULL OR {column.sql} = '')"), operator)
        build = OPERATORS[column.type].get(positive)
        if build is None:
            raise bad_filter(f"Operator '{operator}' is not supported for the field '{field.text}'.")
        return _negated(build(column, [_VALUE[column.type](value) for value in self._values()]), operator)

    def _values(self) -> list[str]:
        token = self._next()
        if not token.is_mark:
            return [token.text]
        if token.text != "[":
            raise bad_filter(f"A value was expected instead of '{token.text}'.")
        values: list[str] = []
        while True:
            inner = self._next()
            if inner.is_mark:
                raise bad_filter(f"A value was expected instead of '{inner.text}'.")
            values.append(inner.text)
            closing = self._next()
            if closing.is_mark and closing.text == "]":
                return values
            if not closing.is_mark or closing.text != ",":
                raise bad_filter("Values of a list are separated by commas.")


def _negated(found: Filter, operator: str) -> Filter:
    return Filter(f"NOT coalesce({found.sql}, 0)", found.values) if operator.endswith("_NOT") else found


def _single(values: list[Any]) -> Any:
    if len(values) != 1:
        raise bad_filter("The operator takes one value.")
    return values[0]


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise bad_filter(f"'{text}' is not a number.") from None
    if number != number or abs(number) > 1e18:
        raise bad_filter(f"'{text}' is not a number.")
    return number


def _date(text: str) -> str:
    """Dates come in the user's format, not in the one of the record bodies (netsuite.md 2.3)."""
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 a day has no zone
        except ValueError:
            continue
    raise bad_filter(f"'{text}' is not a date in the user's format, such as 5/31/2026.")


def _truth(text: str) -> str:
    marks = {"true": "T", "t": "T", "false": "F", "f": "F"}
    if text.lower() not in marks:
        raise bad_filter(f"'{text}' is neither true nor false.")
    return marks[text.lower()]


Build = Callable[[Column, list[Any]], Filter]


def _is(column: Column, values: list[Any]) -> Filter:
    return Filter(f"lower({column.sql}) = lower(?)", (_single(values),))


def _like(pattern: str) -> Build:
    def build(column: Column, values: list[Any]) -> Filter:
        text = re.sub(r"([%_\\])", r"\\\1", str(_single(values)))
        return Filter(f"lower({column.sql}) LIKE lower(?) ESCAPE '\\'", (pattern.format(text),))

    return build


def _compared(sign: str) -> Build:
    def build(column: Column, values: list[Any]) -> Filter:
        return Filter(f"{column.sql} {sign} ?", (_single(values),))

    return build


def _any_of(column: Column, values: list[Any]) -> Filter:
    return Filter(f"{column.sql} IN ({', '.join('?' * len(values))})", tuple(values))


def _between(column: Column, values: list[Any]) -> Filter:
    if len(values) != 2:
        raise bad_filter("The operator takes two values: [from, to].")
    return Filter(f"{column.sql} BETWEEN ? AND ?", tuple(values))


_NUMBERS: dict[str, Build] = {
    "EQUAL": _compared("="),
    "IS": _compared("="),  # ids are text in the API and numbers in the books
    "GREATER": _compared(">"),
    "GREATER_OR_EQUAL": _compared(">="),
    "LESS": _compared("<"),
    "LESS_OR_EQUAL": _compared("<="),
    "ANY_OF": _any_of,
    "BETWEEN": _between,
    "WITHIN": _between,
}
_STRINGS: dict[str, Build] = {
    "IS": _is,
    "CONTAIN": _like("%{}%"),
    "START_WITH": _like("{}%"),
    "END_WITH": _like("%{}"),
    "ANY_OF": _any_of,
}
_DATES: dict[str, Build] = {
    "ON": _compared("="),
    "AFTER": _compared(">"),
    "BEFORE": _compared("<"),
    "ON_OR_AFTER": _compared(">="),
    "ON_OR_BEFORE": _compared("<="),
}
OPERATORS: dict[str, dict[str, Build]] = {
    "string": _STRINGS,
    "number": _NUMBERS,
    "boolean": {"IS": _compared("=")},
    "date": _DATES,
}
_VALUE: dict[str, Callable[[str], Any]] = {"string": str, "number": _number, "boolean": _truth, "date": _date}

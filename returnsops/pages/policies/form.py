"""The form of a shop's rules, built from the type `Policy`: a new setting is in it without a line here."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_type_hints

from django import forms
from django.core.exceptions import ValidationError

from returnsops.pages.policies.form_labels import LABELS
from returnsops.pages.policies.typed import (
    read_currencies,
    read_duration,
    read_lines,
    read_place_rules,
    read_tenders,
    write_currencies,
    write_place_rules,
    write_tenders,
)
from returnsops.returns.policy import (
    ITEM_KEYS,
    JUDGED,
    RECORD_KINDS,
    WRONG_ITEM,
    Assessment,
    Grade,
    Ownership,
    PlaceRule,
    Policy,
    RestockExemption,
    Tender,
)
from returnsops.returns.policy_reading import parse_policy, parse_stored
from returnsops.returns.policy_terms import ASSESSMENTS, CHOICES, DEADLINES, GRADES, ITEMS, JUDGEMENTS, PLACES, RECORDS
from returnsops.returns.policy_words import duration_words

TEXT_MAX, LONG_TEXT_MAX = 60, 20_000
MORE = "More settings"
NOT_TOLD = "not_told"
HINTS = get_type_hints(Policy)


@dataclass(frozen=True)
class Piece:
    """One field of the form. read: from what was typed to what the rules hold; raises ValueError or ValidationError."""

    topic: str
    field: forms.Field
    path: tuple[str, ...]
    read: Callable[[Any], Any] = str


class RulesForm(forms.Form):
    """rules: those it starts from. `new_rules` holds all of them with what was typed, whether or not it knew them.

    reword: puts names into what is refused, which knows ids alone.
    """

    def __init__(self, *args: Any, rules: dict[str, Any], reword: Callable[[str], str] = str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules, self.reword = rules, reword
        self.pieces = dict(pieces_of(parse_stored(rules)))
        self.fields |= {name: piece.field for name, piece in self.pieces.items()}

    @property
    def topics(self) -> list[tuple[str, list[forms.BoundField]]]:
        found: dict[str, list[forms.BoundField]] = {}
        for name, piece in self.pieces.items():
            found.setdefault(piece.topic, []).append(self[name])
        return list(found.items())

    def clean(self) -> dict[str, Any]:
        """Nonsense is told at its field, what excludes each other for the whole."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        rules: dict[str, Any] = json.loads(json.dumps(self.rules))
        for name, piece in self.pieces.items():
            if name in data:
                self._put(rules, name, piece, data[name])
        if not self.errors:
            try:
                parse_policy(rules)
            except ValidationError as refusal:
                self.add_error(None, ValidationError([self.reword(one) for one in refusal.messages]))
        self.new_rules = rules
        return data

    def _put(self, rules: dict[str, Any], name: str, piece: Piece, value: Any) -> None:
        try:
            read = piece.read(value)
        except ValidationError as refusal:
            self.add_error(name, refusal)
            return
        place = rules
        for part in piece.path[:-1]:
            place = place.setdefault(part, {})
        if read in ("", None):
            place.pop(piece.path[-1], None)
        else:
            place[piece.path[-1]] = read


def pieces_of(policy: Policy) -> list[tuple[str, Piece]]:
    """In the order of the type, so that what belongs together stands together."""
    return [
        ("__".join(piece.path), piece)
        for field in fields(Policy)
        for piece in _pieces_of(field.name, getattr(policy, field.name))
    ]


def _pieces_of(name: str, value: Any) -> list[Piece]:
    if name in BY_NAME:
        return BY_NAME[name](value)
    topic, label, help_text = LABELS.get(name, (MORE, name.replace("_", " ").capitalize(), ""))
    if isinstance(value, StrEnum):
        return [Piece(topic, _choice(label, type(value), value), (name,))]
    hint = HINTS[name]
    if hint is str:
        word = forms.CharField(label=label, help_text=help_text, initial=value, required=False, max_length=TEXT_MAX)
        return [Piece(topic, word, (name,))]
    if isinstance(value, bool):
        box = forms.BooleanField(label=label, help_text=help_text, initial=value, required=False)
        return [Piece(topic, box, (name,), read=bool)]
    if Decimal in (hint, *get_args(hint)):
        number = forms.DecimalField(
            label=label, help_text=help_text, initial=value, required=hint is Decimal, min_value=Decimal(0),
            max_digits=14, decimal_places=6,
        )  # fmt: skip
        return [
            Piece(topic, number, (name,), read=lambda amount: None if amount is None else f"{amount.normalize():f}")
        ]
    raise TypeError(f"nothing here knows how {name} is typed")


def _choice(label: str, kind: type[StrEnum], value: StrEnum) -> forms.ChoiceField:
    choices = [(one.value, _start_large(CHOICES[kind][one])) for one in kind]
    return forms.ChoiceField(label=label, choices=choices, initial=value.value, widget=forms.RadioSelect)


def _ownership(value: dict[str, Ownership]) -> list[Piece]:
    return [
        Piece("Who writes what", _choice(RECORDS[kind], Ownership, value[kind]), ("ownership", kind))
        for kind in RECORD_KINDS
    ]


def _locations(value: Any) -> list[Piece]:
    told = dict.fromkeys(PLACES, "Location id, as above. Empty: they stay on hold.")
    told["holding"] = (
        "Location id. What ReturnsOps writes needs it; another system may do without. Where NetSuite keeps stock apart "
        "by inventory status, «31/2» is status 2 at location 31."
    )
    return [
        Piece("Goods", _id_field(words, getattr(value, name), help_text=told[name], ids="places"), ("locations", name))
        for name, words in PLACES.items()
    ]


def _place_rules(value: tuple[PlaceRule, ...]) -> list[Piece]:
    field = _lines_field(
        "Units that go elsewhere", write_place_rules(value), rows=max(3, len(value) + 1),
        help_text="One rule a line, the first that fits holds: «damaged, SOCKS-*: 35» sends damaged units of SKUs that "
        "begin with SOCKS- to location 35; «sellable, category Underwear: 31» units whose item NetSuite has in that "
        "category, to hold; «sellable, destination 41001: 15» those sent to that destination of Loop.",
    )  # fmt: skip
    return [Piece("Goods", field, ("place_rules",), read=read_place_rules)]


def _scrap_account(value: str) -> list[Piece]:
    help_text = "Account id of write-offs. Empty: a scrapped unit waits as a case."
    field = _id_field("Scrapped units are written off to", value, help_text=help_text, ids="accounts")
    return [Piece("Goods", field, ("scrap_account",))]


def _found_account(value: str) -> list[Piece]:
    help_text = (
        "Account id against which goods that are on no return are taken into stock, always on hold. Empty: never."
    )
    field = _id_field("Goods found beside a return are booked against", value, help_text=help_text, ids="accounts")
    return [Piece("Goods", field, ("found_account",))]


def _exchange_location(value: str) -> list[Piece]:
    help_text = (
        "Location id, for the orders that ReturnsOps creates. Empty: the order names none, and the goods of all "
        "locations count."
    )
    field = _id_field("Exchanges ship from", value, help_text=help_text, ids="places")
    return [Piece("Exchanges", field, ("exchange_location",))]


def _restock_exemption(value: RestockExemption) -> list[Piece]:
    """Of use only where a Loop restock may make units sellable; the type refuses that without all three."""
    reason = forms.CharField(
        label="Why some units need no inspection", required=False, initial=value.reason, max_length=LONG_TEXT_MAX,
        help_text="Everybody sees this reason at the top of every page for as long as the exemption holds.",
    )  # fmt: skip
    until = forms.DateField(
        label="The exemption ends after", required=False, initial=value.until,
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    skus = _lines_field(
        "SKUs that need no inspection", "\n".join(value.skus), rows=3,
        help_text="One a line; «GIFT-*» is all that begin so.",
    )  # fmt: skip
    name = "restock_exemption"
    return [
        Piece("Goods", reason, (name, "reason"), read=str.strip),
        Piece("Goods", until, (name, "until"), read=lambda day: day.isoformat() if day else None),
        Piece("Goods", skus, (name, "skus"), read=read_lines),
    ]


def _items(value: dict[str, str]) -> list[Piece]:
    """Many alike, so only the first says what all of them want."""
    told = dict.fromkeys(ITEM_KEYS, "") | {
        ITEM_KEYS[0]: "Id of a non-stock item, here and below. Empty: where it occurs, the return waits as a case."
    }
    return [
        Piece(
            "Money", _id_field(_item_label(key), value.get(key, ""), help_text=told[key], ids="items"), ("items", key)
        )
        for key in ITEM_KEYS
    ]


def _item_label(key: str) -> str:
    words = ITEMS[key]
    return f"Item for {words[:1].lower()}{words[1:]}"


def _tenders(value: dict[str, Tender]) -> list[Piece]:
    field = _lines_field(
        "Where refunds are booked", write_tenders(value), rows=max(3, len(value) + 1),
        help_text="One gateway a line: «shopify_payments: 217, 9» is clearing account 217 and refund method 9. A name "
        "with a comma or a colon stands in quotes, here and wherever a line names something: «\"Pay, later\": 217».",
    )  # fmt: skip
    return [Piece("Money", field, ("tenders",), read=read_tenders)]


def _currencies(value: dict[str, str]) -> list[Piece]:
    field = _lines_field(
        "What NetSuite calls currencies, where it is not their usual name", write_currencies(value),
        rows=max(2, len(value) + 1),
        help_text="One a line, its name in NetSuite and its code: «Dollar (house): USD».",
    )  # fmt: skip
    return [Piece("Money", field, ("currencies",), read=read_currencies)]


def _grades(value: dict[str, Grade]) -> list[Piece]:
    return [
        _told(f"Condition of {JUDGEMENTS[outcome]}", ("grades", outcome), value.get(outcome, ""), GRADES)
        for outcome in (*JUDGED, WRONG_ITEM)
    ]


def _assessments(value: dict[str, Assessment]) -> list[Piece]:
    return [
        _told(f"What becomes of {JUDGEMENTS[outcome]}", ("assessments", outcome), value.get(outcome, ""), ASSESSMENTS)
        for outcome in JUDGED
    ]


def _told(label: str, path: tuple[str, ...], value: str, words: Mapping[Any, str]) -> Piece:
    choices = [(NOT_TOLD, "Not told"), *((one.value, _start_large(said)) for one, said in words.items())]
    field = forms.ChoiceField(label=label, choices=choices, initial=value or NOT_TOLD)
    return Piece("Told to Loop", field, path, read=lambda word: "" if word == NOT_TOLD else word)


def _deadlines(value: Any) -> list[Piece]:
    return [
        Piece(
            "When silence is a problem",
            forms.CharField(
                label=DEADLINES[field.name], initial=duration_words(getattr(value, field.name)), max_length=TEXT_MAX
            ),
            ("deadlines", field.name),
            read=read_duration,
        )
        for field in fields(value)
    ]


BY_NAME: dict[str, Callable[[Any], list[Piece]]] = {
    "ownership": _ownership,
    "locations": _locations,
    "place_rules": _place_rules,
    "restock_exemption": _restock_exemption,
    "scrap_account": _scrap_account,
    "found_account": _found_account,
    "exchange_location": _exchange_location,
    "items": _items,
    "tenders": _tenders,
    "currencies": _currencies,
    "grades": _grades,
    "assessments": _assessments,
    "deadlines": _deadlines,
}


def _id_field(label: str, value: str, *, help_text: str, ids: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"list": ids, "autocomplete": "off"})
    return forms.CharField(
        label=label, initial=value, help_text=help_text, required=False, max_length=TEXT_MAX, widget=widget
    )


def _lines_field(label: str, value: str, *, rows: int, help_text: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "spellcheck": "false"})
    return forms.CharField(
        label=label, initial=value, help_text=help_text, required=False, max_length=LONG_TEXT_MAX, widget=widget
    )


def _start_large(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]

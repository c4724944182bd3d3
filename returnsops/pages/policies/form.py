"""The form of a shop's rules, built from the type `Policy`: a new setting is in it without a line here."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_type_hints

from django import forms
from django.core.exceptions import ValidationError

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
from returnsops.returns.policy_words import (
    ASSESSMENTS,
    CHOICES,
    DEADLINES,
    GRADES,
    ITEMS,
    JUDGEMENTS,
    PLACES,
    RECORDS,
    duration_words,
)

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
DURATION = re.compile(r"^\s*(\d{1,6})\s*([a-z]+?)s?\s*$", re.IGNORECASE)
SHORT = {"s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day", "w": "week"}
TENDER = re.compile(r"^\s*(?P<gateway>[^:]+?)\s*:\s*(?P<account>\d+)\s*(?:,\s*(?P<method>\d+)\s*)?$")
CURRENCY = re.compile(r"^\s*(?P<name>.+?)\s*:\s*(?P<code>[A-Za-z]{3})\s*$")
PLACE_RULE = re.compile(
    r"^\s*(?P<outcome>sellable|damaged)(?:\s*,\s*destination\s+(?P<destination>\d+))?"
    r"(?:\s*,\s*(?P<sku>[^,:]+?))?\s*:\s*(?P<place>\d+)\s*$",
    re.IGNORECASE,
)
TEXT_MAX, LONG_TEXT_MAX = 60, 20_000
LABELS = {
    "rma_trigger": ("Goods", "A Return Authorization is made", ""),
    "rma_source": ("Goods", "A Return Authorization is made from", ""),
    "receipt_trigger": (
        "Goods",
        "Units are received",
        "Whatever is chosen: only a person's judgement makes them sellable.",
    ),
    "receipt_shape": ("Goods", "Received units go", ""),
    "refund_authority": ("Money", "Who goes first", ""),
    "credit_lines": ("Money", "Lines of a credit", ""),
    "exchange_order": ("Exchanges", "An exchange order", ""),
    "exchange_form": ("Exchanges", "The new items come", ""),
    "exchange_timing": ("Exchanges", "The exchange order should exist", "Its clock starts then."),
    "exchange_link_field": ("Exchanges", "Field for the original order", "Script id, such as custbody_original_order."),
    "exchange_settlement": ("Exchanges", "An exchange is settled with", ""),
    "exchange_stock": ("Exchanges", "Goods of an exchange order that ReturnsOps creates are", ""),
    "exchange_address": ("Exchanges", "An exchange order that ReturnsOps creates goes", ""),
    "tolerance_per_line": ("Money", "Accepted difference a line", "In the shop's currency, such as 0.01."),
    "tolerance_share": ("Money", "and as a share of the goods", "0.005 is half a percent. The lesser of both holds."),
    "approval_above": ("Money", "Ask finance before any credit above", "Empty: no credit needs it for its size."),
    "prices_include_tax": ("Money", "Loop's prices include the tax", "It is then taken out when a return is read."),
    "duties_field": (
        "Money",
        "Where Loop tells duties that it gave back",
        "Loop's name of the amount. Empty: nowhere.",
    ),
    "kept_items": ("Goods", "That a customer keeps the goods is known", ""),
    "grades_when_ended": (
        "Told to Loop",
        "Tell it of returns that are over, too",
        "Loop documents nowhere whether it takes either for a closed or cancelled return.",
    ),
    "read_back": (
        "Checks",
        "What is compared with what was sent",
        "A receipt or a transfer may be trusted, a document about money never.",
    ),
    "read_back_share": (
        "Checks",
        "Share of the documents without a risk",
        "0.1 is one in ten. It counts only where not every document is read back.",
    ),
}
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
    """rules: those it starts from. `new_rules` holds all of them with what was typed, whether or not it knew them."""

    def __init__(self, *args: Any, rules: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules = rules
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
                self.add_error(None, refusal)
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
    return [
        Piece(
            "Goods",
            _id_field(words, getattr(value, name), help_text="Location id. Empty: they stay on hold.", ids="places"),
            ("locations", name),
        )
        for name, words in PLACES.items()
    ]


def _place_rules(value: tuple[PlaceRule, ...]) -> list[Piece]:
    lines = [
        ", ".join(filter(None, [one.outcome, one.destination and f"destination {one.destination}", one.sku]))
        + f": {one.place}"
        for one in value
    ]
    field = forms.CharField(
        label="Units that go elsewhere", required=False, initial="\n".join(lines), max_length=LONG_TEXT_MAX,
        help_text="One rule a line, the first that fits holds: «damaged, SOCKS-*: 35» sends damaged units of SKUs that "
        "begin with SOCKS- to location 35; «sellable, destination 41001: 15» those sent to that destination of Loop.",
        widget=forms.Textarea(attrs={"rows": max(3, len(lines) + 1), "spellcheck": "false"}),
    )  # fmt: skip
    return [Piece("Goods", field, ("place_rules",), read=_read_place_rules)]


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
    skus = forms.CharField(
        label="SKUs that need no inspection", required=False, initial="\n".join(value.skus), max_length=LONG_TEXT_MAX,
        help_text="One a line; «GIFT-*» is all that begin so.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    name = "restock_exemption"
    return [
        Piece("Goods", reason, (name, "reason"), read=str.strip),
        Piece("Goods", until, (name, "until"), read=lambda day: day.isoformat() if day else None),
        Piece(
            "Goods", skus, (name, "skus"), read=lambda text: [one.strip() for one in text.splitlines() if one.strip()]
        ),
    ]


def _read_place_rules(text: str) -> list[dict[str, str]]:
    found = []
    for line in filter(str.strip, text.splitlines()):
        match = PLACE_RULE.match(line)
        if match is None or not (match["sku"] or match["destination"]):
            raise ValidationError(
                f"«{line.strip()}» is not read. Write «damaged, SOCKS-*: 35» or «sellable, destination 41001: 15»."
            )
        found.append({name: said for name, said in match.groupdict().items() if said})
        found[-1]["outcome"] = found[-1]["outcome"].lower()
    return found


def _items(value: dict[str, str]) -> list[Piece]:
    help_text = "Item id of a non-stock item. Empty: where it occurs, the return waits as a case."
    return [
        Piece("Money", _id_field(ITEMS[key], value.get(key, ""), help_text=help_text, ids="items"), ("items", key))
        for key in ITEM_KEYS
    ]


def _tenders(value: dict[str, Tender]) -> list[Piece]:
    lines = [
        f"{gateway}: {tender.account_id}" + (f", {tender.payment_option_id}" if tender.payment_option_id else "")
        for gateway, tender in sorted(value.items())
    ]
    field = forms.CharField(
        label="Where refunds are booked", required=False, initial="\n".join(lines), max_length=LONG_TEXT_MAX,
        help_text="One gateway a line: «shopify_payments: 217, 9» is clearing account 217 and refund method 9.",
        widget=forms.Textarea(attrs={"rows": max(3, len(lines) + 1), "spellcheck": "false"}),
    )  # fmt: skip
    return [Piece("Money", field, ("tenders",), read=_read_tenders)]


def _currencies(value: dict[str, str]) -> list[Piece]:
    field = forms.CharField(
        label="What NetSuite calls currencies, where it is not their usual name", required=False,
        initial="\n".join(f"{name}: {code}" for name, code in sorted(value.items())), max_length=LONG_TEXT_MAX,
        help_text="One a line, its name in NetSuite and its code: «Dollar (house): USD».",
        widget=forms.Textarea(attrs={"rows": max(2, len(value) + 1), "spellcheck": "false"}),
    )  # fmt: skip
    return [Piece("Money", field, ("currencies",), read=_read_currencies)]


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


def read_duration(text: str) -> int:
    """«90 minutes», «3 d» → seconds. Raises ValidationError with an example."""
    match = DURATION.match(text)
    unit = SHORT.get(match[2].lower(), match[2].lower()) if match else ""
    if match is None or unit not in UNITS:
        raise ValidationError("Say a number and a unit, such as «90 minutes», «1 hour» or «3 days».")
    return int(match[1]) * UNITS[unit]


def _read_tenders(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in filter(str.strip, text.splitlines()):
        match = TENDER.match(line)
        if match is None:
            raise ValidationError(
                f"«{line.strip()}» is not read. Write «gateway: account» or «gateway: account, method»."
            )
        if match["gateway"] in found:
            raise ValidationError(f"{match['gateway']} is there twice. Keep one line of it.")
        method = {"payment_option_id": match["method"]} if match["method"] else {}
        found[match["gateway"]] = {"account_id": match["account"]} | method
    return found


def _read_currencies(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        match = CURRENCY.match(line)
        if match is None:
            raise ValidationError(f"«{line.strip()}» is not read. Write its name and code: «Dollar (house): USD».")
        if match["name"] in found:
            raise ValidationError(f"{match['name']} is there twice. Keep one line of it.")
        found[match["name"]] = match["code"].upper()
    return found


def _start_large(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]

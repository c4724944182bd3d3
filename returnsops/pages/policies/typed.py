"""What people type into fields with a language of their own: read into what the rules hold, and written to be changed.

A reader raises ValidationError with an example of what would be understood.
"""

import re
from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError

from returnsops.returns.policy import PlaceRule, Tender

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
SHORT = {"s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day", "w": "week"}
DURATION = re.compile(r"^\s*(\d[\d,]{0,7})\s*([a-z]+?)s?\s*$", re.IGNORECASE)
TENDER = re.compile(r"^\s*(?P<gateway>[^:]+?)\s*:\s*(?P<account>\d+)\s*(?:,\s*(?P<method>\d+)\s*)?$")
CURRENCY = re.compile(r"^\s*(?P<name>.+?)\s*:\s*(?P<code>[A-Za-z]{3})\s*$")
PLACE_RULE = re.compile(
    r"^\s*(?P<outcome>sellable|damaged)(?:\s*,\s*destination\s+(?P<destination>\d+))?"
    r"(?:\s*,\s*(?P<sku>[^,:]+?))?\s*:\s*(?P<place>\d+)\s*$",
    re.IGNORECASE,
)


def read_duration(text: str) -> int:
    """«90 minutes», «3 d» → seconds."""
    match = DURATION.match(text)
    unit = SHORT.get(match[2].lower(), match[2].lower()) if match else ""
    if match is None or unit not in UNITS:
        raise ValidationError("Say a number and a unit, such as «90 minutes», «1 hour» or «3 days».")
    return int(match[1].replace(",", "")) * UNITS[unit]


def read_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_tenders(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in read_lines(text):
        match = _understood(TENDER, line, example="«gateway: account» or «gateway: account, method»")
        _refuse_twice(match["gateway"], found)
        method = {"payment_option_id": match["method"]} if match["method"] else {}
        found[match["gateway"]] = {"account_id": match["account"]} | method
    return found


def write_tenders(tenders: Mapping[str, Tender]) -> str:
    return "\n".join(
        f"{gateway}: {tender.account_id}" + (f", {tender.payment_option_id}" if tender.payment_option_id else "")
        for gateway, tender in sorted(tenders.items())
    )


def read_currencies(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in read_lines(text):
        match = _understood(CURRENCY, line, example="its name and code: «Dollar (house): USD»")
        _refuse_twice(match["name"], found)
        found[match["name"]] = match["code"].upper()
    return found


def write_currencies(currencies: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {code}" for name, code in sorted(currencies.items()))


def read_place_rules(text: str) -> list[dict[str, str]]:
    return [_read_place_rule(line) for line in read_lines(text)]


def _read_place_rule(line: str) -> dict[str, str]:
    example = "«damaged, SOCKS-*: 35» or «sellable, destination 41001: 15»"
    match = _understood(PLACE_RULE, line, example=example)
    if not (match["sku"] or match["destination"]):
        raise _not_understood(line, example=example)
    said = {name: word for name, word in match.groupdict().items() if word}
    return said | {"outcome": said["outcome"].lower()}


def write_place_rules(rules: Sequence[PlaceRule]) -> str:
    return "\n".join(
        ", ".join(filter(None, [one.outcome, one.destination and f"destination {one.destination}", one.sku]))
        + f": {one.place}"
        for one in rules
    )


def _understood(pattern: re.Pattern[str], line: str, *, example: str) -> re.Match[str]:
    match = pattern.match(line)
    if match is None:
        raise _not_understood(line, example=example)
    return match


def _not_understood(line: str, *, example: str) -> ValidationError:
    return ValidationError(f"«{line}» is not read. Write {example}.")


def _refuse_twice(name: str, found: Mapping[str, object]) -> None:
    if name in found:
        raise ValidationError(f"{name} is there twice. Keep one line of it.")

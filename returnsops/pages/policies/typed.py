"""What people type into fields with a language of their own: read into what the rules hold, and written to be changed.

A reader raises ValidationError with an example of what would be understood. What a line could not hold otherwise stands
in double quotes, as in a spreadsheet's file: a comma, a colon, a quote (written twice), an id that is no number.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from django.core.exceptions import ValidationError

from returnsops.returns.policy import PlaceRule, Tender

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
SHORT = {"s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day", "w": "week"}
DURATION = re.compile(r"^\s*(\d[\d,]{0,12})\s*([a-z]+?)s?\s*$", re.IGNORECASE)
QUOTED = r'"(?:[^"]|"")*"'
ID = rf"{QUOTED}|\d+"
PLACE = rf"{ID}(?:/\d+)?"
TENDER = re.compile(rf'(?P<gateway>{QUOTED}|(?!")[^:]+?)\s*:\s*(?P<account>{ID})(?:\s*,\s*(?P<method>{ID}))?')
CURRENCY = re.compile(rf'(?P<name>{QUOTED}|(?!").+?)\s*:\s*(?P<code>[A-Za-z]{{3}})')
PLACE_RULE = re.compile(
    rf"(?P<outcome>sellable|damaged)(?:\s*,\s*destination\s+(?P<destination>{ID}))?"
    rf'(?:\s*,\s*category\s+(?P<category>{QUOTED}|(?!\s|")[^,:]+?))?'
    rf'(?:\s*,\s*(?P<sku>{QUOTED}|(?!\s|"|destination\s|category\s)[^,:]+?))?\s*:\s*(?P<place>{PLACE})',
    re.IGNORECASE,
)
NEEDS_QUOTES = re.compile(r'[,:"]|^\s|\s$|^$|^(destination|category)\s', re.IGNORECASE)
LINE_BREAK = re.compile(r"\r\n|\r|\n")


def read_duration(text: str) -> int:
    """«90 minutes», «3 d» → seconds."""
    match = DURATION.match(text)
    unit = SHORT.get(match[2].lower(), match[2].lower()) if match else ""
    if match is None or unit not in UNITS:
        raise ValidationError("Say a number and a unit, such as «90 minutes», «1 hour» or «3 days».")
    return int(match[1].replace(",", "")) * UNITS[unit]


def read_lines(text: str) -> list[str]:
    return [line.strip() for line in LINE_BREAK.split(text) if line.strip()]


def read_tenders(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in read_lines(text):
        said = _understood(TENDER, line, example="«gateway: account» or «gateway: account, method»")
        _refuse_twice(said["gateway"], found)
        method = {"payment_option_id": said["method"]} if "method" in said else {}
        found[said["gateway"]] = {"account_id": said["account"]} | method
    return found


def write_tenders(tenders: Mapping[str, Tender]) -> str:
    return "\n".join(
        f"{_name(gateway)}: {_id(tender.account_id)}"
        + (f", {_id(tender.payment_option_id)}" if tender.payment_option_id else "")
        for gateway, tender in sorted(tenders.items())
    )


def read_currencies(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in read_lines(text):
        said = _understood(CURRENCY, line, example="its name and code: «Dollar (house): USD»")
        _refuse_twice(said["name"], found)
        found[said["name"]] = said["code"].upper()
    return found


def write_currencies(currencies: Mapping[str, str]) -> str:
    return "\n".join(f"{_name(name)}: {code}" for name, code in sorted(currencies.items()))


def read_place_rules(text: str) -> list[dict[str, str]]:
    return [_read_place_rule(line) for line in read_lines(text)]


def _read_place_rule(line: str) -> dict[str, str]:
    example = "«damaged, SOCKS-*: 35», «sellable, category Underwear: 31» or «sellable, destination 41001: 15»"
    said = _understood(PLACE_RULE, line, example=example)
    if not said.keys() & {"sku", "destination", "category"}:
        raise _not_understood(line, example=example)
    return said | {"outcome": said["outcome"].lower()}


def write_place_rules(rules: Sequence[PlaceRule]) -> str:
    return "\n".join(f"{', '.join(_units_of(one))}: {_place(one.place)}" for one in rules)


def _units_of(rule: PlaceRule) -> Iterator[str]:
    yield rule.outcome
    if rule.destination:
        yield f"destination {_id(rule.destination)}"
    if rule.category:
        yield f"category {_name(rule.category)}"
    if rule.sku:
        yield _name(rule.sku)


def _name(word: str) -> str:
    return _quoted(word) if NEEDS_QUOTES.search(word) else word


def _id(word: str) -> str:
    return word if word.isdecimal() else _quoted(word)


def _place(word: str) -> str:
    return word if word.replace("/", "", 1).isdecimal() else _quoted(word)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _understood(pattern: re.Pattern[str], line: str, *, example: str) -> dict[str, str]:
    """What each part says, without its quotes; parts that are not there are left out."""
    match = pattern.fullmatch(line)
    if match is None:
        raise _not_understood(line, example=example)
    return {part: _unquoted(word) for part, word in match.groupdict().items() if word}


def _unquoted(word: str) -> str:
    return word[1:-1].replace('""', '"') if re.fullmatch(QUOTED, word) else word


def _not_understood(line: str, *, example: str) -> ValidationError:
    return ValidationError(f"«{line}» is not read. Write {example}. A name with a comma or colon stands in quotes.")


def _refuse_twice(name: str, found: Mapping[str, object]) -> None:
    if name in found:
        raise ValidationError(f"{name} is there twice. Keep one line of it.")

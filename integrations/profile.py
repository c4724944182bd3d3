"""What a check found out about a NetSuite account or a Loop shop, typed, and where it is kept.

None means that it could not be told. Facts are compared with configuration; findings are read by people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from integrations.models import ConnectionProfile, NetSuiteAccount, Shop

VERSION = 1  # an older profile is no profile: the next check makes it anew


class Severity(StrEnum):
    BLOCKS = "blocks"  # something ReturnsOps is set up to do cannot work
    WARNS = "warns"  # works today, and somebody should look
    UNKNOWN = "unknown"  # cannot be told from outside, so a person has to
    FINE = "fine"


ORDER = (Severity.BLOCKS, Severity.WARNS, Severity.UNKNOWN, Severity.FINE)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """code: stable, so that two checks can be compared. evidence: status, code and words of the other side.
    shop: whose policy it is about, if it is about one; who does not see that shop does not see it."""

    code: str
    severity: Severity
    words: str
    who: str = ""
    todo: str = ""
    evidence: str = ""
    shop: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A NetSuite location. available: its stock can be promised to customers."""

    id: str
    name: str
    subsidiary_id: str = ""
    available: bool | None = None
    uses_bins: bool | None = None
    is_inactive: bool = False


@dataclass(frozen=True, kw_only=True)
class StockStatus:
    """An inventory status. available: what is in it can be promised to customers."""

    id: str
    name: str
    available: bool | None = None
    is_inactive: bool = False


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An item, an account, a refund method: something a policy names by its id."""

    id: str
    name: str
    kind: str = ""
    is_inactive: bool = False


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Who made records of one type lately, told by how their external ids begin and who made them."""

    mark: str
    made_by: str
    count: int
    is_ours: bool


@dataclass(frozen=True, kw_only=True)
class Period:
    name: str
    closed: bool
    ar_locked: bool
    all_locked: bool


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """access: "edit" (a record could be read, which takes the right to edit), "missing" or "" per record type.
    previewed: record types whose preview proved the right to create. full_lists: which of items, accounts and methods
    hold all there are, so that an id that is not in them does not exist. line_fields, sku_fields: whether a field of
    that name exists."""

    clock_differs_s: int | None = None
    database_offset_min: int | None = None
    suiteql: bool | None = None
    status_form: str = ""
    advanced_receiving: bool | None = None
    one_world: bool | None = None
    suite_tax: bool | None = None
    inventory_status: bool | None = None
    restock: bool | None = None
    create_form: bool | None = None
    deleted_readable: bool | None = None
    links_readable: bool | None = None
    is_administrator: bool | None = None
    refund_method_fields: tuple[str, ...] = ()
    receipt_row_keys: tuple[str, ...] = ()
    sales: dict[str, int] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    previewed: tuple[str, ...] = ()
    missing_fields: dict[str, list[str]] = field(default_factory=dict)
    required_fields: dict[str, list[str]] = field(default_factory=dict)
    period: Period | None = None
    subsidiaries: dict[str, str] = field(default_factory=dict)
    locations: dict[str, Place] | None = None
    statuses: dict[str, StockStatus] | None = None
    items: dict[str, Listed] | None = None
    accounts: dict[str, Listed] | None = None
    methods: dict[str, Listed] | None = None
    full_lists: tuple[str, ...] = ()
    line_fields: dict[str, bool] = field(default_factory=dict)
    sku_fields: dict[str, bool] = field(default_factory=dict)
    writers: dict[str, list[Writer]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    topic: str
    trigger: str
    url: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Destination:
    id: str
    name: str
    enabled: bool
    location_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ShopFacts:
    """scopes: True, False or None per scope of the key. states: what a list of each state answered."""

    version: str = ""
    calls_a_minute: int | None = None
    list_shape: str = ""
    details_shape: str = ""
    notes_shape: str = ""
    scopes: dict[str, bool | None] = field(default_factory=dict)
    states: dict[str, bool] = field(default_factory=dict)
    currencies: tuple[str, ...] = ()
    webhooks: tuple[Subscription, ...] | None = None
    destinations: tuple[Destination, ...] | None = None
    shipping_notice: bool | None = None


Facts = TypeVar("Facts", AccountFacts, ShopFacts)


@dataclass(frozen=True, kw_only=True)
class Profile(Generic[Facts]):
    """changes: in words, what differs from the check before."""

    checked_at: datetime
    duration_s: float
    calls: int
    facts: Facts
    findings: tuple[Finding, ...]
    changes: tuple[str, ...] = ()
    compared_with: datetime | None = None

    def worst(self) -> Severity:
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in ORDER if severity in found), Severity.FINE)

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == severity)


AccountProfile = Profile[AccountFacts]
ShopProfile = Profile[ShopFacts]


def account_profile(account: NetSuiteAccount) -> AccountProfile | None:
    """What the last check found; None before the first one."""
    row = ConnectionProfile.objects.filter(account=account).first()
    return read_profile(row.found, AccountFacts) if row else None


def names_of_places(account: NetSuiteAccount) -> dict[str, str]:
    """Its locations by id, without reading all else that is known; empty before the first check."""
    known = ConnectionProfile.objects.filter(account=account, found__version=VERSION)
    told = known.values_list("found__facts__locations", flat=True).first()
    return {place_id: place["name"] for place_id, place in (told or {}).items()}


def shop_profile(shop: Shop) -> ShopProfile | None:
    row = ConnectionProfile.objects.filter(shop=shop).first()
    return read_profile(row.found, ShopFacts) if row else None


def profile_row(connection: Shop | NetSuiteAccount) -> ConnectionProfile:
    row, _ = ConnectionProfile.objects.get_or_create(
        **({"shop": connection} if isinstance(connection, Shop) else {"account": connection})
    )
    return row


def profile_as_json(profile: Profile[Any]) -> dict[str, Any]:
    moments = {
        "checked_at": profile.checked_at.isoformat(),
        "compared_with": profile.compared_with and profile.compared_with.isoformat(),
    }
    return asdict(profile) | moments | {"version": VERSION}


def read_profile(stored: Mapping[str, Any], kind: type[Facts]) -> Profile[Facts] | None:
    if stored.get("version") != VERSION:
        return None
    before = stored.get("compared_with")
    return Profile(
        checked_at=datetime.fromisoformat(stored["checked_at"]),
        duration_s=float(stored["duration_s"]),
        calls=int(stored["calls"]),
        facts=read_value(kind, stored["facts"]),
        findings=read_value(tuple[Finding, ...], stored["findings"]),
        changes=tuple(stored["changes"]),
        compared_with=datetime.fromisoformat(before) if before else None,
    )


def read_value(kind: Any, value: Any) -> Any:
    """A value of JSON as what the annotation says; keys it does not know are left out."""
    if value is None or kind is Any:
        return value
    if get_origin(kind) in (UnionType, Union):
        (kind,) = [one for one in get_args(kind) if one is not NoneType]
    shape, parts = get_origin(kind), get_args(kind)
    if shape is tuple:
        return tuple(read_value(parts[0], one) for one in value)
    if shape is list:
        return [read_value(parts[0], one) for one in value]
    if shape is dict:
        return {name: read_value(parts[1], one) for name, one in value.items()}
    return _read_dataclass(kind, value) if is_dataclass(kind) else kind(value)


def _read_dataclass(kind: Any, value: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    return kind(**{one.name: read_value(hints[one.name], value[one.name]) for one in fields(kind) if one.name in value})


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What blocks first; within a severity as they were found."""
    return tuple(sorted(findings, key=lambda finding: ORDER.index(finding.severity)))

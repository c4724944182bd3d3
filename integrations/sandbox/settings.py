"""The switches of the sandbox: nested names with defaults, changed at run time over the control API."""

import copy
import threading
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

DEFAULTS: Json = {
    "loop": {
        "latency_s": [0.0, 0.0],
        "rate_limit_per_minute": 300,
        "api_version": "2026-07",
        "process_delay_s": [0.3, 1.5],
        # Real Loop lags by minutes to hours (loop.md 7.1); a sandbox that did would make every run long.
        "was_processed_delay_s": 3.0,
        "allow_flagged_processing": False,
        "loop_discount": True,
        "expiry_days": 28,
        "drift": {
            "extra_fields": False,
            "fee_with_sign": False,
            "null_for_na": False,
            "unsorted_list": False,
            "details_as_array": False,
            "silent_updates": False,
            "outcome": "",
            "label_status": "",
        },
        "ids_in_webhooks": "text",  # or "number"
        "webhooks": {
            "attempts": 6,
            "retry_base_s": 1.0,
            "timeout_s": 5.0,
            "delay_s": [0.0, 0.0],
            "duplicate_rate": 0.0,
            "drop_rate": 0.0,
            "wrong_signature_rate": 0.0,
            "empty_rate": 0.0,
            "reorder": False,
        },
    },
    "connector": {"exchange_orders": True, "exchange_delay_s": 1.0},
    "netsuite": {
        "latency_s": {"read": [0.0, 0.0], "write": [0.0, 0.0]},
        "concurrency": 5,
        "token_lifetime_s": 3600,
        "sql_status_form": "letter",  # or "compound": RtnAuth:B
        "status_label_prefix": False,
        "sql_time_zone": "UTC",  # NetSuite is reported to answer in America/Los_Angeles
        "sql_dates": "user",  # 5/4/2026, date-times without their time; or "iso"
        "default_return_status": "B",
        "default_order_status": "B",
        "refund_in_advance": False,
        "default_items_to_zero": False,
        "allow_overage": False,
        "receipt_key": "orderLine",  # or "line", or "either"
        "restock": "rejected",  # or "ignored", or "accepted"
        "refund_apply_line": 1,
        "credits_move_stock": True,
        "rma_bumped_by_children": True,
        "auto_apply_default": False,
        "create_form": True,
    },
    "living": {"parcel_step_s": 15.0, "open_returns_max": 300},
}


class UnknownSettingError(ValueError):
    """A name that is no switch, or a value of the wrong shape."""


class Settings:
    def __init__(self) -> None:
        self._values = copy.deepcopy(DEFAULTS)
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def as_json(self) -> Json:
        with self._lock:
            return copy.deepcopy(self._values)

    def update(self, changes: Json) -> None:
        with self._lock:
            values = copy.deepcopy(self._values)
            _merge(values, changes=changes, path="")
            self._values = values
        for listener in self._listeners:
            listener()

    def reset_quietly(self) -> None:
        """Back to the defaults without telling the listeners: the state they look after is made anew."""
        with self._lock:
            self._values = copy.deepcopy(DEFAULTS)

    def value(self, name: str) -> Any:
        found: Any = self._values
        for part in name.split("."):
            found = found[part]
        return found

    def number(self, name: str) -> float:
        return float(self.value(name))

    def flag(self, name: str) -> bool:
        return bool(self.value(name))

    def text(self, name: str) -> str:
        return str(self.value(name))

    def span(self, name: str) -> tuple[float, float]:
        low, high = self.value(name)
        return float(low), float(high)


def _merge(values: Json, *, changes: Json, path: str) -> None:
    for name, change in changes.items():
        if name not in values:
            raise UnknownSettingError(f"no setting {path}{name}; known here: {', '.join(sorted(values))}")
        if isinstance(values[name], dict):
            if not isinstance(change, dict):
                raise UnknownSettingError(f"{path}{name} is a group: give an object")
            _merge(values[name], changes=change, path=f"{path}{name}.")
        else:
            values[name] = _checked(change, old=values[name], path=f"{path}{name}")


def _checked(change: Any, *, old: Any, path: str) -> Any:
    numbers = (int, float)
    fits = (
        isinstance(change, bool)
        if isinstance(old, bool)
        else isinstance(change, numbers) and not isinstance(change, bool)
        if isinstance(old, numbers)
        else isinstance(change, type(old))
    )
    if not fits:
        raise UnknownSettingError(f"{path} must look like {old!r}, not {change!r}")
    return change

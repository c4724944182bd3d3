"""Every document of ours carries an external id of our making, or a lost answer could never be found again."""

from collections.abc import Mapping
from typing import Any

from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]


def check_external_ids(account: Mapping[str, Any], verdict: Verdict) -> None:
    """By NetSuite's own log of what it accepted."""
    for row in account["log"]:
        if row["who"] == "api" and row["action"] == "create" and not row["externalid"]:
            verdict.note("writes_without_external_id", 1, f"{row['record_type']} {row['record_id']} has no external id")

"""Bundles of switches by name: one kind of NetSuite account, or of Loop shop, as it is met outside."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Profile:
    name: str
    meaning: str
    changes: dict[str, Any]


def _profile(name: str, meaning: str, **changes: Any) -> Profile:
    """Names as in the settings, with two underscores for each dot."""
    return Profile(name, meaning, {key.replace("__", "."): value for key, value in changes.items()})


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        _profile(
            "pacific_times",
            "SuiteQL speaks Pacific time and compound statuses, as some live accounts are reported to",
            netsuite__sql_time_zone="America/Los_Angeles",
            netsuite__sql_status_form="compound",
            netsuite__status_label_prefix=True,
        ),
        _profile(
            "cautious_receipts",
            "rows left out are not received, rows are named by `line`, `restock` is let pass",
            netsuite__default_items_to_zero=True,
            netsuite__receipt_key="line",
            netsuite__restock="ignored",
        ),
        _profile(
            "trusting_finance",
            "credits before receipts, applied by themselves, refunds naming line 0",
            netsuite__refund_in_advance=True,
            netsuite__auto_apply_default=True,
            netsuite__refund_apply_line=0,
        ),
        _profile(
            "live_speed",
            "calls take as long as a live account's are planned with (netsuite.md 7)",
            netsuite__latency_model__get=[0.5, 1.0],
            netsuite__latency_model__query=[1.0, 5.0],
            netsuite__latency_model__create=[1.5, 3.0],
            netsuite__latency_model__transform=[4.0, 10.0],
            netsuite__latency_model__update=[1.5, 3.0],
            netsuite__latency_model__token=[0.3, 1.0],
        ),
        _profile(
            "no_advanced_receiving",
            "goods come in with the credit: there are no item receipts",
            netsuite__advanced_receiving=False,
        ),
        _profile("single_company", "no OneWorld: no subsidiaries anywhere", netsuite__oneworld=False),
        _profile("suitetax", "records show the tax fields of SuiteTax", netsuite__tax_engine="suitetax"),
        _profile("bins_used", "bins in locations that use them", netsuite__bins=True),
        _profile(
            "release_2025_2",
            "an account before 2026.1: `grossAmt` is ignored, no preview",
            netsuite__gross_amount="ignored",
            netsuite__create_form=False,
        ),
        _profile("no_preview", "an account whose release has no create-form", netsuite__create_form=False),
        _profile(
            "release_2025_2",
            "the release before forms and batches",
            netsuite__create_form=False,
            netsuite__batch=False,
        ),
        _profile(
            "tokens_ended",
            "a later release: token-based authentication is no more",
            netsuite__tba=False,
        ),
        _profile(
            "poor_role",
            "a role with gaps: no receipts, credits for looking only, no filters and no SuiteQL",
            netsuite__missing_permissions=["Item Receipt", "Credit Memo: Create", "SuiteAnalytics Workbook"],
        ),
        _profile(
            "quiet_returns",
            "receipts and credits leave the RMA's date alone",
            netsuite__rma_bumped_by_children=False,
        ),
        _profile(
            "drifting_loop",
            "Loop as it may be next year: new keys, new words, other forms",
            loop__drift__extra_fields=True,
            loop__drift__fee="sign",
            loop__drift__null_for_na=True,
            loop__drift__unsorted_list=True,
            loop__drift__details_as_array=True,
            loop__drift__outcome="refund+credit",
            loop__drift__label_status="awaiting_scan",
            loop__ids_in_webhooks="number",
        ),
        _profile(
            "careless_webhooks",
            "deliveries are lost, doubled, late and shuffled",
            loop__webhooks__duplicate_rate=0.1,
            loop__webhooks__drop_rate=0.1,
            loop__webhooks__reorder=True,
            loop__webhooks__delay_s=[0.0, 2.0],
        ),
    )
}

"""The table of returns. Its rows come ready-joined from `returnsops.pages.lists`."""

from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from returnsops.lib import clock
from returnsops.pages.present.steps import rail, record_link, waits_for
from returnsops.returns.labels import STAGES
from returnsops.returns.models import LoopReturn

NUMBERS_MAX = 3  # the newest NetSuite numbers of a row; its page has them all
SHOWN_TYPES = ("returnAuthorization", "itemReceipt", "creditMemo", "customerRefund", "cashRefund")


class ReturnTable(tables.Table):  # type: ignore[misc]  # django-tables2 ships no types
    loop_id = tables.Column("Return", orderable=False)
    stage = tables.Column("Stage", orderable=False)
    plan = tables.Column("Waits for", orderable=False, empty_values=())
    numbers = tables.Column(
        "In NetSuite",
        orderable=False,
        empty_values=(),
        attrs={"td": {"class": "cell-extra"}, "th": {"class": "cell-extra"}},
    )
    return_total = tables.Column(
        "Value", order_by=("return_total", "pk"), attrs={"td": {"class": "num"}, "th": {"class": "num"}}
    )
    created_at = tables.Column("Age", order_by=("created_at", "pk"), attrs={"td": {"class": "nowrap"}})

    class Meta:
        attrs = {"class": "as-cards", "target": "#list", "caption": "Returns"}
        empty_text = ""

    def render_loop_id(self, record: LoopReturn) -> SafeString:
        return format_html(
            '<a class="row-link" href="{}">{}</a><span class="cell-sub">{} · {}</span>',
            reverse("return", args=[record.pk]), record.loop_id, record.order_name, record.shop.name,
        )  # fmt: skip

    def render_stage(self, record: LoopReturn) -> str:
        return render_part("badge", vars(STAGES[record.stage]))

    def render_plan(self, record: LoopReturn) -> str:
        return render_part("step_rail", {"steps": rail(record), "text": waits_for(record)})

    def render_numbers(self, record: Any) -> SafeString:
        shown = [one for one in record.shown_records if one.record_type in SHOWN_TYPES][-NUMBERS_MAX:]
        parts = [render_part("id", record_link(record, one)) for one in shown]
        return SafeString(" ".join(parts) or "–")

    def render_return_total(self, value: Decimal, record: LoopReturn) -> str:
        return render_part("money", {"amount": value, "currency": record.currency})

    def render_created_at(self, value: Any) -> str:
        return render_part("ago", {"at": value, "now": clock.now()})


def render_part(name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"components/{name}.html", context)

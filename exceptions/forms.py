"""What a person fills in to act on a case. Each form carries its action out through `exceptions.actions`."""

from typing import Any

from django import forms

from exceptions import actions
from exceptions.bulk import RETRIED_MAX
from exceptions.models import CaseMember
from returnsops.lib import clock
from returnsops.people.models import User
from returnsops.posting.models import Posting
from returnsops.returns.models import NetSuiteLine
from returnsops.returns.plan.finding import FoundChoice
from returnsops.returns.plan.sources import BILLED, ORDER
from returnsops.returns.policies import active_policy
from returnsops.returns.policy import RmaSource
from returnsops.returns.problems.kinds import (
    ACKNOWLEDGE,
    ADOPT,
    APPROVE,
    CANCEL,
    CAUSE_GONE,
    CHOOSE_LINE,
    CORRECT_DATE,
    POST_AGAIN,
    RETRY,
    SAY_GOODS,
    SEND_AFTER_ALL,
)

REASON_CHARS_MAX = 500
LINES_MAX = 200


def reason_field(label: str, *, key: str = "", required: bool = True, help_text: str = "") -> forms.CharField:
    """One line, so that Enter sends the form; `key` puts the cursor there."""
    attrs = {"data-key": key, "data-key-label": label} if key else {}
    return forms.CharField(
        label=label, required=required, max_length=REASON_CHARS_MAX, help_text=help_text,
        widget=forms.TextInput(attrs=attrs | {"autocomplete": "off"}),
    )  # fmt: skip


class MemberForm(forms.Form):
    """An action on one return of a case."""

    name = ""
    done = ""  # what is said when it is done
    member = forms.IntegerField(widget=forms.HiddenInput)
    use_required_attribute = True

    def __init__(self, data: Any = None, *, member: CaseMember) -> None:
        super().__init__(data, auto_id=f"{self.name}-%s", initial={"member": member.pk})
        self.case_member = member

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        raise NotImplementedError


class ApproveForm(MemberForm):
    name = APPROVE
    done = "Approved. The credit is posted next."
    seen_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)
    reason = reason_field("Why it is right", key="p", required=False)

    def __init__(self, data: Any = None, *, member: CaseMember) -> None:
        super().__init__(data, member=member)
        self.initial["seen_hash"] = member.problem.get("seen_hash", "")

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        said = self.cleaned_data
        actions.approve(member, seen_hash=said["seen_hash"], by=by, reason=said["reason"])


class CorrectDateForm(MemberForm):
    name = CORRECT_DATE
    done = "Date saved. The document is sent again with it."
    tran_date = forms.DateField(
        label="Date of the document",
        widget=forms.DateInput(
            attrs={"type": "date", "data-key": "e", "data-key-label": "Correct the date"}, format="%Y-%m-%d"
        ),
        help_text="A day in an open period, today at the latest.",
    )
    reason = reason_field("Why this date")

    def __init__(self, data: Any = None, *, member: CaseMember) -> None:
        super().__init__(data, member=member)
        self.initial["tran_date"] = clock.today(member.loop_return.shop.account.time_zone)

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        said = self.cleaned_data
        actions.correct_date(member, tran_date=said["tran_date"], by=by, reason=said["reason"])


class ChooseLineForm(MemberForm):
    name = CHOOSE_LINE
    done = "Order line chosen. The return goes on with it."
    unit = forms.ChoiceField(label="Unit")
    line = forms.ChoiceField(label="Line of the original order")
    reason = reason_field("Why this line", key="e")

    def __init__(self, data: Any = None, *, member: CaseMember) -> None:
        super().__init__(data, member=member)
        self.fields["unit"] = forms.ChoiceField(label="Unit", choices=unit_choices(member))
        self.fields["line"] = forms.ChoiceField(label="Line of the original order", choices=line_choices(member))

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        said = self.cleaned_data
        actions.choose_line(member, unit=said["unit"], line=said["line"], by=by, reason=said["reason"])


class RetryForm(MemberForm):
    name = RETRY
    done = "Sent again."

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        actions.retry(member, by=by)


class CauseGoneForm(MemberForm):
    name = CAUSE_GONE
    done = "One document goes first; the others follow when it is taken."
    reason = reason_field("What was done about it", key="r", help_text="Stays with the pause and your name.")

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        actions.say_cause_gone(member, by=by, reason=self.cleaned_data["reason"])


class AdoptForm(MemberForm):
    name = ADOPT
    done = "The record is looked at and adopted if it holds the same units."
    record = forms.CharField(
        label="Internal id of the record in NetSuite", max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="The number in the address of its page.",
    )  # fmt: skip
    reason = reason_field("Why it stands for this return", key="a")

    def __init__(self, data: Any = None, *, member: CaseMember) -> None:
        super().__init__(data, member=member)
        posting = Posting.objects.filter(external_id=member.problem.get("posting", "")).first()
        self.initial["record"] = str(((posting and posting.refusal) or {}).get("record", ""))

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        said = self.cleaned_data
        actions.adopt(member, record=said["record"], by=by, reason=said["reason"])


class PostAgainForm(MemberForm):
    name = POST_AGAIN
    done = "It is posted again, under the next number."
    reason = reason_field("Why it should be there again", key="p")

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        actions.post_again(member, by=by, reason=self.cleaned_data["reason"])


class CancelForm(MemberForm):
    name = CANCEL
    done = "Cancelled. It is not sent."
    reason = reason_field("Why it must not be sent", key="x", help_text="Everybody reads it on the return.")

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        actions.cancel(member, by=by, reason=self.cleaned_data["reason"])


class SendAfterAllForm(MemberForm):
    name = SEND_AFTER_ALL
    done = "It is sent as the facts are now."
    reason = reason_field("Why it may go now", key="s")

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        actions.send_after_all(member, by=by, reason=self.cleaned_data["reason"])


class SayGoodsForm(MemberForm):
    name = SAY_GOODS
    done = "Noted. The return goes on with your word."
    choice = forms.ChoiceField(label="What becomes of it")
    reason = reason_field("What was agreed, and with whom", key="g", help_text="Stays on the return with your name.")

    def __init__(self, data: Any = None, *, member: CaseMember) -> None:
        super().__init__(data, member=member)
        self.fields["choice"] = forms.ChoiceField(label="What becomes of it", choices=goods_choices(member))

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        said = self.cleaned_data
        actions.say_goods(member, choice=said["choice"], by=by, reason=said["reason"])


class AcknowledgeForm(MemberForm):
    name = ACKNOWLEDGE
    done = "Noted. The case closes by itself."
    reason = reason_field("What you found or did", key="d", help_text="Stays on the return with your name.")

    def carry_out(self, member: CaseMember, *, by: User) -> None:
        actions.acknowledge(member, by=by, reason=self.cleaned_data["reason"])


class BulkRetryForm(forms.Form):
    """Send again what the dry run showed, and nothing that came after it."""

    members = forms.CharField(widget=forms.HiddenInput, max_length=12 * RETRIED_MAX)
    reason = reason_field("What was done about the cause", key="r", help_text="Stays on each case with your name.")

    def clean_members(self) -> str:
        said: str = self.cleaned_data["members"]
        if not all(part.isdecimal() for part in said.split(",")):
            raise forms.ValidationError("The list of documents is not readable. Start again from the queue.")
        return said

    @property
    def pks(self) -> list[int]:
        return [int(part) for part in self.cleaned_data["members"].split(",")]


class NoteForm(forms.Form):
    """A word to colleagues; changes nothing."""

    text = forms.CharField(label="Note", max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}))


FORMS: dict[str, type[MemberForm]] = {
    form.name: form
    for form in (
        ApproveForm,
        CauseGoneForm,
        CorrectDateForm,
        ChooseLineForm,
        AdoptForm,
        PostAgainForm,
        SayGoodsForm,
        RetryForm,
        CancelForm,
        SendAfterAllForm,
        AcknowledgeForm,
    )
}
# Nothing about these is particular to one return, so one word can go for all returns of a case.
FOR_ALL = frozenset({RETRY, ACKNOWLEDGE})


class ForAllForm(forms.Form):
    """for_all: when the page was made; what joined the case after that, nobody has seen. Empty: for one return."""

    for_all = forms.DateTimeField(
        required=False, error_messages={"invalid": "The page does not say when it was made. Reload it and press again."}
    )


def goods_choices(member: CaseMember) -> list[tuple[str, str]]:
    """Taking it into stock only where the policy lets it."""
    choices = [(FoundChoice.SEND_BACK.value, "It goes back to the customer")]
    if not actions.why_not_taken_in(member):
        choices.append((FoundChoice.TAKE_IN.value, "Take it into stock on hold, by an Inventory Adjustment"))
    return [*choices, (FoundChoice.LEAVE.value, "Nothing is booked: it is put aside, given away or thrown out")]


def unit_choices(member: CaseMember) -> list[tuple[str, str]]:
    """The unit the case is about first."""
    about = member.case.subject.removeprefix("unit:")
    lines = member.loop_return.lines.filter(removed=False)
    found = [(line.line_item_id, f"{line.title or line.sku} ({line.line_item_id})") for line in lines]
    return sorted(found, key=lambda choice: choice[0] != about)


def line_choices(member: CaseMember) -> list[tuple[str, str]]:
    """Of the bills; of the order too, where authorizations may be made from it."""
    from_bills = active_policy(member.loop_return.shop).rma_source == RmaSource.BILL
    types = BILLED if from_bills else (*BILLED, ORDER)
    lines = NetSuiteLine.objects.filter(
        record__returns=member.loop_return_id, record__record_type__in=types, record__gone_at=None
    ).exclude(line="")
    found = list(lines.select_related("record").order_by("record", "pk")[:LINES_MAX])
    are_several = len({line.record_id for line in found}) > 1
    return [
        (
            f"{line.record.internal_id}:{line.line}" if are_several else line.line,
            f"{line.record.tran_id}, line {line.line}: {line.quantity} × {line.item_name or line.item_id}",
        )
        for line in found
    ]

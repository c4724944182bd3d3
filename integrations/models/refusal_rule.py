"""What people taught us about NetSuite's refusals."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from integrations.models.netsuite import NetSuiteAccount

WORDS_CHARS_MIN = 8
PASSING = "passing"
MEANINGS = [
    (PASSING, "Passing: try again by itself, a bounded number of times"),
    ("already_exists", "It is there already: look for it"),
    ("period_closed", "The accounting period is closed"),
    ("permission", "The integration role lacks a right"),
    ("feature_off", "A feature is switched off"),
    ("invalid_field", "A value is not accepted"),
    ("missing_field", "A field is missing"),
    ("source_not_ready", "The source document is not in a state that allows it"),
    ("nothing_left", "Nothing is left to do on the source document"),
    ("over_quantity", "Fewer units are left than were sent"),
    ("script", "A script in NetSuite stopped it"),
    ("exchange_rate", "An exchange rate is missing"),
    ("unbalanced", "Its amounts do not add up"),
]


class RefusalRule(models.Model):
    """Words that NetSuite answers in, and what they mean. Asked only about words the built-in table does not know."""

    words = models.CharField(
        max_length=200,
        help_text="Part of NetSuite's words, capitals do not matter. * stands for anything between, such as a number",
    )
    account = models.ForeignKey(
        NetSuiteAccount, null=True, blank=True, on_delete=models.CASCADE, help_text="Empty: every account"
    )
    record_type = models.CharField(max_length=40, blank=True, help_text="Such as itemReceipt. Empty: every type")
    meaning = models.CharField(max_length=20, choices=MEANINGS)
    note = models.TextField(blank=True, help_text="How we know")
    active = models.BooleanField(default=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(meaning__in=[name for name, _ in MEANINGS]), name="rule_meaning_in_list"
            ),
            models.CheckConstraint(condition=~Q(words=""), name="rule_has_words"),
        ]

    def __str__(self) -> str:
        return f"«{self.words}» means {self.get_meaning_display()}"

    def clean(self) -> None:
        if len(self.words.replace("*", "").strip()) < WORDS_CHARS_MIN:
            raise ValidationError({"words": f"Give at least {WORDS_CHARS_MIN} letters, or it fits too much."})

    def fits(self, said: str, *, record_type: str) -> bool:
        """Each part is looked for after the one before: no pattern that could run away."""
        if self.record_type and self.record_type != record_type:
            return False
        place = 0
        for part in (part.strip().lower() for part in self.words.split("*")):
            found = said.lower().find(part, place)
            if found < 0:
                return False
            place = found + len(part)
        return True

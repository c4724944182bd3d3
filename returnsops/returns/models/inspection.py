"""What the warehouse saw. One row a unit; a correction supersedes, it never overwrites."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.models import Shop
from returnsops.people.models import VisibleQuerySet
from returnsops.returns.models.mirror import LoopReturn, ReturnLine


class Arrival(models.Model):
    """A parcel on the dock. Without a return it is a blind parcel: somebody has to find out whose it is."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="arrivals")
    loop_return = models.ForeignKey(
        LoopReturn, null=True, blank=True, on_delete=models.PROTECT, related_name="arrivals"
    )
    scanned = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    arrived_at = models.DateTimeField()
    arrived_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client_id = models.UUIDField(unique=True)

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    def __str__(self) -> str:
        return f"Parcel {self.scanned}"


class Inspection(models.Model):
    """One person's look at one parcel. Its units count once it is finished."""

    loop_return = models.ForeignKey(LoopReturn, on_delete=models.PROTECT, related_name="inspections")
    inspector = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "loop_return__shop"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["loop_return", "inspector"],
                condition=Q(finished_at__isnull=True),
                name="one_open_inspection_per_person_and_return",
            )
        ]

    def __str__(self) -> str:
        return f"Inspection of {self.loop_return} by {self.inspector}"


class InspectedUnit(models.Model):
    """The outcome of one unit: the only thing that lets it become sellable stock (promise 3)."""

    class Outcome(models.TextChoices):
        SELLABLE = "sellable", "Sellable"
        DAMAGED = "damaged", "Damaged"  # accepted and refunded, goes to the damaged location
        HOLD = "hold", "On hold"  # accepted and refunded; its place is decided later, by judging it again
        SCRAPPED = "scrapped", "Scrapped"  # accepted and refunded, written off
        REFUSED = "refused", "Refused"  # not accepted: nothing refunded, not received
        MISSING = "missing", "Missing"  # was not in the parcel

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="units")
    line = models.ForeignKey(ReturnLine, on_delete=models.PROTECT, related_name="inspected")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    note = models.TextField(blank=True)
    inspected_at = models.DateTimeField()
    inspector = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client_id = models.UUIDField(unique=True)
    superseded_by = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "inspection__loop_return__shop"

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(superseded_at__isnull=True), name="one_standing_outcome_per_unit"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["sellable", "damaged", "hold", "scrapped", "refused", "missing"]),
                name="outcome_in_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.get_outcome_display()}"


class FoundGoods(models.Model):
    """Goods in a parcel that are not on its return: noted by the inspector, decided by a person (requirement C8)."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="found")
    sku = models.CharField(max_length=120)  # as the shop or NetSuite names it, else as it was read
    count = models.PositiveSmallIntegerField()
    note = models.TextField(blank=True)
    in_place_of = models.ForeignKey(
        ReturnLine, null=True, blank=True, on_delete=models.PROTECT, related_name="wrong_items",
        help_text="The unit that should have lain there",
    )  # fmt: skip
    found_at = models.DateTimeField()
    finder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client_id = models.UUIDField(unique=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # by whoever noted it, before they finished

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "inspection__loop_return__shop"

    class Meta:
        verbose_name_plural = "found goods"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(count__gte=1) & ~Q(sku=""), name="found_goods_are_something"),
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.sku}"

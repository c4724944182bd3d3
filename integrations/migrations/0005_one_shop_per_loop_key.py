"""A Loop key is of one shop, told by its digest. Of two shops that share one already, the older has it."""

from django.db import migrations, models
from django.db.models import Q

from integrations.credentials import digest_of, unseal


def note_digests(apps, schema_editor):
    seen = set()
    keys = apps.get_model("integrations", "Credential").objects.filter(kind="loop_api_key", retired_at=None)
    for one in keys.order_by("created_at", "pk"):
        digest = digest_of(unseal(one.sealed) or "")
        if digest not in seen:
            one.digest = digest
            one.save(update_fields=["digest"])
        seen.add(digest)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_time_zones_that_exist")]

    operations = [
        migrations.AddField(
            "credential", "digest", models.CharField(blank=True, db_default="", default="", max_length=64)
        ),
        migrations.RunPython(note_digests, migrations.RunPython.noop),
        migrations.AddConstraint(
            "credential",
            models.UniqueConstraint(
                fields=["digest"],
                condition=Q(kind="loop_api_key", retired_at=None) & ~Q(digest=""),
                name="one_shop_per_loop_key",
            ),
        ),
    ]

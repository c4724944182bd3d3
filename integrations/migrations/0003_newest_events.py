"""When the last webhook came, and how many did within the hour, without a look at those of months."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # written beside the work that goes on

    dependencies = [("integrations", "0002_refusal_rules")]

    operations = [
        AddIndexConcurrently(
            "inboundevent", models.Index(fields=["shop", "-last_received_at"], name="events_newest")
        ),
    ]

"""A case without returns keeps its problem as its source tells it now."""

from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("exceptions", "0001_tables")]

    operations = [
        migrations.AddField(
            "case",
            "problem",
            models.JSONField(
                blank=True,
                db_default=Value({}, models.JSONField()),
                default=dict,
                help_text="As its source tells it now; empty where each return says its own",
            ),
        ),
    ]

"""The list of returns begins at the end of an index, and no longer sorts all of them for the first page."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # written beside the work that goes on

    dependencies = [("returns", "0003_items_asked_for_again")]

    operations = [
        AddIndexConcurrently("loopreturn", models.Index(fields=["-created_at", "-id"], name="returns_newest")),
    ]

"""Each claim has a name of its own, and a posting tells whether a plan counts on it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posting", "0001_tables")]

    operations = [
        migrations.AddField("posting", "claim", models.UUIDField(blank=True, editable=False, null=True)),
        migrations.AddField(
            "posting", "counted_on", models.BooleanField(db_default=False, default=False, editable=False)
        ),
    ]

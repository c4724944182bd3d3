"""A posting keeps the job that NetSuite took it up as, until that has ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posting", "0002_claims")]

    operations = [
        migrations.AddField(
            "posting", "job", models.CharField(blank=True, db_default="", default="", editable=False, max_length=200)
        ),
    ]

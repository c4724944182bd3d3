"""Only time zones that exist are entered; the tables stay as they are."""

from django.db import migrations, models

from integrations.models.connection import validate_time_zone


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_newest_events")]

    operations = [
        migrations.AlterField(
            model_name="netsuiteaccount",
            name="database_time_zone",
            field=models.CharField(
                blank=True,
                help_text="Of the times in query answers, e.g. America/Los_Angeles. Empty: measured",
                max_length=60,
                validators=[validate_time_zone],
            ),
        ),
        migrations.AlterField(
            model_name="netsuiteaccount",
            name="time_zone",
            field=models.CharField(
                default="UTC",
                help_text="Decides what «today» is on a document",
                max_length=60,
                validators=[validate_time_zone],
            ),
        ),
        migrations.AlterField(
            model_name="shop",
            name="time_zone",
            field=models.CharField(default="UTC", max_length=60, validators=[validate_time_zone]),
        ),
    ]

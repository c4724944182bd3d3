"""When a row of Loop's list says that its return changed, so that older details are not taken for an answer to it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("returns", "0005_returns_stay_in_their_account")]

    operations = [
        migrations.AddField(
            model_name="loopreturn",
            name="listed_at",
            field=models.DateTimeField(blank=True, help_text="When that row says that it changed", null=True),
        ),
    ]

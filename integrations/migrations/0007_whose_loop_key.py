"""Which of Loop's shops a shop is, so that a key of another one is noticed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0006_words_of_runs")]

    operations = [
        migrations.AddField(
            "shop",
            "loop_shop_id",
            models.CharField(
                "number at Loop",
                max_length=40,
                blank=True,
                default="",
                db_default="",
                help_text="Told by Loop; a key that opens another shop stops this one. Empty: the next look tells",
            ),
        ),
        migrations.AddField("shop", "key_looked_at", models.DateTimeField(blank=True, editable=False, null=True)),
    ]

"""What a run is called; the tables stay as they are."""

from django.db import migrations, models

KINDS = [
    ("import", "Import of history"),
    ("nightly", "Nightly sweep"),
    ("weekly", "Weekly sweep"),
    ("comparison", "Look for deleted returns"),
    ("records", "Nightly comparison of records"),
]


class Migration(migrations.Migration):
    dependencies = [("integrations", "0005_one_shop_per_loop_key")]

    operations = [
        migrations.AlterField(
            model_name="syncrun", name="kind", field=models.CharField(choices=KINDS, max_length=12)
        )
    ]

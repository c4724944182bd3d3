"""The line that corrects a cent of a Cash Refund has a kind of its own; it changes a record that another one made."""

from django.db import migrations, models

UPDATES = ["credit_fix", "cash_refund_fix", "credit_apply", "rma_close", "exchange_link"]


class Migration(migrations.Migration):
    dependencies = [("posting", "0003_job")]

    operations = [
        migrations.RemoveConstraint("posting", "one_posting_per_record"),
        migrations.AddConstraint(
            "posting",
            models.UniqueConstraint(
                fields=["account", "their_id"],
                condition=models.Q(status="posted", system="netsuite") & ~models.Q(kind__in=UPDATES),
                name="one_posting_per_record",
            ),
        ),
    ]

from typing import Any

from django.db import migrations, models


def note_adopted(apps: Any, schema_editor: Any) -> None:
    """So far only what lay under our own external id was adopted."""
    apps.get_model("posting", "Posting").objects.filter(adopted=True).update(adopted_from="ours")


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_edge_complete'),
        ('posting', '0003_progress_of_a_drain'),
        ('returns', '0004_mirror_in_bulk'),
    ]

    operations = [
        migrations.AddField(
            model_name='posting',
            name='adopted_from',
            field=models.CharField(blank=True, choices=[('ours', 'ReturnsOps, under this external id'), ('connector', 'another connector'), ('person', 'a person in NetSuite'), ('foreign', 'somebody else')], max_length=12),
        ),
        migrations.RunPython(note_adopted, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='posting',
            name='adopted',
        ),
        migrations.AddField(
            model_name='posting',
            name='doubted',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='posting',
            name='looked_at',
            field=models.DateTimeField(blank=True, help_text='When NetSuite was last asked what it holds', null=True),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'posted'), ('system', 'netsuite'), models.Q(('kind__in', ['credit_fix', 'rma_close']), _negated=True)), fields=('account', 'their_id'), name='one_posting_per_record'),
        ),
    ]

import django.utils.timezone
from django.db import migrations, models

FILL = """
    UPDATE posting_posting SET
        promise = CASE WHEN priority <= 10 THEN 'exchange' WHEN priority <= 20 THEN 'refund' ELSE 'restock' END,
        turn_at = row.created_at + CASE WHEN priority <= 10 THEN interval '0' WHEN priority <= 20 THEN interval '2 hours'
                                        ELSE interval '8 hours' END,
        armed_at = CASE WHEN posting_posting.status = 'sending' THEN posting_posting.sending_since END
    FROM returns_loopreturn row WHERE row.id = posting_posting.loop_return_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('posting', '0004_what_was_found'),
    ]

    operations = [
        migrations.AddField(
            model_name='posting',
            name='armed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='posting',
            name='promise',
            field=models.CharField(choices=[('exchange', 'Exchange waiting'), ('refund', 'Refund waiting'), ('restock', 'Nobody waits')], default='restock', max_length=10),
        ),
        migrations.AddField(
            model_name='posting',
            name='turn_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name='posting',
            name='postings_pending',
        ),
        migrations.RemoveField(
            model_name='posting',
            name='priority',
        ),
        migrations.AddIndex(
            model_name='posting',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['shop', 'system', 'turn_at', 'id'], name='postings_by_turn'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('promise__in', ['exchange', 'refund', 'restock'])), name='posting_promise_in_list'),
        ),
    ]

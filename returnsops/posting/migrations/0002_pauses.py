import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# What a posting hinges on is told by its plan: those that wait for their turn get it with the next one, at once.
PLAN_AGAIN = """
    UPDATE returns_loopreturn SET look_again_at = now()
    WHERE id IN (SELECT loop_return_id FROM posting_posting WHERE status IN ('pending', 'sending', 'uncertain', 'rejected'))
"""


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_edge_complete'),
        ('posting', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='posting',
            name='hinges_on',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None),
        ),
        migrations.RunSQL(PLAN_AGAIN, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='What stands still, as postings name it', max_length=80, verbose_name='holds')),
                ('code', models.CharField(choices=[('by_person', 'Paused by a person'), ('period_closed', 'Accounting period closed'), ('right_missing', 'The integration role lacks a right'), ('feature_off', 'A feature is switched off'), ('flow_stopped', 'Many answers we do not know')], max_length=20, verbose_name='cause')),
                ('reason', models.TextField(help_text="The person's reason, or what happened")),
                ('words', models.TextField(blank=True, verbose_name='words of the other side')),
                ('opened_at', models.DateTimeField()),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('tried_because', models.TextField(blank=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_because', models.TextField(blank=True)),
                ('told_up_to', models.BigIntegerField(blank=True, default=0, editable=False, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='integrations.netsuiteaccount')),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_from', models.ForeignKey(blank=True, help_text='Whose refusal made it', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='posting.posting')),
                ('probe', models.ForeignKey(blank=True, help_text='May go first, to see whether the cause is gone', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='posting.posting')),
                ('shop', models.ForeignKey(blank=True, help_text='Empty: all shops', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='integrations.shop')),
                ('tried_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account', 'key'), name='one_live_pause'), models.CheckConstraint(condition=models.Q(('code__in', ['by_person', 'period_closed', 'right_missing', 'feature_off', 'flow_stopped'])), name='pause_code_in_list'), models.CheckConstraint(condition=models.Q(models.Q(('code', 'by_person'), _negated=True), ('opened_by__isnull', False), _connector='OR'), name='pause_of_a_person_names_them'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='pause_has_reason')],
            },
        ),
    ]

"""All tables as of version 0.1, in one step: a new database is there within seconds.

A database made before it has them by what this replaces.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('exceptions', '0001_initial'), ('exceptions', '0002_initial')]

    initial = True

    dependencies = [
        ('integrations', '0001_tables'),
        ('people', '0001_tables'),
        ('returns', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='integrations.shop')),
                ('code', models.CharField(max_length=40)),
                ('subject', models.CharField(max_length=200)),
                ('status', models.CharField(choices=[('open', 'Open'), ('taken', 'In progress'), ('closed', 'Closed')], default='open', max_length=10)),
                ('source', models.CharField(help_text='Who raised it; only that source closes it', max_length=20)),
                ('assignee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('times_before', models.PositiveSmallIntegerField(default=0, help_text='Earlier cases of the same code and subject')),
            ],
            options={
                'ordering': ['-opened_at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'closed'), _negated=True), fields=('shop', 'code', 'subject'), name='one_open_case_per_subject'), models.CheckConstraint(condition=models.Q(('status__in', ['open', 'taken', 'closed'])), name='case_status_in_list'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('status', 'closed')), models.Q(models.Q(('status', 'closed'), _negated=True), ('closed_at__isnull', True)), _connector='OR'), name='closed_case_has_end')],
            },
        ),
        migrations.CreateModel(
            name='CaseEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='exceptions.case')),
                ('at', models.DateTimeField()),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(max_length=20)),
                ('text', models.TextField(blank=True)),
                ('loop_return', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='returns.loopreturn')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='CaseMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='exceptions.case')),
                ('loop_return', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='case_members', to='returns.loopreturn')),
                ('problem', models.JSONField()),
                ('amount', models.DecimalField(decimal_places=3, max_digits=12)),
                ('currency', models.CharField(max_length=3)),
                ('joined_at', models.DateTimeField()),
                ('left_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('case', 'loop_return'), name='a_return_is_in_a_case_once')],
            },
        ),
    ]

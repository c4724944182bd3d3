"""All tables as of version 0.1, in one step: a new database is there within seconds.

A database made before it has them by what this replaces.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('posting', '0001_initial'), ('posting', '0002_pauses'), ('posting', '0003_progress_of_a_drain'), ('posting', '0004_what_was_found'), ('posting', '0005_turns'), ('posting', '0006_applied_credits'), ('posting', '0007_trusted_documents'), ('posting', '0008_links_on_exchange_orders')]

    initial = True

    dependencies = [
        ('integrations', '0001_tables'),
        ('people', '0001_tables'),
        ('returns', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('loop_return', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='returns.loopreturn')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='integrations.shop')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='integrations.netsuiteaccount')),
                ('system', models.CharField(choices=[('netsuite', 'NetSuite'), ('loop', 'Loop')], max_length=10)),
                ('kind', models.CharField(max_length=20)),
                ('number', models.PositiveSmallIntegerField()),
                ('external_id', models.CharField(max_length=120, unique=True)),
                ('status', models.CharField(choices=[('pending', 'Waiting to be sent'), ('sending', 'Being sent'), ('uncertain', 'Answer lost'), ('posted', 'Done'), ('rejected', 'Refused'), ('voided', 'Withdrawn')], default='pending', max_length=12)),
                ('request', models.JSONField(help_text='What is sent, without the external id')),
                ('content_hash', models.CharField(max_length=64)),
                ('serial_key', models.CharField(max_length=120)),
                ('hinges_on', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('promise', models.CharField(choices=[('exchange', 'Exchange waiting'), ('refund', 'Refund waiting'), ('restock', 'Nobody waits')], default='restock', max_length=10)),
                ('turn_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('not_before', models.DateTimeField()),
                ('sending_since', models.DateTimeField(blank=True, null=True)),
                ('armed_at', models.DateTimeField(blank=True, null=True)),
                ('uncertain_since', models.DateTimeField(blank=True, null=True)),
                ('claimed_by', models.CharField(blank=True, max_length=80)),
                ('their_id', models.CharField(blank=True, max_length=60)),
                ('adopted_from', models.CharField(blank=True, choices=[('ours', 'ReturnsOps, under this external id'), ('connector', 'another connector'), ('person', 'a person in NetSuite'), ('foreign', 'somebody else')], max_length=12)),
                ('looked_at', models.DateTimeField(blank=True, help_text='When NetSuite was last asked what it holds', null=True)),
                ('doubted', models.BooleanField(default=False)),
                ('refusal', models.JSONField(blank=True, help_text='{family, status, code, detail, path}', null=True)),
                ('posted_at', models.DateTimeField(blank=True, null=True)),
                ('read_back_at', models.DateTimeField(blank=True, null=True)),
                ('trusted_at', models.DateTimeField(blank=True, null=True)),
                ('differences', models.JSONField(blank=True, default=list)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('status', 'pending')), fields=['shop', 'system', 'turn_at', 'id'], name='postings_by_turn'), models.Index(condition=models.Q(('status__in', ['sending', 'uncertain'])), fields=['status'], name='postings_unsure'), models.Index(condition=models.Q(('status__in', ['pending', 'sending', 'uncertain', 'rejected'])), fields=['shop', 'account', 'status'], include=('created_at',), name='postings_open'), models.Index(condition=models.Q(('status', 'posted')), fields=['shop', 'posted_at'], include=('account',), name='postings_done'), models.Index(condition=models.Q(('kind__in', ['receipt', 'transfer', 'adjustment']), ('read_back_at__isnull', False)), fields=['shop', 'kind', '-read_back_at'], name='postings_compared')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'sending', 'uncertain', 'posted', 'rejected', 'voided'])), name='posting_status_in_list'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'posted'), _negated=True), models.Q(models.Q(('their_id', ''), _negated=True), ('posted_at__isnull', False)), _connector='OR'), name='posted_has_their_id'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'sending'), _negated=True), ('sending_since__isnull', False), _connector='OR'), name='sending_has_a_start'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'uncertain'), _negated=True), ('uncertain_since__isnull', False), _connector='OR'), name='uncertain_has_a_start'), models.CheckConstraint(condition=models.Q(('promise__in', ['exchange', 'refund', 'restock'])), name='posting_promise_in_list'), models.CheckConstraint(condition=models.Q(('external_id__regex', '^[a-z0-9-]+$')), name='external_id_is_plain'), models.UniqueConstraint(fields=('loop_return', 'kind', 'number'), name='postings_are_numbered'), models.UniqueConstraint(condition=models.Q(('status', 'posted'), ('system', 'netsuite'), models.Q(('kind__in', ['credit_fix', 'credit_apply', 'rma_close', 'exchange_link']), _negated=True)), fields=('account', 'their_id'), name='one_posting_per_record'), models.UniqueConstraint(condition=models.Q(('status__in', ['sending', 'uncertain'])), fields=('serial_key',), name='one_in_flight_per_source'), models.CheckConstraint(condition=models.Q(('trusted_at', None), ('read_back_at', None), _connector='OR'), name='trusted_is_not_read_back')],
            },
        ),
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='integrations.netsuiteaccount')),
                ('shop', models.ForeignKey(blank=True, help_text='Empty: all shops', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='integrations.shop')),
                ('key', models.CharField(help_text='What stands still, as postings name it', max_length=80, verbose_name='holds')),
                ('code', models.CharField(choices=[('by_person', 'Paused by a person'), ('period_closed', 'Accounting period closed'), ('right_missing', 'The integration role lacks a right'), ('feature_off', 'A feature is switched off'), ('flow_stopped', 'Many answers we do not know')], max_length=20, verbose_name='cause')),
                ('reason', models.TextField(help_text="The person's reason, or what happened")),
                ('words', models.TextField(blank=True, verbose_name='words of the other side')),
                ('opened_at', models.DateTimeField()),
                ('opened_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_from', models.ForeignKey(blank=True, help_text='Whose refusal made it', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='posting.posting')),
                ('probe', models.ForeignKey(blank=True, help_text='May go first, to see whether the cause is gone', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='posting.posting')),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('tried_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tried_because', models.TextField(blank=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_because', models.TextField(blank=True)),
                ('told_up_to', models.BigIntegerField(blank=True, default=0, editable=False, null=True)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account', 'key'), name='one_live_pause'), models.CheckConstraint(condition=models.Q(('code__in', ['by_person', 'period_closed', 'right_missing', 'feature_off', 'flow_stopped'])), name='pause_code_in_list'), models.CheckConstraint(condition=models.Q(models.Q(('code', 'by_person'), _negated=True), ('opened_by__isnull', False), _connector='OR'), name='pause_of_a_person_names_them'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='pause_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='PostingAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('posting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='posting.posting')),
                ('number', models.PositiveSmallIntegerField()),
                ('started_at', models.DateTimeField()),
                ('duration_s', models.FloatField()),
                ('request', models.JSONField()),
                ('outcome', models.CharField(max_length=12)),
                ('answer', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('outcome', 'posted'), _negated=True), fields=['started_at'], name='tries_that_failed')],
            },
        ),
        migrations.CreateModel(
            name='PostingCover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('posting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='covers', to='posting.posting')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='integrations.shop')),
                ('kind', models.CharField(max_length=20)),
                ('unit', models.CharField(help_text='unit:<line item id> or part:<what>:<return>', max_length=120)),
                ('live', models.BooleanField(default=True, help_text='False once the posting is withdrawn')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('live', True)), fields=('shop', 'kind', 'unit'), name='nothing_is_covered_twice')],
            },
        ),
    ]

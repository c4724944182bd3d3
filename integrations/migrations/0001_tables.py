"""All tables as of version 0.1, in one step: a new database is there within seconds.

A database made before it has them by what this replaces.
"""

import datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import integrations.models.loop
import returnsops.lib.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('integrations', '0001_initial'), ('integrations', '0002_edge_complete'), ('integrations', '0003_looks_at_events'), ('integrations', '0005_lanes'), ('integrations', '0006_lanes_taken_one_by_one'), ('integrations', '0007_failures_in_a_row'), ('integrations', '0008_stock_table'), ('integrations', '0009_unread_records')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='NetSuiteAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_ok_at', models.DateTimeField(blank=True, null=True, verbose_name='last answer')),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='calls without an answer in a row')),
                ('failure', models.TextField(blank=True)),
                ('next_probe_at', models.DateTimeField(blank=True, null=True)),
                ('paused_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped at')),
                ('paused_reason', models.TextField(blank=True, verbose_name='stopped because')),
                ('account_id', models.CharField(help_text='As NetSuite shows it, e.g. 1234567_SB1', max_length=40, unique=True)),
                ('base_url', models.URLField(blank=True, help_text='From Company Information › Company URLs, without a path. Empty: derived from the account id')),
                ('auth', models.CharField(choices=[('oauth2', 'OAuth 2.0 with a certificate'), ('tba', 'Token-based (ends with NetSuite 2028.1)')], default='oauth2', max_length=10, verbose_name='access')),
                ('client_id', models.CharField(help_text='Client ID of the integration record, or its consumer key', max_length=200)),
                ('certificate_id', models.CharField(blank=True, help_text='As OAuth 2.0 Client Credentials shows it', max_length=200)),
                ('certificate_expires_at', models.DateTimeField(blank=True, help_text='Warned about 60 days ahead', null=True)),
                ('time_zone', models.CharField(default='UTC', help_text='Decides what «today» is on a document', max_length=60)),
                ('subsidiary_id', models.CharField(blank=True, max_length=20)),
                ('line_reference_field', models.CharField(blank=True, help_text="Line field that holds the shop's line id, e.g. custcol_shopify_line_id. Empty: lines match by item.", max_length=60)),
                ('sku_field', models.CharField(default='itemid', help_text='Item field that holds the SKU: itemid, upccode, externalid, displayname or a custitem…', max_length=60, validators=[django.core.validators.RegexValidator('^(itemid|upccode|externalid|displayname|custitem[a-z0-9_]*)$', 'No such field of an item.')], verbose_name='SKU field')),
                ('stock_table', models.CharField(choices=[('inventoryitemlocations', 'inventoryitemlocations'), ('aggregateitemlocation', 'aggregateitemlocation'), ('inventorybalance', 'inventorybalance')], default='inventoryitemlocations', help_text='Where a policy has the stock of exchanges checked; choose one that the role may see', max_length=30, verbose_name='stock is read from')),
                ('receipt_key', models.CharField(choices=[('orderLine', 'orderLine'), ('line', 'line'), ('both', 'both')], default='orderLine', help_text="The field of a receipt's row that names the row of the return; a check says which there are", max_length=10, verbose_name='key of receipt rows')),
                ('refund_apply_line', models.PositiveSmallIntegerField(default=1, help_text='Line number a refund names when it is applied to a credit; 0 or 1. Change it if refused.')),
                ('sends_order_doc', models.BooleanField(default=False, help_text='Each row of a Return Authorization names its sale (orderDoc)', verbose_name='name the sale on every row')),
                ('write_mode', models.CharField(choices=[('sync', 'Wait for the answer'), ('async', 'Hand in as a job, ask for it later')], default='sync', help_text='Jobs only when NetSuite asks for it', max_length=10)),
                ('has_forms', models.BooleanField(default=False, help_text='See the filled-in form before a document is written. Since NetSuite 2026.1; off for older accounts.', verbose_name='ask for forms')),
                ('memo_chars_max', models.PositiveSmallIntegerField(default=40, help_text='In characters; longer ones are cut', verbose_name='longest memo')),
                ('database_time_zone', models.CharField(blank=True, help_text='Of the times in query answers, e.g. America/Los_Angeles. Empty: measured', max_length=60)),
                ('profile', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'verbose_name': 'NetSuite account',
                'constraints': [models.CheckConstraint(condition=models.Q(('auth__in', ['oauth2', 'tba'])), name='account_auth_in_list'), models.CheckConstraint(condition=models.Q(('write_mode__in', ['sync', 'async'])), name='account_write_mode_in_list'), models.CheckConstraint(condition=models.Q(('receipt_key__in', ['orderLine', 'line', 'both'])), name='account_receipt_key_in_list'), models.CheckConstraint(condition=models.Q(('stock_table__in', ['inventoryitemlocations', 'aggregateitemlocation', 'inventorybalance'])), name='account_stock_table_in_list')],
            },
        ),
        migrations.CreateModel(
            name='SyncCursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(max_length=80, unique=True)),
                ('watermark', models.DateTimeField()),
                ('overlap', models.DurationField(default=datetime.timedelta(seconds=900))),
                ('swept_at', models.DateTimeField(blank=True, null=True)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('failure', models.TextField(blank=True, help_text='Why the last pass was not believed')),
                ('unreadable', models.JSONField(blank=True, default=dict, help_text='{id: why}; gone once it was read')),
            ],
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(help_text='As SyncCursor.stream, e.g. loop:fern', max_length=80)),
                ('kind', models.CharField(choices=[('import', 'Import of history'), ('nightly', 'Nightly sweep'), ('weekly', 'Weekly sweep'), ('comparison', 'Weekly comparison of ids'), ('records', 'Nightly comparison of records')], max_length=12)),
                ('interval', models.CharField(help_text='Which night or week it is for: one run each', max_length=20)),
                ('window_from', models.DateTimeField()),
                ('window_to', models.DateTimeField()),
                ('position', models.DateTimeField(help_text='Everything before is done')),
                ('step', models.DurationField(default=datetime.timedelta(days=1), help_text='How much is read at once')),
                ('tries', models.PositiveSmallIntegerField(default=0, help_text='How often the next step was begun and not ended')),
                ('rows_seen', models.PositiveIntegerField(default=0)),
                ('rows_changed', models.PositiveIntegerField(default=0)),
                ('rows_missing', models.PositiveIntegerField(default=0, help_text='Ours that the other side no longer has')),
                ('started_at', models.DateTimeField()),
                ('worked_s', models.FloatField(default=0)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('failure', models.TextField(blank=True, help_text='Why it waits, or why it was given up')),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-started_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('finished_at', None)), fields=['leased_until'], name='runs_under_way')],
                'constraints': [models.UniqueConstraint(fields=('stream', 'kind', 'interval'), name='one_run_per_interval'), models.CheckConstraint(condition=models.Q(('kind__in', ['import', 'nightly', 'weekly', 'comparison', 'records'])), name='run_kind_in_list')],
            },
        ),
        migrations.CreateModel(
            name='AccessToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='access_token', to='integrations.netsuiteaccount')),
                ('settings_digest', models.CharField(blank=True, max_length=64)),
                ('sealed', models.TextField(blank=True)),
                ('renew_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('leased_by', models.CharField(blank=True, max_length=80)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('refusal', models.TextField(blank=True)),
                ('refusals', models.PositiveSmallIntegerField(default=0)),
                ('refused_until', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('sealed', ''), models.Q(('ends_at__isnull', False), ('renew_at__isnull', False)), _connector='OR'), name='token_has_an_end'), models.CheckConstraint(condition=models.Q(models.Q(('leased_by', ''), ('leased_until__isnull', True)), models.Q(models.Q(('leased_by', ''), _negated=True), ('leased_until__isnull', False)), _connector='OR'), name='turn_has_owner_and_end')],
            },
        ),
        migrations.CreateModel(
            name='Lane',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lanes', to='integrations.netsuiteaccount')),
                ('number', models.PositiveSmallIntegerField()),
                ('leased_by', models.CharField(blank=True, max_length=80)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('for_reading', models.BooleanField(default=False)),
            ],
            options={
                'ordering': ['account', 'number'],
                'constraints': [models.UniqueConstraint(fields=('account', 'number'), name='one_lane_per_number'), models.CheckConstraint(condition=models.Q(models.Q(('leased_by', ''), ('leased_until__isnull', True)), models.Q(models.Q(('leased_by', ''), _negated=True), ('leased_until__isnull', False)), _connector='OR'), name='lease_has_owner_and_end')],
            },
        ),
        migrations.CreateModel(
            name='LaneDemand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lane_demands', to='integrations.netsuiteaccount')),
                ('holder', models.CharField(max_length=80)),
                ('for_reading', models.BooleanField(default=False)),
                ('wanted', models.PositiveSmallIntegerField()),
                ('until', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'holder'), name='one_demand_per_holder')],
            },
        ),
        migrations.CreateModel(
            name='LaneHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lane_hours', to='integrations.netsuiteaccount')),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), help_text='0 is Monday; the day on which the hours begin', size=None)),
                ('starts', models.TimeField(verbose_name='from')),
                ('ends', models.TimeField(help_text='Not later than «from»: on the next day', verbose_name='to')),
                ('lanes', models.PositiveSmallIntegerField(verbose_name='calls in flight at most')),
                ('why', models.CharField(max_length=200)),
            ],
            options={
                'verbose_name': 'lanes by the hour',
                'verbose_name_plural': 'lanes by the hour',
                'ordering': ['starts'],
                'constraints': [models.CheckConstraint(condition=models.Q(('lanes__gte', 1)), name='an_hour_has_a_lane')],
            },
        ),
        migrations.CreateModel(
            name='LaneLimit',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='lane_limit', serialize=False, to='integrations.netsuiteaccount')),
                ('count', models.PositiveSmallIntegerField(default=5, help_text='As a person set it')),
                ('kept_for_reading', models.PositiveSmallIntegerField(default=1, help_text='Senders borrow these, and give them back as soon as somebody wants to read')),
                ('held_to', models.PositiveSmallIntegerField(help_text='Since NetSuite refused calls as too many; 0: it refused even one, nobody calls for a moment', null=True)),
                ('held_since', models.DateTimeField(null=True)),
                ('held_because', models.TextField(blank=True)),
                ('grows_at', models.DateTimeField(null=True)),
                ('ceiling', models.PositiveSmallIntegerField(help_text='With so many in flight it refused last', null=True)),
                ('refused', models.PositiveIntegerField(default=0, help_text='Calls refused as too many, ever')),
                ('abandoned', models.PositiveIntegerField(default=0, help_text='Lanes whose lease ran out with a call in flight, ever')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='an_account_has_a_lane')],
            },
        ),
        migrations.CreateModel(
            name='Shop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_ok_at', models.DateTimeField(blank=True, null=True, verbose_name='last answer')),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='calls without an answer in a row')),
                ('failure', models.TextField(blank=True)),
                ('next_probe_at', models.DateTimeField(blank=True, null=True)),
                ('paused_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped at')),
                ('paused_reason', models.TextField(blank=True, verbose_name='stopped because')),
                ('code', models.SlugField(help_text='Short and lower case: it is part of every external id', unique=True)),
                ('name', models.CharField(max_length=100)),
                ('currency', models.CharField(max_length=3)),
                ('time_zone', models.CharField(default='UTC', max_length=60)),
                ('base_url', models.URLField(default='https://api.loopreturns.com', verbose_name='Loop base URL')),
                ('api_version', models.CharField(default='v1', max_length=10, verbose_name='API version')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shops', to='integrations.netsuiteaccount')),
                ('start_from', models.DateTimeField(help_text='Returns created earlier are mirrored and never posted')),
                ('calls_per_minute', models.PositiveIntegerField(default=300, help_text="Loop's limit for this key; less if other programs use the same key", validators=[django.core.validators.MinValueValidator(10)], verbose_name='Loop calls a minute')),
                ('more_webhooks', models.CharField(blank=True, help_text='Topics besides returns and labels, with blanks between: restock giftcard label.request happy.returns.shipment', max_length=120, validators=[integrations.models.loop.validate_more_webhooks])),
                ('webhooks_made', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('webhooks_checked_at', models.DateTimeField(blank=True, null=True)),
                ('webhooks_problem', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('code__regex', '^[a-z0-9-]+$')), name='shop_code_fits_external_ids')],
            },
        ),
        migrations.CreateModel(
            name='UnreadRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unread', to='integrations.netsuiteaccount')),
                ('name', models.CharField(help_text='Such as creditMemo 4711, creditMemo, or what changed', max_length=120)),
                ('reason', models.CharField(blank=True, help_text="In NetSuite's words; empty until it is set aside", max_length=300)),
                ('lacks_right', models.BooleanField(default=False, help_text='The role may not see this kind, or ask this')),
                ('tries', models.PositiveIntegerField(default=0, help_text='How often NetSuite failed to show it')),
                ('noted_at', models.DateTimeField(default=returnsops.lib.clock.now)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='one_row_per_unread_record')],
            },
        ),
        migrations.CreateModel(
            name='CallBudget',
            fields=[
                ('shop', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='call_budget', serialize=False, to='integrations.shop')),
                ('tokens', models.FloatField(help_text='Calls that may go out at once, as of filled_at; below zero: wait')),
                ('filled_at', models.DateTimeField()),
                ('minute', models.DateTimeField(help_text='The minute that calls were last counted in')),
                ('calls', models.PositiveIntegerField(default=0, help_text='In that minute')),
                ('calls_before', models.PositiveIntegerField(default=0, help_text='In the minute before it')),
            ],
        ),
        migrations.CreateModel(
            name='ConnectionProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='integrations.netsuiteaccount')),
                ('shop', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='integrations.shop')),
                ('found', models.JSONField(blank=True, default=dict)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('asked_at', models.DateTimeField(blank=True, null=True)),
                ('progress', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', True), ('shop__isnull', False)), models.Q(('account__isnull', False), ('shop__isnull', True)), _connector='OR'), name='profile_has_one_owner')],
            },
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='integrations.shop')),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='integrations.netsuiteaccount')),
                ('kind', models.CharField(choices=[('loop_api_key', 'Loop API key'), ('loop_webhook_secret', 'Loop webhook secret'), ('netsuite_private_key', 'NetSuite private key'), ('netsuite_consumer_secret', 'NetSuite consumer secret'), ('netsuite_token_id', 'NetSuite token id'), ('netsuite_token_secret', 'NetSuite token secret')], max_length=30)),
                ('sealed', models.TextField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', True), ('shop__isnull', False)), models.Q(('account__isnull', False), ('shop__isnull', True)), _connector='OR'), name='credential_has_one_owner'), models.CheckConstraint(condition=models.Q(('kind__in', ['loop_api_key', 'loop_webhook_secret', 'netsuite_private_key', 'netsuite_consumer_secret', 'netsuite_token_id', 'netsuite_token_secret'])), name='credential_kind_in_list')],
            },
        ),
        migrations.CreateModel(
            name='InboundEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='inbound_events', to='integrations.shop')),
                ('received_at', models.DateTimeField()),
                ('last_received_at', models.DateTimeField()),
                ('times_received', models.PositiveIntegerField(default=1)),
                ('nudged_at', models.DateTimeField(blank=True, null=True)),
                ('looks', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('looked_since', models.DateTimeField(blank=True, null=True)),
                ('raw', models.BinaryField()),
                ('digest', models.CharField(max_length=64)),
                ('signed', models.BooleanField()),
                ('verdict', models.CharField(choices=[('waiting', 'Waiting to be read'), ('read', 'Read'), ('bad_signature', 'Wrong or missing signature'), ('unreadable', 'Not readable')], default='waiting', max_length=20)),
                ('topic', models.CharField(blank=True, max_length=60)),
                ('trigger', models.CharField(blank=True, max_length=60)),
                ('loop_return_id', models.CharField(blank=True, max_length=40)),
                ('failure', models.TextField(blank=True)),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('verdict', 'waiting')), fields=['verdict'], name='events_waiting'), models.Index(condition=models.Q(('loop_return_id', ''), _negated=True), fields=['shop', 'loop_return_id', '-id'], name='events_of_return'), models.Index(condition=models.Q(('signed', False)), fields=['shop', 'received_at'], name='events_forged')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'digest', 'signed'), name='one_row_per_event_body'), models.CheckConstraint(condition=models.Q(('verdict__in', ['waiting', 'read', 'bad_signature', 'unreadable'])), name='event_verdict_in_list'), models.CheckConstraint(condition=models.Q(('signed', True), ('verdict', 'bad_signature'), _connector='OR'), name='unsigned_event_is_never_read'), models.CheckConstraint(condition=models.Q(('last_received_at__gte', models.F('received_at'))), name='event_last_after_first')],
            },
        ),
    ]

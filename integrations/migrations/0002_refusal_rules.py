"""Apart from the other tables, since it names a person: the tables of people come in between."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('integrations', '0004_refusal_rules')]

    initial = True

    dependencies = [
        ('integrations', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='RefusalRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(help_text="Part of NetSuite's words, capitals do not matter. * stands for anything between, such as a number", max_length=200)),
                ('account', models.ForeignKey(blank=True, help_text='Empty: every account', null=True, on_delete=django.db.models.deletion.CASCADE, to='integrations.netsuiteaccount')),
                ('record_type', models.CharField(blank=True, help_text='Such as itemReceipt. Empty: every type', max_length=40)),
                ('meaning', models.CharField(choices=[('passing', 'Passing: try again by itself, a bounded number of times'), ('already_exists', 'It is there already: look for it'), ('period_closed', 'The accounting period is closed'), ('permission', 'The integration role lacks a right'), ('feature_off', 'A feature is switched off'), ('invalid_field', 'A value is not accepted'), ('missing_field', 'A field is missing'), ('source_not_ready', 'The source document is not in a state that allows it'), ('nothing_left', 'Nothing is left to do on the source document'), ('over_quantity', 'Fewer units are left than were sent'), ('script', 'A script in NetSuite stopped it'), ('exchange_rate', 'An exchange rate is missing'), ('unbalanced', 'Its amounts do not add up')], max_length=20)),
                ('note', models.TextField(blank=True, help_text='How we know')),
                ('active', models.BooleanField(default=True)),
                ('made_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('meaning__in', ['passing', 'already_exists', 'period_closed', 'permission', 'feature_off', 'invalid_field', 'missing_field', 'source_not_ready', 'nothing_left', 'over_quantity', 'script', 'exchange_rate', 'unbalanced'])), name='rule_meaning_in_list'), models.CheckConstraint(condition=models.Q(('words', ''), _negated=True), name='rule_has_words')],
            },
        ),
    ]

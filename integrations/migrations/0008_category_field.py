"""In which field the items of an account tell their category, for rules of places."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0007_whose_loop_key'),
    ]

    operations = [
        migrations.AddField(
            model_name='netsuiteaccount',
            name='category_field',
            field=models.CharField(blank=True, db_default='', default='', help_text='Item field that tells its category, for rules of places: class, department or a custitem…. Empty: none. Items known already are read anew within a day.', max_length=60, validators=[django.core.validators.RegexValidator('^(class|department|custitem[a-z0-9_]*)$', 'No such field of an item.')]),
        ),
    ]

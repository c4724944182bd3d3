"""The category that NetSuite tells of an item; empty until it is asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('returns', '0006_what_the_list_says'),
    ]

    operations = [
        migrations.AddField(
            model_name='item',
            name='category',
            field=models.CharField(blank=True, max_length=200, null=True),
        ),
    ]

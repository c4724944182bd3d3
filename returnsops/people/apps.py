from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "returnsops.people"
    verbose_name = "People"

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "returnsops.pages"
    verbose_name = "Pages"

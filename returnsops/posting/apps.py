from django.apps import AppConfig


class PostingConfig(AppConfig):
    name = "returnsops.posting"
    verbose_name = "Posting"

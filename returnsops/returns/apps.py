from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    name = "returnsops.returns"
    verbose_name = "Returns"

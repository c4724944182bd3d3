from django.apps import AppConfig


class ReturnsOpsConfig(AppConfig):
    name = "returnsops"
    verbose_name = "ReturnsOps"

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "returnsops.api"
    verbose_name = "REST API"

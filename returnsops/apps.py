from django.apps import AppConfig
from django.db.backends.signals import connection_created

from returnsops.lib.handed_over import watch_connection


class ReturnsOpsConfig(AppConfig):
    name = "returnsops"
    verbose_name = "ReturnsOps"

    def ready(self) -> None:
        connection_created.connect(watch_connection)

from django.apps import AppConfig


class WarehouseConfig(AppConfig):
    name = "returnsops.warehouse"
    verbose_name = "Warehouse"

"""Settings of the bare view: the same database and kept connections as ours, nothing else."""

from pathlib import Path

from returnsops.lib import postgres
from returnsops.lib.env import env_text

SECRET_KEY = "for-the-bench-only"
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {
    "default": postgres.connection_settings(Path(env_text("RETURNSOPS_DATA_DIR")) / "postgres")
    | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
}
USE_TZ = True
TIME_ZONE = "UTC"
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "returnsops.management.bench.bare"

"""Settings of the worker processes that a test starts: its own database, everything in a hurry, and the killers."""

import json
import os

from returnsops.settings import *  # noqa: F403
from returnsops.settings import DATABASES, INSTALLED_APPS

DATABASES["default"] |= json.loads(os.environ["TEST_DATABASE"])
INSTALLED_APPS = [*INSTALLED_APPS, "tests.journey.killers.Killers"]

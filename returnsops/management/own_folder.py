"""Commands that start from nothing get a folder and a database of their own: other data are never touched."""

import os
import shutil
import sys
from pathlib import Path

from django.conf import settings

from returnsops.lib import postgres
from returnsops.lib.processes import PROJECT_DIR


def run_in_own_folder(name: str) -> None:
    """Start this command again with its own data folder, unless it has it already. Replaces the process."""
    if settings.DATA_DIR.name == name:
        return
    folder = str(settings.DATA_DIR / name)
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {
        "RETURNSOPS_DATA_DIR": folder,
        "BUSINESS_CLOCK_FILE": f"{folder}/clock.json",
        "LOG_LEVEL": "WARNING",
    }
    os.execve(sys.executable, [sys.executable, str(PROJECT_DIR / "manage.py"), *sys.argv[1:]], environment)


def empty_own_folder(name: str) -> Path:
    """The command's own folder, with nothing in it and no database running on it."""
    folder: Path = settings.DATA_DIR
    assert folder.name == name, "only a command's own folder is ever emptied"
    postgres.erase(folder / "postgres")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder

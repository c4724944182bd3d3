"""What tests of one file share is made once, however many processes run them: seen in a session of its own."""

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from returnsops.lib.processes import PROJECT_DIR

LIMIT_S = 300
BROWSER = "tests/browser"
TEST = """
import os
import pytest
{mark}
@pytest.mark.parametrize("number", range(6))
def test_it(number):
    with open("{seen}", "a") as seen:
        seen.write(os.environ["PYTEST_XDIST_WORKER"] + " {place}\\n")
"""
SESSION = ("--numprocesses", "2", "--import-mode=importlib", "-p", "xdist", "-p", "tests.distribution")
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


@pytest.fixture
def seen(tmp_path: Path) -> dict[str, list[str]]:
    """The places whose tests each process ran, in its order."""
    seen = tmp_path / "seen"
    for name in (f"{BROWSER}/test_a.py", f"{BROWSER}/test_b.py", "test_c.py", "test_d.py", "test_long.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        mark = "@pytest.mark.long" if file.stem == "test_long" else ""
        file.write_text(TEST.format(mark=mark, seen=seen, place=BROWSER if BROWSER in name else file.stem))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = long\n")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *SESSION, "-c", str(tmp_path / "pytest.ini"), str(tmp_path)],
        cwd=PROJECT_DIR, env={**os.environ, **ALONE}, capture_output=True, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    ran = defaultdict(list)
    for line in seen.read_text().splitlines():
        process, place = line.split()
        ran[process].append(place)
    return ran


def test_files_are_not_split_those_of_the_browser_stay_together_and_what_is_long_begins_first(
    seen: dict[str, list[str]],
) -> None:
    places = [place for ran in seen.values() for place in dict.fromkeys(ran)]

    assert sorted(places) == sorted([BROWSER, "test_c", "test_d", "test_long"])
    assert sum(map(len, seen.values())) == 5 * 6
    assert "test_long" in {ran[0] for ran in seen.values()}

"""Sees to it that there is a Chromium for the browser tests: `python -m tests.browser_setup`.

One that is installed is used as it is. Else root on Debian and its kin gets the system's package, which brings the
libraries it needs; everybody else gets Playwright's download, which does not.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
LOOK_LIMIT_S = 30
DOWNLOAD_LIMIT_S = 300
PACKAGES_LIMIT_S = 900
PACKAGES = ("chromium", "fonts-dejavu-core")


def find_browser() -> Path | None:
    """A Chromium that starts: $CHROMIUM, the system's, or Playwright's own."""
    for path in _candidates():
        if _starts(path):
            return path
    return None


def main() -> int:
    found = find_browser()
    for install in (_install_package, _download):
        if found is None:
            install()
            found = find_browser()
    if found is None:
        sys.stderr.write(
            "The browser tests need Chromium, and it could not be installed. Install it (Debian: apt-get install "
            "chromium; elsewhere: python -m playwright install --with-deps chromium) or set CHROMIUM to its path.\n"
        )
        return 1
    sys.stdout.write(f"Browser for the tests: {found}\n")
    return 0


def _candidates() -> Iterator[Path]:
    if os.environ.get("CHROMIUM"):
        yield Path(os.environ["CHROMIUM"])
    yield from (Path(path) for name in NAMES if (path := shutil.which(name)))
    yield from (Path(path) for path in MAC_PLACES if Path(path).exists())
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    if own.exists():
        yield own


def _starts(path: Path) -> bool:
    """Some systems have a stand-in of that name which only tells how to install the real one."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=LOOK_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _install_package() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    _try(["apt-get", "update", "--quiet"], limit_s=PACKAGES_LIMIT_S)
    _try(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *PACKAGES], limit_s=PACKAGES_LIMIT_S)


def _download() -> None:
    _try([sys.executable, "-m", "playwright", "install", "chromium"], limit_s=DOWNLOAD_LIMIT_S)


def _try(command: list[str], *, limit_s: float) -> None:
    """Whether it helped is seen by looking for the browser again; what it says is for whoever must find out why not."""
    sys.stdout.write(f"No Chromium yet. Trying: {' '.join(command)}\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, check=False, timeout=limit_s, stdin=subprocess.DEVNULL, env=environment)
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"It did not end within {limit_s:.0f} s.\n")


if __name__ == "__main__":
    sys.exit(main())

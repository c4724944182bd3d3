"""Asks whether a pinned dependency has a known weakness: `python -m tests.dependency_audit`.

The answer «yes» fails. No answer, because the service cannot be reached from here, is said plainly and fails nothing:
it tells us nothing about the code.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REQUIREMENTS = "requirements.txt"
LIMIT_S = 300


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        trouble = _run_audit(report)
        text = report.read_text() if report.exists() else ""
    dependencies = json.loads(text)["dependencies"] if text else []
    # A service that knows nothing of a package says so per package, and the audit counts that as harmless.
    unknown = [each for each in dependencies if "skip_reason" in each]
    if len(unknown) == len(dependencies):
        sys.stdout.write(f"dependency audit not run: {unknown[0]['skip_reason'] if unknown else trouble}\n")
        return 0
    return _judge(dependencies, unknown=unknown)


def _judge(dependencies: list[dict[str, Any]], *, unknown: list[dict[str, Any]]) -> int:
    weak = [each for each in dependencies if each.get("vulns")]
    for each in weak:
        sys.stdout.write(_describe(each))
    for each in unknown:
        sys.stdout.write(f"dependency audit not run for {each['name']}: {each['skip_reason']}\n")
    sys.stdout.write(f"dependency audit: {len(weak)} of {len(dependencies)} dependencies have known weaknesses\n")
    return 1 if weak else 0


def _run_audit(report: Path) -> str:
    """Writes the report if the service answered for all packages. Gives the last thing the audit said."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", REQUIREMENTS, "--no-deps", "--disable-pip"]
    options = ["--format", "json", "--output", str(report), "--progress-spinner", "off", "--timeout", "20"]
    try:
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return f"no answer within {LIMIT_S} s"
    return (done.stderr.strip().splitlines() or ["it said nothing"])[-1]


def _describe(dependency: dict[str, Any]) -> str:
    found = ", ".join(
        f"{each['id']} (fixed in {' or '.join(each['fix_versions']) or 'no version yet'})"
        for each in dependency["vulns"]
    )
    return f"{dependency['name']} {dependency['version']}: {found}\n"


if __name__ == "__main__":
    sys.exit(main())

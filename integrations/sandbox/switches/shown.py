"""The switches as a reader finds them: over the control API, and as docs/switches.md."""

import json
from typing import Any

from integrations.sandbox.switches import SWITCHES
from integrations.sandbox.switches.declare import Switch
from integrations.sandbox.switches.profiles import PROFILES

Json = dict[str, Any]
HEAD = """# Switches of the sandbox

Drawn from `integrations/sandbox/switches/`; a test compares. How to set them, for one account or shop too, and what
profiles are: [sandbox.md](sandbox.md), «Settings». The same at run time: `GET /_sandbox/settings/help`.
"""


def describe_switches() -> Json:
    return {
        "settings": [_described(switch) for switch in SWITCHES.values()],
        "profiles": [{"name": one.name, "meaning": one.meaning, "changes": one.changes} for one in PROFILES.values()],
    }


def _described(switch: Switch) -> Json:
    return {
        "name": switch.name,
        "default": switch.default,
        "allowed": switch.allowed,
        "meaning": switch.meaning,
    }


def draw_switches() -> str:
    lines = [HEAD]
    for group in dict.fromkeys(switch.group for switch in SWITCHES.values()):
        lines += [f"## {group}", "", "| switch | default | may be | meaning |", "|---|---|---|---|"]
        lines += [_row(switch) for switch in SWITCHES.values() if switch.group == group]
        lines.append("")
    lines += ["## Profiles", "", "| profile | what it stands for | sets |", "|---|---|---|"]
    for one in PROFILES.values():
        sets = ", ".join(f"`{name}` {json.dumps(value)}" for name, value in one.changes.items())
        lines.append(f"| `{one.name}` | {one.meaning} | {sets} |")
    return "\n".join([*lines, ""])


def _row(switch: Switch) -> str:
    default = json.dumps(switch.default)
    return f"| `{switch.name}` | `{default}` | {switch.allowed} | {switch.meaning} |"

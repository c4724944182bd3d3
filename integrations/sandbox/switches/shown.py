"""The switches as a reader finds them: over the control API, and as docs/switches.md."""

import json
from typing import Any

from integrations.sandbox.fault_kinds import KINDS, Kind
from integrations.sandbox.switches import SWITCHES
from integrations.sandbox.switches.declare import Switch
from integrations.sandbox.switches.profiles import PROFILES

Json = dict[str, Any]
HEAD = """# Switches and faults of the sandbox

Drawn from `integrations/sandbox/switches/` and `integrations/sandbox/fault_kinds.py`; a test compares. How to set them,
for one account or shop too, and what profiles are: [sandbox.md](sandbox.md), «Settings» and «Faults». The same at run
time: `GET /_sandbox/settings/help` and `GET /_sandbox/faults/kinds`.
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
    lines += ["", "## Faults", "", "| kind | the caller sees | was it done? | of |", "|---|---|---|---|"]
    lines += [_fault_row(name, kind=kind) for name, kind in KINDS.items()]
    return "\n".join([*lines, ""])


def _fault_row(name: str, *, kind: Kind) -> str:
    done = "**yes**" if kind.is_done else "no"
    return f"| `{name}` | {kind.meaning} | {done} | {', '.join(kind.systems)} |"


def _row(switch: Switch) -> str:
    default = json.dumps(switch.default)
    return f"| `{switch.name}` | `{default}` | {switch.allowed} | {switch.meaning} |"

"""Every switch of the sandbox, declared once: the control API, its help and docs/switches.md read it from here.

A new one is one line in the file of its group; a new bundle of them is one line in profiles.py.
"""

from integrations.sandbox.switches import loop, netsuite_books, netsuite_protocol, traffic
from integrations.sandbox.switches.declare import Switch

SWITCHES: dict[str, Switch] = {
    switch.name: switch
    for switch in (*loop.SWITCHES, *netsuite_protocol.SWITCHES, *netsuite_books.SWITCHES, *traffic.SWITCHES)
}
GROUPS = frozenset(name[:dot] for name in SWITCHES for dot in range(len(name)) if name[dot] == ".")

"""The PostgreSQL of `DATABASE_URL`, whose machine is another one, as a rule.

A turn and a lease end with the connection that holds them. A machine that loses its power or its network says goodbye
to nobody, so both ends ask whether the other is still there; without that the server keeps such a connection for two
hours. By a Unix socket only the last of it has any effect.
"""

from typing import Any

import environ

IDLE_S, ASK_EVERY_S, ASK_TIMES = 15, 5, 3
GONE_MS = (IDLE_S + ASK_EVERY_S * ASK_TIMES) * 1000  # also for what was sent and nobody acknowledged
# A server asks nobody while it works on a statement: that of a killed process would go on, and hold its locks.
ASK_WHILE_WORKING_S = 5
WHILE_WORKING = f"-c client_connection_check_interval={ASK_WHILE_WORKING_S}s"
OUR_SIDE: dict[str, object] = {
    "keepalives_idle": IDLE_S,
    "keepalives_interval": ASK_EVERY_S,
    "keepalives_count": ASK_TIMES,
    "tcp_user_timeout": GONE_MS,
}
THEIR_SIDE = (
    f"-c tcp_keepalives_idle={IDLE_S} -c tcp_keepalives_interval={ASK_EVERY_S} "
    f"-c tcp_keepalives_count={ASK_TIMES} -c tcp_user_timeout={GONE_MS} {WHILE_WORKING}"
)


def given_database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for this URL. What the URL itself says of these settings holds."""
    entry = dict(environ.Env.db_url_config(url))
    given = entry.get("OPTIONS", {})
    # Of two words for one setting PostgreSQL takes the later.
    options = f"{THEIR_SIDE} {given.get('options', '')}".strip()
    return entry | {"OPTIONS": {**OUR_SIDE, **given, "options": options}}

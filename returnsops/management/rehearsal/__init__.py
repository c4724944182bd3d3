"""Rehearsals: the whole system against the sandbox, played by programs and judged by the sandbox's own books."""

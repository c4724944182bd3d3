"""Chaos: the whole system under faults, judged by the sandbox's books. See docs/chaos.md."""

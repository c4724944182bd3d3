"""What the checker found: counts that must be 0, and in words what they stand for."""

from collections import Counter
from dataclasses import dataclass, field

# Each a count that must be 0; docs/chaos.md says exactly what is counted.
INVARIANTS = (
    "lost",
    "duplicates",
    "uninspected_sellable",
    "cents_unexplained",
    "card_operations",
    "divergences_without_case",
    "calls_above_lanes",
    "writes_without_external_id",
    "second_writes",
    "broken_audit_chain",
)


@dataclass
class Verdict:
    """settled: returns that are complete on both sides. exempt: units made sellable uninspected, as an administrator
    let them."""

    counts: Counter[str] = field(default_factory=Counter)
    settled: int = 0
    exempt: int = 0
    findings: list[str] = field(default_factory=list)

    def note(self, invariant: str, count: int, words: str) -> None:
        assert invariant in INVARIANTS, f"{invariant} is no invariant"
        if count > 0:
            self.counts[invariant] += count
            self.findings.append(f"{invariant}: {words}")

    def promises_kept(self) -> bool:
        return not any(self.counts.values())

    def as_json(self) -> dict[str, int]:
        return {name: self.counts[name] for name in INVARIANTS}

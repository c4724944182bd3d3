"""Problems: what stands in the way of a return, as values. A case is opened for them higher up.

Beside this file, by what they are about: every code with its title, its advice and the actions that help.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from returnsops.lib.money import ZERO
from returnsops.returns.problems.documents import DOCUMENTS
from returnsops.returns.problems.exchanges import EXCHANGES
from returnsops.returns.problems.goods import GOODS
from returnsops.returns.problems.kinds import ProblemKind
from returnsops.returns.problems.money import MONEY
from returnsops.returns.problems.reading import READING
from returnsops.returns.problems.sale import SALE

KINDS: dict[str, ProblemKind] = {**SALE, **GOODS, **MONEY, **EXCHANGES, **DOCUMENTS, **READING}


@dataclass(frozen=True)
class Problem:
    """One thing a person must look at.

    subject: what it is about; returns with the same code and subject share one case.
    cause: what happened, as a sentence. expected/found: the two differing values, if there are two.
    amount: money at stake in the shop's currency.
    seen_hash: what an approval of it would be bound to.
    """

    code: str
    subject: str
    cause: str
    expected: str = ""
    found: str = ""
    amount: Decimal = ZERO
    seen_hash: str = ""
    posting: str = ""
    words: str = ""  # the other side's own words
    detail: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        assert self.code in KINDS, f"problem code {self.code} is not in the catalogue"

    def is_like(self, other: "Problem") -> bool:
        """They share a case."""
        return (self.code, self.subject) == (other.code, other.subject)

    def joined_with(self, other: "Problem") -> "Problem":
        """Both in one, with the words of both; and the larger amount, since both may be about the same money."""
        return replace(
            self,
            cause=_joined(" ", self.cause, other.cause),
            expected=_joined("; ", self.expected, other.expected),
            found=_joined("; ", self.found, other.found),
            words=_joined(" ", self.words, other.words),
            amount=max(self.amount, other.amount),
            posting=self.posting or other.posting,
            detail=tuple(dict.fromkeys([*self.detail, *other.detail])),
        )


def _joined(between: str, *words: str) -> str:
    """Each once: what only begins or ends inside of another, as 10.00 USD in 110.00 USD, is not said by it."""
    first, second = (f"{between}{one}{between}" for one in words)
    return words[0] if second in first else between.join(one for one in words if one)

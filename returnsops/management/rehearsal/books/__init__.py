"""The independent checker: reads the sandbox's dump and logs, and counts broken promises. See docs/chaos.md.

It knows nothing of our tables. Beside the sandbox's books it is told only which units the warehouse passed as sellable,
and which returns are in an open case. Orders tie the two systems together: a NetSuite sale carries the shop's order id,
and so does the return in Loop; our own documents carry the return in their external id.
"""

from returnsops.management.rehearsal.books.calls import CallTally, check_calls
from returnsops.management.rehearsal.books.check import Known, check_books
from returnsops.management.rehearsal.books.completeness import what_is_missing
from returnsops.management.rehearsal.books.exempt import Exemption
from returnsops.management.rehearsal.books.families import Family, group_by_order, sort_by_return
from returnsops.management.rehearsal.books.verdict import INVARIANTS, Verdict

__all__ = [
    "INVARIANTS",
    "CallTally",
    "Exemption",
    "Family",
    "Known",
    "Verdict",
    "check_books",
    "check_calls",
    "group_by_order",
    "sort_by_return",
    "what_is_missing",
]

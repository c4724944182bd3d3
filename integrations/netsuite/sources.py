"""From which transactions others were made: how a change anywhere in the account is known to be about ours."""

from collections import defaultdict
from collections.abc import Collection

from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.suiteql import VALUES_PER_QUERY, placeholders

# createdfrom stands on the lines; applications (a refund of a credit) are links only (netsuite.md §5.2).
BY_LINE = """SELECT DISTINCT tl.transaction AS id, tl.createdfrom AS source
FROM transactionline tl
WHERE tl.transaction IN ({values}) AND tl.createdfrom IS NOT NULL
ORDER BY id, source"""

BY_LINK = """SELECT DISTINCT l.nextdoc AS id, l.previousdoc AS source
FROM NextTransactionLineLink l
WHERE l.nextdoc IN ({values})
ORDER BY id, source"""


def find_sources(client: NetSuiteClient, internal_ids: Collection[str]) -> dict[str, set[str]]:
    """{transaction: what it was made from or applied to}; those made from nothing are left out."""
    distinct = sorted(set(internal_ids))
    sources: dict[str, set[str]] = defaultdict(set)
    for start in range(0, len(distinct), VALUES_PER_QUERY):
        chunk = distinct[start : start + VALUES_PER_QUERY]
        for sql in (BY_LINE, BY_LINK):
            for row in client.query(sql.format(values=placeholders(chunk)), chunk):
                sources[row["id"]].add(row["source"])
    return dict(sources)

"""SuiteTalk REST and SuiteQL of one NetSuite account."""

from collections.abc import Callable
from contextlib import nullcontext

from integrations.http import HttpAnswer
from integrations.netsuite.access import Access
from integrations.netsuite.database_clock import DatabaseClock
from integrations.netsuite.options import AccountOptions
from integrations.netsuite.query_calls import QueryCalls
from integrations.netsuite.record_calls import RecordCalls
from integrations.netsuite.schema_calls import SchemaCalls
from integrations.netsuite.transport import Lane, Request, Transport


class NetSuiteClient(RecordCalls, QueryCalls, SchemaCalls):
    """Safe to share between threads. base_url: the account's own host, without /services/rest.

    lane: entered around every HTTP call, since the account counts reads and writes alike.
    read_again_after_s: a read that failed by chance is tried once more after this; None: it is not.
    note_no_forms: told, in NetSuite's words, when the account turns out to have no forms.
    """

    def __init__(
        self,
        base_url: str,
        access: Access,
        *,
        options: AccountOptions | None = None,
        read_timeout_s: float = 60.0,
        write_timeout_s: float = 180.0,
        pool_size: int = 25,
        lane: Lane = nullcontext,
        read_again_after_s: float | None = None,
        note_no_forms: Callable[[str], None] | None = None,
    ) -> None:
        self.options = self._options = options or AccountOptions()
        self._transport = Transport(
            base_url,
            access,
            read_timeout_s=read_timeout_s,
            write_timeout_s=write_timeout_s,
            pool_size=pool_size,
            lane=lane,
            read_again_after_s=read_again_after_s,
        )
        self._note_no_forms = note_no_forms or (lambda words: None)
        self._clock = DatabaseClock(self, self._options)
        self._absent_columns = set()

    def close(self) -> None:
        self._transport.close()

    def probe(self, request: Request) -> HttpAnswer:
        """Any answer, refusals too: for what only its status or shape tells. Raises when no answer came, and on 401."""
        return self._transport.send(request)

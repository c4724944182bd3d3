"""Reading bodies: JSON, up to a limit. The framework reads a stream without asking how long it is."""

import io
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from returnsops.api.errors import TooLargeError

BODY_BYTES_MAX = 1_000_000


class BoundedJSONParser(JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            raise TooLargeError(f"The body is longer than {BODY_BYTES_MAX:,} bytes. Send fewer units at a time.")
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error

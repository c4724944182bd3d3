"""The description of the API (OpenAPI), made from the views."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from returnsops.api.authentication import SCHEME
from returnsops.api.serializers.errors import ErrorOut

FAILURES = {
    "400": "A value is missing or not valid; `extra.fields` says which",
    "401": "No valid key and no session",
    "403": "Your role does not include it",
    "404": "Nothing there that you may see",
    "409": "The facts do not allow it; nothing was changed",
    "429": "Too many requests; `Retry-After` says how long to wait",
}
FOR_WRITING_ONLY = {"409"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "returnsops.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"Enter «{SCHEME} <prefix>.<secret>».",
        }


class ApiSchema(AutoSchema):
    """Views name what comes in and goes out; each operation also lists its failures, all in one shape."""

    def get_request_serializer(self) -> Any:
        return self.view.input_class if hasattr(self.view, "input_class") else super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        return self.view.output_class if hasattr(self.view, "output_class") else super().get_response_serializers()

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            shape = self.resolve_serializer(ErrorOut(), "response").ref
            for status, meaning in FAILURES.items():
                if self.method != "GET" or status not in FOR_WRITING_ONLY:
                    content = {"application/json": {"schema": shape}}
                    operation["responses"].setdefault(status, {"description": meaning, "content": content})
        return operation

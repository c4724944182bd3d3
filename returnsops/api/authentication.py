"""Who calls: a tool by its key. People who are logged in are known by their session."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from returnsops.api.keys import find_key, note_use
from returnsops.people.models import ApiKey, User

SCHEME = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key <prefix>.<secret>`. Another scheme, or none, is not our business."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        key = find_key(text.strip())
        if key is None:
            raise AuthenticationFailed("This API key is unknown or was revoked. Ask an administrator for a new one.")
        note_use(key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return SCHEME

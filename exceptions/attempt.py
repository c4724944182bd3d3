"""Try what a person asked for; what the facts or their rights do not allow becomes a sentence for them."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied

from returnsops.returns.errors import NotPossibleError


def try_action(action: Callable[[], None]) -> str:
    """Why it cannot be, as a sentence; empty when it is done."""
    try:
        action()
    except (NotPossibleError, PermissionDenied) as error:
        return str(error)
    return ""

"""Locations of an account by name, as its last check found them."""

from functools import cached_property

from integrations.models import NetSuiteAccount
from integrations.profile import names_of_places
from returnsops.returns.plan.wording import name_places


class PlaceNames:
    """Nothing is asked until a text names a location, which few do; then once."""

    def __init__(self, account: NetSuiteAccount) -> None:
        self._account = account

    def put_into(self, text: str) -> str:
        return name_places(text, lambda place_id: self._names.get(place_id, ""))

    @cached_property
    def _names(self) -> dict[str, str]:
        return names_of_places(self._account)

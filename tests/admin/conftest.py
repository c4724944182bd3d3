"""Who works in the admin."""

import pytest
from django.test import Client

from returnsops.people.models import User


@pytest.fixture
def data_person(client: Client, dana: User) -> Client:
    User.objects.filter(pk=dana.pk).update(is_staff=True)
    dana.refresh_from_db()
    client.force_login(dana)
    return client

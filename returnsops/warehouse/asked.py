"""What every view of the station asks first: who is it, which parcel, and how a refusal is answered."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from integrations.models import Shop
from returnsops.people import access
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from returnsops.warehouse.parcel import Parcel, load_parcel

RIGHT = "inspect units"


def refuse(request: HttpRequest, pk: int, text: str) -> HttpResponse:
    messages.error(request, text)
    return back_to(pk)


def back_to(pk: int, **query: str) -> HttpResponse:
    address = reverse("inspect-parcel", args=[pk])
    return redirect(f"{address}?{urlencode(query)}" if query else address)


def inspector_of(request: HttpRequest) -> User:
    """The person at the station. Raises PermissionDenied for somebody who may inspect nowhere."""
    assert isinstance(request.user, User)
    if not shops_of(request.user).exists():
        raise PermissionDenied("The inspection station is for the warehouse. Ask an administrator for that role.")
    return request.user


def shops_of(user: User) -> QuerySet[Shop]:
    return access.rows_where(user, RIGHT, rows=Shop.objects.all())


def parcel_of(request: HttpRequest, pk: int) -> Parcel:
    user = request.user
    assert isinstance(user, User)
    row = get_object_or_404(LoopReturn.objects.visible_to(user).select_related("shop"), pk=pk)
    access.require(user, RIGHT, shop=row.shop)
    return load_parcel(row, user)

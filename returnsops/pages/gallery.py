"""Every part of the design in one page, for those who work on it. Only where DEBUG is on."""

import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT")
AMOUNT = re.compile(r"^-?\d+\.\d\d$")


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    examples = Path(settings.BASE_DIR) / "templates" / "components" / "gallery.json"
    return render(request, "components/gallery.html", json.loads(examples.read_text(), object_hook=_read_values))


def _read_values(found: dict[str, Any]) -> dict[str, Any]:
    """JSON has neither times nor amounts: texts that look like one become one."""
    return {name: _read_value(value) for name, value in found.items()}


def _read_value(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if MOMENT.match(value):
        return datetime.fromisoformat(value)
    return Decimal(value) if AMOUNT.match(value) else value

"""A shop's rules: shown to everybody who sees the shop, changed by its administrators."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.discovery.check import request_check
from returnsops.lib.htmx import PageRequest, render_page
from returnsops.pages.policies.describe import (
    RIGHT,
    ActivateForm,
    WhatIfForm,
    describe_draft,
    describe_form,
    describe_rules,
    describe_shops,
    describe_trial,
    find_shop,
    number_in_force,
    rules_in_force,
)
from returnsops.pages.policies.form import RulesForm
from returnsops.pages.policies.shadow import describe_shadow
from returnsops.people import access
from returnsops.returns.place_names import PlaceNames
from returnsops.returns.policies import activate_policy

UNPROCESSABLE = 422


@require_GET
def policy_list(request: PageRequest) -> HttpResponse:
    return render(request, "pages/policies/list.html", describe_shops(request.user))


@require_GET
def policy(request: PageRequest, code: str, number: int | None = None) -> HttpResponse:
    shop = find_shop(request.user, code)
    return render(request, "pages/policies/policy.html", describe_rules(request.user, shop, number=number))


@require_GET
def shadow(request: PageRequest, code: str) -> HttpResponse:
    """How what ReturnsOps would have written agrees with what another system wrote."""
    shop = find_shop(request.user, code)
    context = describe_shadow(request, request.user, shop)
    return render_page(request, "pages/policies/shadow.html", context, fragment="pages/policies/_verdicts.html")


@require_http_methods(["GET", "POST"])
def change(request: PageRequest, code: str) -> HttpResponse:
    """Fill the form, see what it means. Nothing holds before it is activated."""
    shop = find_shop(request.user, code)
    access.require(request.user, RIGHT, shop=shop)
    form = RulesForm(
        request.POST if request.method == "POST" else None,
        rules=rules_in_force(shop),
        reword=PlaceNames(shop.account).put_into,
    )
    if form.is_bound and form.is_valid():
        return render(request, "pages/policies/preview.html", describe_draft(shop, form.new_rules))
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "pages/policies/change.html", describe_form(shop, form), status=status)


@require_POST
def what_if(request: PageRequest, code: str) -> HttpResponse:
    """One step of trying the draft on the shop's returns; the page asks for the next until there is none."""
    shop = find_shop(request.user, code)
    access.require(request.user, RIGHT, shop=shop)
    form = WhatIfForm(request.POST)
    if not form.is_valid():
        return HttpResponse("Go back and preview the draft again.", status=UNPROCESSABLE, content_type="text/plain")
    context = describe_trial(shop, form.cleaned_data)
    return render_page(request, "pages/policies/what_if.html", context, fragment="pages/policies/_what_if.html")


@require_POST
def activate(request: PageRequest, code: str) -> HttpResponse:
    shop = find_shop(request.user, code)
    access.require(request.user, RIGHT, shop=shop)
    form = ActivateForm(request.POST)
    if not form.is_valid():
        if "rules" in form.errors:
            messages.error(request, "The draft was lost on its way. Change it again.")
            return redirect("change-policy", code=code)
        rules = form.cleaned_data["rules"]
        context = describe_draft(shop, rules, form=form)
        return render(request, "pages/policies/preview.html", context, status=UNPROCESSABLE)
    values = form.cleaned_data
    try:
        version = activate_policy(
            shop, values["rules"], by=request.user, reason=values["reason"], override=values["override"],
            base=values["base"],
        )  # fmt: skip
    except ValidationError as refusal:
        form.refuse(refusal, base=number_in_force(shop))
        context = describe_draft(shop, values["rules"], form=form)
        return render(request, "pages/policies/preview.html", context, status=UNPROCESSABLE)
    request_check(shop.account)  # the rules may name what nobody asked NetSuite about yet
    messages.success(
        request, f"{shop} follows version {version.number} of its policy now. Its returns are planned anew."
    )
    return redirect("policy", code=code)

"""All addresses."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from integrations.views import loop_webhook
from returnsops.pages.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("hooks/loop/<slug:shop_code>", loop_webhook, name="loop-webhook"),
    path("admin/", admin.site.urls),
    path("login/", auth_views.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("api/v1/", include("returnsops.api.urls")),
    path("exceptions/", include("exceptions.urls")),
    path("inspect/", include("returnsops.warehouse.urls")),
    path("", include("returnsops.pages.urls")),
]

from django.conf import settings
from django.urls import path

from returnsops.pages import gallery, views
from returnsops.pages.policies import views as policies

urlpatterns = [
    path("", views.today, name="today"),
    path("returns/", views.return_list, name="returns"),
    path("returns/<int:pk>/", views.return_page, name="return"),
    path("postings/<int:pk>/cancel/", views.cancel_posting, name="cancel-posting"),
    path("pace/", views.pace, name="pace"),
    path("search/", views.search, name="search"),
    path("connections/", views.connections, name="connections"),
    path("connections/pause/", views.pause, name="pause"),
    path("connections/pauses/<int:pk>/end/", views.end_pause, name="end-pause"),
    path("connections/netsuite/<int:pk>/lanes/", views.lanes, name="lanes"),
    path("connections/<slug:kind>/<int:pk>/", views.connection, name="connection"),
    path("connections/<slug:kind>/<int:pk>/check/", views.check, name="check-connection"),
    path("connections/<slug:kind>/<int:pk>/resume/", views.resume, name="resume"),
    path("policies/", policies.policy_list, name="policies"),
    path("policies/<slug:code>/", policies.policy, name="policy"),
    path("policies/<slug:code>/versions/<int:number>/", policies.policy, name="policy-version"),
    path("policies/<slug:code>/shadow/", policies.shadow, name="shadow"),
    path("policies/<slug:code>/change/", policies.change, name="change-policy"),
    path("policies/<slug:code>/what-if/", policies.what_if, name="policy-what-if"),
    path("policies/<slug:code>/activate/", policies.activate, name="activate-policy"),
]
if settings.DEBUG:
    urlpatterns += [path("_gallery/", gallery.gallery, name="gallery")]

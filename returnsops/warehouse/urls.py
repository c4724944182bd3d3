from django.urls import path

from returnsops.warehouse import coming, finding, views

urlpatterns = [
    path("", views.station, name="inspect"),
    path("coming/", coming.coming, name="inspect-coming"),
    path("blind/", views.record_blind_parcel, name="inspect-blind"),
    path("blind/<int:pk>/", views.attach_blind_parcel, name="inspect-attach"),
    path("<int:pk>/", views.show_parcel, name="inspect-parcel"),
    path("<int:pk>/scan/", views.scan_beside_parcel, name="inspect-scan"),
    path("<int:pk>/judge/", views.judge_unit, name="inspect-judge"),
    path("<int:pk>/arrived/", views.note_arrival, name="inspect-arrived"),
    path("<int:pk>/found/", finding.note_found_goods, name="inspect-found"),
    path("<int:pk>/found/<int:found_pk>/back/", finding.take_found_goods_back, name="inspect-found-back"),
    path("<int:pk>/rest/", views.judge_rest_sellable, name="inspect-rest"),
    path("<int:pk>/finish/", views.finish_parcel, name="inspect-finish"),
]

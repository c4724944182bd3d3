from django.urls import path

from exceptions import views

urlpatterns = [
    path("", views.queue, name="exceptions"),
    path("retry/", views.retry_all, name="retry-all"),
    path("<int:pk>/", views.case_page, name="case"),
    path("<int:pk>/take/", views.take, name="case-take"),
    path("<int:pk>/give-back/", views.give_back, name="case-give-back"),
    path("<int:pk>/note/", views.note, name="case-note"),
    path("<int:pk>/<slug:name>/", views.act, name="case-action"),
]

"""Addresses: the kit's pages and our own."""

from django.urls import include, path

from relying_party_django import views

urlpatterns = [
    path("eid/", include("hkeid.rp.django.urls")),
    path("", views.home, name="home"),
    path("summary", views.summary, name="summary"),
    path("confirm", views.confirm, name="confirm"),
    path("confirmed", views.confirmed, name="confirmed"),
    path("account", views.account, name="account"),
    path("privacy", views.privacy, name="privacy"),
    path("language/<str:tag>", views.language, name="language"),
    path("health/live", views.live, name="live"),
]
handler404 = views.missing
handler500 = views.failed

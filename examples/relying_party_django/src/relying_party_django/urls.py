"""Addresses: the kit's pages and our own."""

from django.urls import include, path

from relying_party_django import account_views, signing, views

urlpatterns = [
    path("eid/", include("hkeid.rp.django.urls")),
    path("", views.home, name="home"),
    path("summary", views.summary, name="summary"),
    path("confirm", views.confirm, name="confirm"),
    path("confirmed", views.confirmed, name="confirmed"),
    path("sign", signing.sign, name="sign"),
    path("signed", signing.signed_return, name="signed_return"),
    path("signed/return.pdf", signing.signed_file, name="signed_file"),
    path("account", views.account, name="account"),
    path("old-login", account_views.old_login, name="old_login"),
    path("old-logout", account_views.old_logout, name="old_logout"),
    path("old-account", account_views.old_account, name="old_account"),
    path("privacy", views.privacy, name="privacy"),
    path("language/<str:tag>", views.language, name="language"),
    path("health/live", views.live, name="live"),
]
handler404 = views.missing
handler500 = views.failed

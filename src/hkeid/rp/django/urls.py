"""The kit's pages; include them as ``path("eid/", include("hkeid.rp.django.urls"))``."""

from django.urls import path

from hkeid.rp.django import links, views

app_name = "eid"
urlpatterns = [
    path("login", views.login, name="login"),
    path("callback", views.callback, name="callback"),
    path("logout", views.logout, name="logout"),
    path("backchannel-logout", views.backchannel_logout, name="backchannel_logout"),
    path("link", links.link, name="link"),
    path("unlink", links.unlink, name="unlink"),
    path("signed", views.signed, name="signed"),
    path("filled", views.filled, name="filled"),
    path("kit.css", views.style, name="style"),
]

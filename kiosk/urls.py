"""The addresses of the kiosk."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from . import views

app_name: Final = "kiosk"
urlpatterns: Final[list[URLPattern]] = [
    path("", views.page, name="page"),
    path("connector/<int:number>", views.page, name="connector"),
    path("screen", views.own_screen, name="own_screen"),
    path("kiosk/words.json", views.words_document, name="words"),
    path("kiosk/curve/<int:number>.json", views.curve, name="curve"),
    path("kiosk/receipt/<int:transaction>.svg", views.receipt, name="receipt"),
    path("kiosk/messenger.svg", views.messenger, name="messenger"),
    path("kiosk/picture/<str:name>", views.picture, name="picture"),
]

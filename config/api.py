"""The partner API by version: each app brings its addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from config.kit.api.viewsets import Nowhere
from integrations.api import not_offered
from integrations.api import urls as integrations_urls
from orders.api import urls as orders_urls
from stock.api import urls as stock_urls

before, after = not_offered.beside([*orders_urls.urlpatterns, *stock_urls.urlpatterns, *integrations_urls.urlpatterns])
v1: list[URLPattern | URLResolver] = [
    *before,
    path("", include("integrations.api.urls")),
    path("", include("orders.api.urls")),
    path("", include("stock.api.urls")),
    *after,
]
back_office: list[URLPattern | URLResolver] = [
    path("", include("integrations.api.office_urls")),
    path("", include("orders.api.office_urls")),
    path("", include("stock.api.office_urls")),
    re_path("^", Nowhere.as_view()),
]
urlpatterns = [path("v1/", include(v1)), path("back-office/v1/", include(back_office))]

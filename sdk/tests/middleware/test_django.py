"""Django under ASGIMiddleware and WSGIMiddleware: routes as its URL patterns say them."""

from __future__ import annotations

import asyncio

import django
import httpx
import pytest
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from lymer_sdk.middleware import ASGIMiddleware, WSGIMiddleware
from werkzeug.test import Client


def item(request, number):
    return HttpResponse(str(number))


urlpatterns = [path("items/<int:number>/", item)]


@pytest.fixture(scope="module", autouse=True)
def project():
    settings.configure(
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="test",
        MIDDLEWARE=["lymer_sdk.middleware.django.RouteMiddleware"],
    )
    django.setup()


def test_a_request_over_wsgi_is_named_by_its_route(spans):
    from django.core.wsgi import get_wsgi_application

    assert Client(WSGIMiddleware(get_wsgi_application())).get("/items/7/", buffered=True).text == "7"
    assert spans[0].name == "GET /items/<int:number>/"
    assert spans[0].attributes["http.route"] == "/items/<int:number>/"


def test_a_request_over_asgi_is_named_by_its_route(spans):
    from django.core.asgi import get_asgi_application

    async def run():
        transport = httpx.ASGITransport(app=ASGIMiddleware(get_asgi_application()))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.get("/items/7/")

    assert asyncio.run(run()).text == "7"
    assert spans[0].name == "GET /items/<int:number>/"

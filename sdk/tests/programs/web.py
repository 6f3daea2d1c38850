"""A WSGI application that traces itself; the server may load it before it forks."""

import os

import lymer_sdk

lymer_sdk.init("web", interval_s=0.05)
with lymer_sdk.get_tracer().span("loaded") as span:
    LOADED = span.span_id, os.getpid()


def application(environ, start):
    with lymer_sdk.get_tracer().span(f"GET {environ['PATH_INFO']}", pid=os.getpid(), loaded_by=LOADED[1]):
        start("200 OK", [("Content-Type", "text/plain")])
        return [str(os.getpid()).encode()]

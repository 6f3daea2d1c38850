"""The C extension: setuptools' own form of it in pyproject.toml is still an experiment."""

from setuptools import Extension, setup

SOURCES = ("attributes", "first_span", "ids", "intake", "local_span", "module", "otlp", "scope", "span", "tracer")

setup(
    ext_modules=[
        Extension(
            "lymer_sdk_speedups._native",
            sources=[f"c/{name}.c" for name in SOURCES],
            depends=["c/speedups.h"],
            extra_compile_args=["-std=c11", "-O2", "-fvisibility=hidden", "-fno-strict-aliasing"],
        )
    ]
)

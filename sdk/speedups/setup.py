"""The C extension: setuptools' own form of it in pyproject.toml is still an experiment."""

from pathlib import Path

from setuptools import Extension, setup

SOURCES = sorted(str(path) for path in Path("c").glob("*.c"))

setup(
    ext_modules=[
        Extension(
            "lymer_sdk_speedups._native",
            sources=SOURCES,
            depends=["c/speedups.h"],
            extra_compile_args=["-std=c11", "-O2", "-fvisibility=hidden", "-fno-strict-aliasing"],
        )
    ]
)

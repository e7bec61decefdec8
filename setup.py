"""The loops in C: built by the package's own installation, and left out where they cannot be.

All else about the package stands in pyproject.toml, which cannot name an extension without a
warning at every installation.
"""

from __future__ import annotations

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "tallystick._native.batch",
            sources=["src/tallystick/_native/batch.c"],
            extra_compile_args=["-O3"],
            optional=True,
        ),
        Extension(
            "tallystick._native.cbor",
            sources=["src/tallystick/_native/cbor.c"],
            extra_compile_args=["-O3"],
            optional=True,
        ),
        Extension(
            "tallystick._native.digests",
            sources=["src/tallystick/_native/digests.c"],
            extra_compile_args=["-O3"],
            optional=True,
        ),
        Extension(
            "tallystick._native.lanes",
            sources=["src/tallystick/_native/lanes.c"],
            depends=["src/tallystick/_native/lanes_sum.h"],
            extra_compile_args=["-O3"],
            optional=True,
        ),
        Extension(
            "tallystick._native.signatures",
            sources=["src/tallystick/_native/signatures.c"],
            extra_compile_args=["-O3"],
            optional=True,
        ),
        Extension(
            "tallystick._native.zigzag",
            sources=["src/tallystick/_native/zigzag.c"],
            depends=[
                "src/tallystick/_native/zigzag_levels.h",
                "src/tallystick/_native/zigzag_kernels.h",
            ],
            extra_compile_args=["-O3"],
            optional=True,
        ),
    ]
)

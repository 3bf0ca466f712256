"""Benchmarks: pytest-benchmark suites over the public functions (`tox -e bench`)."""

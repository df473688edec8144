"""Benchmarks: one file per claim, each with its peer or its limit in the same run.

A benchmark is a module with ``run() -> str``, which measures and returns its section of the page of results: Markdown
that starts with a heading of level 2. `python -m benchmarks` runs all of them and writes docs/benchmarks.md,
`python -m benchmarks NAME` runs one and prints it. What a benchmark needs and does not find, it says in one line.
"""

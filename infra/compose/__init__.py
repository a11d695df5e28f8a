"""Which parts make up a running registrar? The one place that names every adapter.

``parts`` holds what the two ways to run share, ``embedded`` puts all of it into one process, and
``cluster`` has a composition for each role.
"""

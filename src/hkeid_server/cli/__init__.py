"""The command line: ``hkeid``."""

from hkeid_server.cli.main import main

__all__ = ["main"]

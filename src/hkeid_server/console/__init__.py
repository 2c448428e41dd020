"""The officers' console: pages on the admin listener, with cookies and form tokens of their own."""

from hkeid_server.console.app import create_console
from hkeid_server.console.parts import Console

__all__ = ["Console", "create_console"]

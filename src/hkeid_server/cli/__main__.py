"""``python -m hkeid_server.cli`` is ``hkeid``."""

from hkeid_server.cli.main import main

main()

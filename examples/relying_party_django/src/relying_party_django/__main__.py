"""``python -m relying_party_django``: serve this example where RP_BASE_URL says.

With granian installed (``pip install 'relying-party-django[production]'``) that is the server;
otherwise Django's own, which is for trying out only. Other words are management commands:
``python -m relying_party_django check --deploy``.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from urllib.parse import urlsplit


def main(arguments: list[str]) -> int:
    """Serve until told to stop, or run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relying_party_django.settings")
    if not os.environ.get("HKEID_PRIVATE_KEY"):
        sys.stderr.write("Set HKEID_PRIVATE_KEY: see README.md.\n")
        return 2
    from django.core.management import execute_from_command_line

    if arguments:
        execute_from_command_line(["relying_party_django", *arguments])
        return 0
    from django.conf import settings

    port = urlsplit(settings.BASE_URL).port or 5002
    sys.stderr.write(f"eTAX: {settings.BASE_URL} (eID at {settings.HKEID['ISSUER']})\n")
    if importlib.util.find_spec("granian") is not None:
        from granian import Granian
        from granian.constants import Interfaces

        # One process: confirmations live in its memory.
        Granian(
            "relying_party_django.wsgi:application",
            address="127.0.0.1",
            port=port,
            interface=Interfaces.WSGI,
            blocking_threads=2,
        ).serve()
    else:
        address = f"127.0.0.1:{port}"
        execute_from_command_line(["relying_party_django", "runserver", "--noreload", address])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

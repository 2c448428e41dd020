"""``python -m relying_party_flask``: serve this example where RP_BASE_URL says.

With granian installed (``pip install 'relying-party-flask[production]'``) that is the server;
otherwise Flask's own, which is for trying out only.
"""

from __future__ import annotations

import importlib.util
import sys
from urllib.parse import urlsplit

from relying_party_flask import create_app
from relying_party_flask.settings import Settings, SettingsError


def main() -> int:
    """Serve until told to stop."""
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    port = urlsplit(settings.base_url).port or 5001
    sys.stderr.write(f"Suggestion form: {settings.base_url} (eID at {settings.issuer})\n")
    if importlib.util.find_spec("granian") is not None:
        from granian import Granian
        from granian.constants import Interfaces

        # One process: suggestions live in its memory.
        Granian(
            "relying_party_flask:create_app",
            address="127.0.0.1",
            port=port,
            interface=Interfaces.WSGI,
            factory=True,
            blocking_threads=2,
        ).serve()
    else:
        create_app(settings).run(host="127.0.0.1", port=port)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

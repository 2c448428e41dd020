"""nginx's configuration for the stations' door: where mutual TLS ends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.config import Config
from hkeid_server.stations.api import LARGE
from hkeid_server.stations.identity import CERTIFICATE_HEADER, SECRET_HEADER, VERIFY_HEADER

_PLAIN = re.compile(r"[A-Za-z0-9._:/\[\]-]+\Z")
_SECRET = re.compile(r"[A-Za-z0-9_-]+\Z")

_TEXT = """\
# The stations' door of hkeid: mutual TLS ends here. This file holds a secret: mode 0600.
server {{
    listen {listen} ssl;
    server_name {server_name};

    ssl_certificate {certificate};
    ssl_certificate_key {certificate_key};
    ssl_protocols TLSv1.2 TLSv1.3;

    # Stations show a certificate of this authority; enrolment is the one path without.
    ssl_client_certificate {client_ca};
    ssl_verify_client optional;
    ssl_verify_depth 2;

    client_max_body_size {limit};
    server_tokens off;

    location = /station/enrol {{
        limit_except POST {{ deny all; }}
        proxy_pass {upstream};
{headers}
    }}

    location /station/ {{
        if ($ssl_client_verify != SUCCESS) {{ return 403; }}
        limit_except POST {{ deny all; }}
        proxy_pass {upstream};
{headers}
    }}

    location / {{ return 404; }}
}}

# Into the location of the public pages, in your own file: nobody brings these headers from outside.
{public_headers}
"""

_HEADERS = """\
        proxy_http_version 1.1;
        proxy_bind {proxy};
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header {verify} $ssl_client_verify;
        proxy_set_header {certificate} $ssl_client_escaped_cert;
        proxy_set_header {secret_name} "{secret}";
        proxy_read_timeout 30s;"""

PUBLIC_HEADERS = "\n".join(
    f'proxy_set_header {name} "";' for name in (VERIFY_HEADER, CERTIFICATE_HEADER, SECRET_HEADER)
)
"""What belongs into the location of the public pages: nobody brings these headers from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDoor:
    """What the configuration is made of."""

    server_name: str
    listen: str
    certificate: str
    certificate_key: str
    client_ca: str
    upstream: str
    proxy: str
    secret: str = field(repr=False)

    @classmethod
    def of(
        cls,
        config: Config,
        *,
        server_name: str,
        listen: str,
        certificate: str,
        certificate_key: str,
        client_ca: str | None,
    ) -> StationDoor:
        """For a configuration.

        :raises ConfigurationError: ``station_door_incomplete``.
        """
        section = config.stations
        if not section.proxies or section.proxy_secret is None:
            raise ConfigurationError(
                "station_door_incomplete", detail="set stations.proxies and stations.proxy_secret"
            )
        if client_ca is None and not section.authority:
            raise ConfigurationError("station_door_incomplete", detail="name --client-ca")
        root = str((config.path(section.authority) / "station-root.pem").resolve())
        return cls(
            server_name=server_name,
            listen=listen,
            certificate=certificate,
            certificate_key=certificate_key,
            client_ca=client_ca or root,
            upstream=f"http://{config.server.host}:{config.server.port}",
            proxy=section.proxies[0],
            secret=section.proxy_secret.reveal(),
        )

    def text(self) -> str:
        """The configuration.

        :raises ConfigurationError: ``station_door_malformed``: a value would end a directive.
        """
        plain = (
            self.server_name, self.listen, self.certificate, self.certificate_key,
            self.client_ca, self.upstream, self.proxy,
        )  # fmt: skip
        if not all(_PLAIN.match(value) for value in plain) or not _SECRET.match(self.secret):
            raise ConfigurationError(
                "station_door_malformed",
                detail="paths, names and the secret may hold letters, digits and ._:/[]-",
            )
        headers = _HEADERS.format(
            proxy=self.proxy,
            verify=VERIFY_HEADER,
            certificate=CERTIFICATE_HEADER,
            secret_name=SECRET_HEADER,
            secret=self.secret,
        )
        return _TEXT.format(
            listen=self.listen,
            server_name=self.server_name,
            certificate=self.certificate,
            certificate_key=self.certificate_key,
            client_ca=self.client_ca,
            upstream=self.upstream,
            limit=LARGE + 4096,
            headers=headers,
            public_headers="\n".join(f"#     {line}" for line in PUBLIC_HEADERS.splitlines()),
        )

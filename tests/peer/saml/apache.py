"""Debian's Apache as a process of a test."""

from __future__ import annotations

from pathlib import Path

from tests.peer.saml.stack import hand_over, installed, unprivileged

from hkeid.testing.processes import ServerProcess

_MODULES = (
    "mpm_event", "authn_core", "authz_core", "authz_user", "mime", "dir", "include", "filter",
    "env", "setenvif",
)  # fmt: skip
_MAIN = """\
ServerRoot {folder}
PidFile {folder}/run/apache.pid
DefaultRuntimeDir {folder}/run
Mutex file:{folder}/run
ErrorLog {folder}/error.log
LogLevel info
Listen 127.0.0.1:{port}
ServerName {host}:{port}
UseCanonicalName On
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
MinSpareThreads 1
MaxSpareThreads 8
DocumentRoot {folder}/www
TypesConfig /dev/null
AddType text/html .html
AddOutputFilter INCLUDES .html
{modules}
<Directory {folder}/www>
    Options +Includes
    Require all granted
</Directory>
{rest}
"""
_PAGE = "<html><body><pre>\n<!--#printenv -->\n</pre></body></html>\n"


def start_apache(
    folder: Path, port: int, module: dict[str, str], rest: str, *, host: str = "localhost"
) -> ServerProcess:
    """Apache with one more module, and a page ``/private/who.html`` that prints its variables.

    :param module: its name in Apache, and that of its file.
    :param rest: configuration that comes after its own.
    """
    for name in ("run", "www", "www/private"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "www" / "private" / "who.html").write_text(_PAGE)
    (folder / "www" / "index.html").write_text("<html><body>Good day</body></html>\n")
    named = {f"{name}_module": name for name in _MODULES} | module
    lines = [
        f"LoadModule {name} {installed(f'/usr/lib/apache2/modules/mod_{file}.so')}"
        for name, file in named.items()
    ]
    text = _MAIN.format(folder=folder, port=port, host=host, modules="\n".join(lines), rest=rest)
    (folder / "httpd.conf").write_text(text)
    hand_over(folder)
    # libxmlsec reads the system's certificates for each message otherwise: 0.4 s of CPU, and no use.
    (folder / "none.pem").touch()
    environment = {"SSL_CERT_FILE": str(folder / "none.pem"), "SSL_CERT_DIR": str(folder / "run")}
    command = [installed("/usr/sbin/apache2"), "-f", folder / "httpd.conf", "-D", "FOREGROUND"]
    return ServerProcess(
        unprivileged(command), port=port, log=folder / "apache.log", environment=environment
    )

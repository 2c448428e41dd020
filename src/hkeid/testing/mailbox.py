"""A mail server on localhost that keeps what it is given: enough of SMTP (RFC 5321) for tests."""

from __future__ import annotations

import socketserver
from threading import Thread
from typing import Self


class _Conversation(socketserver.StreamRequestHandler):
    """Refuses addresses that say so."""

    def handle(self) -> None:
        box: MailBox = self.server  # type: ignore[assignment]
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("EHLO"):
                self._say("250 SMTPUTF8")
            elif verb.startswith("RCPT") and "refused" in line:
                self._say("550 no such box")
            elif verb.startswith("RCPT") and "busy" in line:
                self._say("451 later")
            elif verb == "DATA":
                self._say("354 go on")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                box.letters.append(b"".join(lines))
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailBox(socketserver.ThreadingTCPServer):
    """Listens on a free port while its ``with`` block lasts.

    :ivar letters: every letter as it came, headers and body.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[bytes] = []
        self._thread = Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Its TCP port."""
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(10)
        self.server_close()

"""Forms with files, as browsers send them (``multipart/form-data``, RFC 7578)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from hkeid.testing.browser import Browser, Form, Page


def upload(
    browser: Browser,
    form: Form,
    files: Iterable[tuple[str, str, bytes]],
    values: Mapping[str, str] | None = None,
) -> Page:
    """Fill a form and send it with files.

    :param files: name of the field, media type, content of each.
    :param values: replace or add fields.
    """
    files = tuple(files)
    sent = {**dict(form.fields), **(values or {})}
    for name, _, _ in files:
        sent.pop(name, None)
    boundary = f"hkeid-{os.urandom(16).hex()}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in sent.items()
    ]
    for number, (name, media_type, content) in enumerate(files):
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{number}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        )
        parts.append(head.encode() + content + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return browser.post(
        form.action,
        b"".join(parts),
        f"multipart/form-data; boundary={boundary}",
        headers={"Accept": "text/html"},
    )

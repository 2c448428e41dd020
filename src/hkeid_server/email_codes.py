"""Sends the code that proves an e-mail address: at once, because its owner waits for it."""

from __future__ import annotations

from hkeid.ports.notices import Channel, Notice
from hkeid.residents import EmailProof
from hkeid_server.house import house
from hkeid_server.shell import language


def send_email_code(proof: EmailProof, *, title: str, body: str) -> None:
    """Send it.

    :param title: in the page's language; ``body`` likewise, with the code in it.
    :raises hkeid.kernel.errors.Unavailable: ``notice_not_sent``, ``notice_channel_missing``.
    :raises hkeid.kernel.errors.Refused: ``notice_address_refused``.
    """
    house().notices.carrier(Channel.EMAIL).send(
        Notice(
            channel=Channel.EMAIL,
            address=proof.address,
            about="email_code",
            language=language().content,
            title=title,
            body=body,
        )
    )

"""A process that signs PDFs with a key on a token, as a user's would, and writes a line for each attempt.

Started by :mod:`hkeid.testing.token_stress`; ``python -m hkeid.testing.token_stress_worker ORDER`` with a
:class:`Order` as JSON. Whatever goes wrong is written down and the same signature tried again, in the same process
with the same signer. A line is one ``write`` of less than 4,096 bytes, so that those of threads and children do not mix.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Final

from asn1crypto import cms
from cryptography import x509

from hkeid.adapters.pdf import engine_in_worker
from hkeid.adapters.pkcs11_tokens import OpenToken, Pkcs11Module
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.secret import Secret
from hkeid.signing import Signer, prepare_pdf, sign_pdf
from hkeid.signing.algorithms import SignatureAlgorithm
from hkeid.testing.papers import paper

_PAUSE: Final = 0.05
"""Seconds before a second try."""
_WARMING: Final = 3
"""Signatures before the process forks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a worker does.

    :ivar key: label of the key and its certificate.
    :ivar threads: how many share the open token; each makes ``signatures``.
    :ivar children: processes that are forked after the token is in use; each makes ``signatures`` with it.
    :ivar keep: where the last signed file of each lane is put.
    :ivar deadline: seconds until it gives up.
    """

    name: str
    module: str
    label: str
    pin: str
    key: str
    chain: list[str]
    signatures: int
    keep: str
    threads: int = 1
    children: int = 0
    deadline: float = 600.0

    def to_json(self) -> str:
        """As the worker's argument."""
        return json.dumps(asdict(self))


def main() -> int:
    """Do what the order says."""
    order = Order(**json.loads(sys.argv[1]))
    end = time.monotonic() + order.deadline
    with ExitStack() as stack:
        token = stack.enter_context(
            Pkcs11Module.load(order.module).open(label=order.label, pin=Secret(order.pin))
        )
        signer = _signer(token, order)
        if order.children:
            _lane(signer, order, f"{order.name}-early", _WARMING, end)
        children = [_forked(signer, order, number, end) for number in range(order.children)]
        lanes = [
            threading.Thread(
                target=_lane,
                args=(signer, order, f"{order.name}-{number}", order.signatures, end),
            )
            for number in range(order.threads)
        ]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        fine = [os.waitpid(child, 0)[1] == 0 for child in children]
    return 0 if all(fine) else 1


def _signer(token: OpenToken, order: Order) -> Signer:
    held = next(one for one in token.identities() if one.label == order.key)
    return Signer.from_token(token, held, [bytes.fromhex(one) for one in order.chain])


def _forked(signer: Signer, order: Order, number: int, end: float) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        _lane(signer, order, f"{order.name}-child-{number}", order.signatures, end)
        status = 0
    finally:
        os._exit(status)


def _lane(signer: Signer, order: Order, name: str, wanted: int, end: float) -> None:
    """Signatures one after another, each on a file of its own."""
    made = 0
    with engine_in_worker(timeout=60, cpu_seconds=60) as engine:
        # An engine starts with its first document, which is no call to the token.
        prepare_pdf(paper(), signer.identity, engine=engine)
        for attempt in count():
            if made == wanted or time.monotonic() > end:
                break
            reason = f"{name} {made}"
            pdf = paper(pages=1 + made % 3)
            line: dict[str, Any] = {"lane": name, "attempt": attempt, "begin": time.monotonic()}
            try:
                signed = sign_pdf(pdf, signer, reason=reason, engine=engine)
            except HkeidError as error:
                line |= {"error": type(error).__name__, "reason": error.reason}
                line |= {"detail": error.detail, "ours": True, "pid": os.getpid()}
            except Exception as error:  # noqa: BLE001 - counted as a failure
                line |= {"error": type(error).__name__, "reason": repr(error)[:200], "ours": False}
            else:
                made += 1
                line |= {"end": time.monotonic(), "pid": os.getpid()}
                line |= verdict(pdf, signed, signer.identity.certificate)
                (Path(order.keep) / f"{name}.pdf").write_bytes(signed)
            line.setdefault("end", time.monotonic())
            os.write(1, json.dumps(line).encode() + b"\n")
            if "error" in line:
                time.sleep(_PAUSE)


def verdict(pdf: bytes, signed: bytes, certificate: bytes) -> dict[str, Any]:
    """Whether a file is the document with one right signature of the certificate over all of it; verified with
    another library than it was made with, and with the certificate's key alone.
    """
    begin = signed.index(b"/ByteRange", len(pdf))
    numbers = signed[signed.index(b"[", begin) + 1 : signed.index(b"]", begin)].split()
    first, length, second, rest = map(int, numbers)
    covered = signed[first : first + length] + signed[second : second + rest]
    between = signed[first + length : second]
    content = cms.ContentInfo.load(bytes.fromhex(between.strip(b"<>").decode()))["content"]
    (info,) = content["signer_infos"]
    attributes = {one["type"].native: one["values"][0].native for one in info["signed_attrs"]}
    embedded = {one.chosen.dump() for one in content["certificates"]}
    public = x509.load_der_x509_certificate(certificate).public_key()
    algorithm = SignatureAlgorithm.of_key(public)
    try:
        algorithm.verify(public, info["signature"].native, info["signed_attrs"].untag().dump())
    except HkeidError:
        genuine = False
    else:
        genuine = True
    right = (
        genuine
        and signed.startswith(pdf)
        and (first, second + rest) == (0, len(signed))
        and attributes["message_digest"] == algorithm.digest(covered)
        and certificate in embedded
    )
    return {"right": right, "value": sha256(info["signature"].native).hexdigest()}


if __name__ == "__main__":
    sys.exit(main())

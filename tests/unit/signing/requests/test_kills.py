"""Whatever step a kill comes at: no signature without evidence, no result that cannot be collected."""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from typing import Any

DIGEST = base64.b64encode(hashlib.sha256(b"kept at home").digest()).decode()
MOST = 400


def steps_of(bureau: Any, act: Any) -> int:
    """How many steps something takes."""
    before = bureau.hub.steps.count
    act()
    return bureau.hub.steps.count - before


def killed(act: Any) -> None:
    """Something that does not come to its end."""
    try:
        act()
    except BaseException as error:  # noqa: BLE001 - what stands in for SIGKILL is none of ours
        assert type(error).__name__ == "Killed", error
    else:
        raise AssertionError("nothing was killed")


def test_a_kill_while_signing_leaves_the_request_waiting_or_signed(bureau) -> None:
    hashed = {"name": "Form 12", "hash": DIGEST}
    request_id = bureau.asked(hashed)
    page = bureau.page(request_id)
    total = steps_of(bureau, partial(bureau.send, request_id, page))
    assert 5 < total < MOST
    seen = set()
    for step in range(1, total + 1):
        request_id = bureau.asked(hashed)
        page = bureau.page(request_id)
        made = len(bureau.hub.bodies("signing:signatures:made"))
        bureau.hub.steps.kill_at = bureau.hub.steps.count + step
        killed(partial(bureau.send, request_id, page))
        bureau.hub.steps.kill_at = None
        state = bureau.state(request_id)
        seen.add(state)
        if state == "signed":
            assert len(bureau.hub.bodies("signing:signatures:made")) == made + 1
            assert bureau.result(request_id)[1]["documents"][0]["signature"]
        else:
            assert state == "waiting"
            assert bureau.result(request_id)[1]["status"] == "waiting"
            bureau.sign(request_id)
            assert bureau.result(request_id)[1]["status"] == "signed"
    assert seen == {"waiting", "signed"}
    assert bureau.hub.trail_is_sound()


def test_a_kill_while_asking_leaves_a_whole_request_or_none(bureau) -> None:
    hashed = {"name": "Form 12", "hash": DIGEST}
    bureau.asked(hashed)  # from now on the client is known
    total = steps_of(bureau, lambda: bureau.asked(hashed))
    for step in range(1, total + 1):
        before = len(bureau.hub.bodies("signing:request:received"))
        bureau.hub.steps.kill_at = bureau.hub.steps.count + step
        killed(partial(bureau.ask, hashed))
        bureau.hub.steps.kill_at = None
        kept = bureau.hub.bodies("signing:request:received")[before:]
        for event in kept:
            bureau.sign(event["request_id"])
            assert bureau.result(event["request_id"])[1]["status"] == "signed"
    assert bureau.hub.trail_is_sound()

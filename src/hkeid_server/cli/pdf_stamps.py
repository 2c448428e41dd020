"""What ``hkeid pdf sign`` shows on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hkeid_server.cli.shared import FILE

if TYPE_CHECKING:
    from hkeid.kernel.instants import Instant
    from hkeid.ports.pdf import Stamp

_OPTIONS = (
    click.option("--stamp", is_flag=True, help="Show the signature on the page."),
    click.option("--stamp-box", type=float, nargs=4, metavar="LEFT BOTTOM RIGHT TOP",
                 help="Where, in points from the lower left corner; a prepared field has its place."),
    click.option("--stamp-page", type=click.IntRange(min=1), help="On which page; the first, if not given."),
    click.option("--stamp-name", help="Name to show; the certificate's, if not given."),
    click.option("--stamp-url", help="Address that checks the document, shown as a QR code."),
    click.option("--stamp-font", type=FILE, help="OpenType font with CFF outlines; else Noto Sans CJK."),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StampOptions:
    """What the command line says of the stamp."""

    stamp: bool
    stamp_box: tuple[float, float, float, float] | None
    stamp_page: int | None
    stamp_name: str | None
    stamp_url: str | None
    stamp_font: Path | None

    def made(self, name: str, at: Instant, reason: str | None) -> Stamp | None:
        """The stamp; None where nobody wants one.

        :raises click.UsageError: options of a stamp without ``--stamp``; a box without an inside.
        """
        from hkeid.signing import signature_stamp

        others = (self.stamp_page, self.stamp_name, self.stamp_url, self.stamp_font, self.stamp_box)
        if not self.stamp:
            if any(one is not None for one in others):
                raise click.UsageError("--stamp-… needs --stamp")
            return None
        box = self.stamp_box
        if box is not None and not (box[0] < box[2] and box[1] < box[3]):
            raise click.UsageError("--stamp-box: left before right, bottom before top")
        return signature_stamp(
            self.stamp_name or name,
            at,
            box=box,
            page=(self.stamp_page or 1) - 1,
            reason=reason,
            verification_url=self.stamp_url,
        )


def stamp_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options about the stamp; the command gets them as ``seen``."""

    @wraps(command)
    def gathered(**words: Any) -> Any:
        fields = StampOptions.__dataclass_fields__
        return command(seen=StampOptions(**{name: words.pop(name) for name in fields}), **words)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered

"""Compose the README's picture of the screenshots that the browser tests keep.

After ``scripts/test tests/browser``: ``.venv/bin/python scripts/lib/picture.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = Path(os.environ.get("HKEID_ARTEFACTS", ROOT / "artefacts")) / "screenshots"
PICTURE = ROOT / "docs" / "images" / "pages.png"
SHOWN = ("login.en.390", "consent.zh-Hant-HK.390", "account.en.390")
PAGE = """<style>
body {{ margin: 0; padding: 24px; display: flex; gap: 24px; background: #dfe7ea; width: max-content }}
div {{ width: 390px; height: 780px; overflow: hidden; border-radius: 24px; background: #fff }}
img {{ width: 390px; display: block }}
</style>{images}"""


def main() -> None:
    """Write docs/images/pages.png."""
    images = "".join(
        f'<div><img src="{(SCREENSHOTS / name).as_uri()}.png"></div>' for name in SHOWN
    )
    draft = SCREENSHOTS / "picture.html"
    draft.write_text(PAGE.format(images=images), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("HKEID_TEST_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 1266, "height": 828})
        page.goto(draft.as_uri())
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE, full_page=True)
        browser.close()
    draft.unlink()


if __name__ == "__main__":
    main()

"""Sphinx configuration; scripts/check builds with warnings as errors."""

from __future__ import annotations

from pathlib import Path

from hkeid import __version__

HERE = Path(__file__).parent

project = "hkeid"
author = "the hkeid authors"
release = version = __version__
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True, "ignore-module-all": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# Django must be configured before it is imported; the kit for it is described by hand.
autodoc_mock_imports = ["django"]
autodoc_preserve_defaults = True

html_theme = "alabaster"
html_theme_options = {
    "description": "OpenID Connect and SAML identity broker for a Hong Kong eID",
    "fixed_sidebar": True,
}
html_static_path: list[str] = []
# Words such as "Request" name several things; a reference that misses is a mistake in the text.
nitpicky = False


def _api_pages() -> None:
    """One page per room, with every module in it; made anew at each build."""
    source = HERE.parent / "src"
    pages = HERE / "reference" / "api"
    pages.mkdir(exist_ok=True)
    for room in sorted(path.parent for path in (source / "hkeid").glob("*/__init__.py")):
        title = f"hkeid.{room.name}"
        lines = [title, "=" * len(title), ""]
        for path in sorted(room.rglob("*.py")):
            parts = path.relative_to(source).with_suffix("").parts
            if "migrations" in parts or any(p.startswith("_") and p != "__init__" for p in parts):
                continue
            module = ".".join(part for part in parts if part != "__init__")
            if module != title:
                lines += [module, "-" * len(module), ""]
            lines += [f".. automodule:: {module}", ""]
        page = pages / f"{room.name}.rst"
        text = "\n".join(lines)
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")


_api_pages()

"""The style sheet of the kits' pages: calm, light and dark, contrast at least 4.5:1."""

STYLE = """\
:root { color-scheme: light dark; --ink: #16232b; --paper: #f7f9f9; --brand: #0b5568; --soft: #5a6870; --line: #d5dde0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eef0; --paper: #12191d; --brand: #7cc7da; --soft: #a5b2b8; --line: #33424a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.125rem/1.6 system-ui, "Noto Sans HK", "PingFang HK", "PingFang SC", "Microsoft JhengHei", "Noto Sans CJK HK", sans-serif; }
main { max-width: 38rem; margin: 0 auto; padding: 3rem 1.25rem; }
h1 { font-size: 1.75rem; line-height: 1.3; margin: 0 0 1rem; text-wrap: balance; }
a { color: var(--brand); }
a:focus-visible, button:focus-visible { outline: 3px solid #d98200; outline-offset: 3px; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; align-items: center; margin: 2rem 0; }
.actions a, .actions button { min-height: 44px; display: inline-flex; align-items: center; font: inherit; cursor: pointer; }
.primary { background: var(--brand); color: var(--paper); border-radius: 8px; padding: 0.5rem 1.25rem; text-decoration: none; font-weight: 600; }
button.primary { border: 0; font-weight: 600; }
.quiet { background: transparent; color: var(--brand); border: 2px solid var(--soft); border-radius: 8px; padding: 0.375rem 1rem; }
.account { border: 2px solid var(--line); border-radius: 8px; padding: 0.75rem 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
.points { padding-left: 1.25rem; display: grid; gap: 0.5rem; }
.reference { border-top: 1px solid var(--line); padding-top: 1rem; color: var(--soft); font-size: 1rem; }
.reference strong { font-family: ui-monospace, monospace; color: var(--ink); }
"""

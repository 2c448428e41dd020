// What every page needs: forms are sent once, focus goes where news is, and passkeys where asked for.
import { guardForms } from "./form-guard.js";
import { servePasskeys } from "./webauthn.js";
import { signalPasskeys } from "./signal.js";

guardForms(document);
servePasskeys(document);
signalPasskeys(document);
document.querySelector("[data-focus]")?.focus();

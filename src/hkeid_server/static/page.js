// What every page needs: forms are sent once, focus goes where news is, and passkeys where asked for.
import { guardForms } from "./form-guard.js";
import { servePasskeys } from "./webauthn.js";
import { signalPasskeys } from "./signal.js";

guardForms(document);
servePasskeys(document);
signalPasskeys(document);
document.querySelector("[data-focus]")?.focus();
document.querySelector("[data-print]")?.addEventListener("click", () => print());

// The camera's scripts only where there is a camera frame.
const camera = document.querySelector("form[data-camera]");
if (camera?.dataset.camera === "card") import("./camera.js").then((it) => it.serveCard(camera));
if (camera?.dataset.camera === "selfie") import("./liveness.js").then((it) => it.serveSelfie(camera));

const countdown = document.querySelector("[data-countdown]");
if (countdown) import("./countdown.js").then((it) => it.serveCountdown(countdown));
const push = document.querySelector("form[data-push]");
if (push) import("./push.js").then((it) => it.servePush(push));

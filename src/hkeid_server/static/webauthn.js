// One ceremony per page: the options are in the form, the answer goes back with the form.
// No request is made from here; the server's next page says how it went.

export function servePasskeys(root) {
  const form = root.querySelector("form[data-passkey]");
  if (form) new Ceremony(form).start();
}

class Ceremony {
  constructor(form) {
    this.form = form;
    this.kind = form.dataset.passkey;
    this.deadline = performance.now() + Number(form.dataset.lifetime) * 1000;
    this.waiting = null;
    this.sent = false;
  }

  start() {
    if (!this.supported()) {
      this.show("unsupported");
      for (const button of this.buttons()) button.hidden = true;
      return;
    }
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run(event.submitter?.dataset.hints);
    });
    for (const button of this.buttons()) button.disabled = false;
    addEventListener("pageshow", (event) => {
      // A page from the browser's memory holds a challenge that may be used up: get a new one.
      if (event.persisted) location.replace(this.restartUrl());
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && performance.now() > this.deadline) this.show("expired");
    });
    if (this.kind === "get" && "autofill" in this.form.dataset) this.offerAutofill();
  }

  supported() {
    return (
      typeof PublicKeyCredential === "function" &&
      typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function" &&
      typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function"
    );
  }

  buttons() {
    return document.querySelectorAll(`#${this.form.id} button, button[form="${this.form.id}"]`);
  }

  restartUrl() {
    return document.querySelector("#restart").href;
  }

  options(hints) {
    const json = JSON.parse(this.form.dataset.options);
    const options = json.publicKey ?? json;
    if (hints) options.hints = [hints];
    if (hints === "hybrid" && options.authenticatorSelection) {
      delete options.authenticatorSelection.authenticatorAttachment;
    }
    return this.kind === "get"
      ? PublicKeyCredential.parseRequestOptionsFromJSON(options)
      : PublicKeyCredential.parseCreationOptionsFromJSON(options);
  }

  async run(hints) {
    if (this.sent) return;
    if (performance.now() > this.deadline) {
      this.show("expired");
      return;
    }
    this.hideStates();
    this.stopWaiting();
    const controller = new AbortController();
    this.waiting = controller;
    this.busy(true);
    try {
      const request = { publicKey: this.options(hints), signal: controller.signal };
      const credential =
        this.kind === "get"
          ? await navigator.credentials.get(request)
          : await navigator.credentials.create(request);
      this.send(credential);
    } catch (error) {
      if (this.waiting !== controller) return;
      this.busy(false);
      this.show(this.stateOf(error));
    }
  }

  async offerAutofill() {
    const offered = await PublicKeyCredential.isConditionalMediationAvailable?.();
    if (!offered || this.waiting) return;
    document.querySelector("#autofill").hidden = false;
    const controller = new AbortController();
    this.waiting = controller;
    try {
      const credential = await navigator.credentials.get({
        publicKey: this.options(),
        mediation: "conditional",
        signal: controller.signal,
      });
      this.send(credential);
    } catch {
      // The field stays a field; the button is still there.
    }
  }

  stopWaiting() {
    this.waiting?.abort();
    this.waiting = null;
  }

  send(credential) {
    if (!credential || this.sent) return;
    this.sent = true;
    this.busy(true);
    this.form.elements.namedItem("response").value = JSON.stringify(credential.toJSON());
    this.form.submit();
  }

  stateOf(error) {
    switch (error?.name) {
      case "NotAllowedError":
      case "AbortError":
        return performance.now() > this.deadline ? "expired" : "cancelled";
      case "InvalidStateError":
        return this.kind === "create" ? "already" : "cancelled";
      case "ConstraintError":
        return "no-lock";
      case "NotSupportedError":
        return "unsupported";
      default:
        return "failed";
    }
  }

  busy(on) {
    document.querySelector("#working > span").hidden = !on;
    for (const button of this.buttons()) {
      if (on) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
  }

  hideStates() {
    for (const notice of document.querySelectorAll("[data-state], #problem")) notice.hidden = true;
  }

  show(name) {
    this.hideStates();
    const notice = document.querySelector(`[data-state="${name}"]`);
    if (!notice) return;
    notice.hidden = false;
    notice.focus();
  }
}

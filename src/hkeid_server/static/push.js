// Messages in this browser: asks for leave only when its button is pressed.

export function servePush(form) {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    form.querySelector("button").hidden = true;
    deny();
    return;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe(form).catch(deny);
  });
}

async function subscribe(form) {
  const button = form.querySelector("button");
  if (button.getAttribute("aria-disabled")) return;
  button.setAttribute("aria-disabled", "true");
  try {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("denied");
    await navigator.serviceWorker.register("/sw.js", { scope: "/" });
    const worker = await navigator.serviceWorker.ready;
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(form.dataset.push),
    });
    form.elements.namedItem("subscription").value = JSON.stringify(subscription.toJSON());
    form.submit();
  } catch (error) {
    button.removeAttribute("aria-disabled");
    throw error;
  }
}

function deny() {
  const notice = document.querySelector('[data-state="push-denied"]');
  notice.hidden = false;
  notice.focus();
}

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

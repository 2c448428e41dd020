// Pages at a station, and the resident's page about the upgrade: look again, read aloud when asked, ask
// before ending, count down. Without this script the pages look again by themselves all the same.

const ASK_FOR = 30; // seconds to answer "are you still there?"

const refresh = Number(document.querySelector("[data-refresh]")?.dataset.refresh ?? 0);
const then = document.body.dataset.then ?? "";
const idle = Number(document.body.dataset.idle ?? 0);
const dialog = document.querySelector("#still-there");
let speaking = false;

// --- look again -----------------------------------------------------------------------------------

if (refresh > 0) {
  setInterval(() => {
    if (speaking || dialog?.open) return;
    if (then) location.replace(then);
    else location.replace(location.pathname);
  }, refresh * 1000);
}

// --- read aloud, only when asked ------------------------------------------------------------------

const speak = document.querySelector("#speak-page");
if (speak && "speechSynthesis" in window) {
  speak.hidden = false;
  speak.addEventListener("click", () => {
    speechSynthesis.cancel();
    const parts = ["#instruction", "#problem"].map((one) => document.querySelector(one)?.innerText ?? "");
    const spoken = new SpeechSynthesisUtterance(parts.join(" "));
    const tag = document.documentElement.lang;
    spoken.lang = tag === "zh-Hant-HK" ? "zh-HK" : tag === "zh-Hans" ? "zh-CN" : tag;
    spoken.onend = spoken.onerror = () => {
      speaking = false;
    };
    speaking = true;
    speechSynthesis.speak(spoken);
  });
  addEventListener("pagehide", () => speechSynthesis.cancel());
}

// --- ask before it ends ---------------------------------------------------------------------------

if (idle > 0 && dialog) {
  let timer = null;
  let counting = null;
  const seconds = document.querySelector("#still-there-seconds");
  const end = () => {
    const form = document.querySelector("#leave-form");
    if (form) form.submit();
    else location.replace("/kiosk");
  };
  const wait = () => {
    clearTimeout(timer);
    clearInterval(counting);
    if (dialog.open) dialog.close();
    timer = setTimeout(ask, idle * 1000);
  };
  const ask = () => {
    let left = ASK_FOR;
    seconds.textContent = String(left);
    dialog.showModal();
    counting = setInterval(() => {
      left -= 1;
      seconds.textContent = String(left);
      if (left <= 0) {
        clearInterval(counting);
        end();
      }
    }, 1000);
  };
  document.querySelector("#stay").addEventListener("click", wait);
  document.querySelector("#end-now").addEventListener("click", end);
  for (const kind of ["pointerdown", "keydown"]) {
    addEventListener(kind, () => {
      if (!dialog.open) wait();
    });
  }
  // A page that looks again by itself must not make an absent person present.
  const since = Number(sessionStorage.getItem("kiosk-touched") ?? 0);
  const touched = () => sessionStorage.setItem("kiosk-touched", String(Date.now()));
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touched);
  if (!since) touched();
  const gone = since ? (Date.now() - since) / 1000 : 0;
  if (refresh > 0 && gone > idle) ask();
  else wait();
} else if (document.documentElement.classList.contains("kiosk")) {
  sessionStorage.removeItem("kiosk-touched");
}

// --- count down -----------------------------------------------------------------------------------

const countdown = document.querySelector("#countdown");
if (countdown) {
  const ends = performance.now() + Number(countdown.dataset.seconds) * 1000;
  const show = () => {
    const left = Math.max(0, Math.round((ends - performance.now()) / 1000));
    countdown.textContent = `(${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")})`;
  };
  show();
  setInterval(show, 1000);
}

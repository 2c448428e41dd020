// How long a code is still good: counted here, decided by the server.

export function serveCountdown(root) {
  const end = performance.now() + Number(root.dataset.countdown) * 1000;
  const left = root.querySelector("[data-left]");
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds > 0) return;
    clearInterval(timer);
    root.querySelector("[data-running]").hidden = true;
    const over = root.querySelector('[data-state="over"]');
    over.hidden = false;
    over.focus();
  };
  const timer = setInterval(tick, 1000);
  tick();
}

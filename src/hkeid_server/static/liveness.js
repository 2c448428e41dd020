// The selfie with its turns: says what to do, takes frames at even times, and sends them once. The server
// chose the turns and judges the frames; nothing here decides anything.

import { cameraState, closeCamera, openCamera, putFiles, showState, toJpeg } from "./camera.js";

const LEAD = 700; // looking straight ahead, before the challenge begins
const MOST_BYTES = 5.5 * 1024 * 1024;

// What is shown when: {at, word}, in milliseconds since the challenge began.
export function timetable(challenge) {
  const lines = [{ at: 0, word: "front" }];
  for (const { turn, after_ms, hold_ms } of challenge.steps) {
    lines.push({ at: after_ms, word: turn }, { at: after_ms + hold_ms, word: "front" });
  }
  return lines;
}

export function serveSelfie(form) {
  new Selfie(form).start();
}

class Selfie {
  constructor(form) {
    this.form = form;
    this.video = form.querySelector("#video");
    this.frame = form.querySelector("#viewfinder");
    this.open = form.querySelector("#open-camera");
    this.begin = form.querySelector("#begin-turns");
    this.words = form.querySelector("#turn-words");
    this.arrow = form.querySelector("#turn-arrow");
    this.bar = form.querySelector("#turn-progress");
    this.canvas = document.createElement("canvas");
    this.running = false;
  }

  start() {
    this.open.disabled = false;
    this.open.addEventListener("click", () => this.openIt());
    this.begin.addEventListener("click", () => this.run());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("pagehide", () => closeCamera(this.video));
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.replace(this.form.dataset.restart ?? "/register/step");
    });
  }

  async openIt() {
    showState(null);
    this.open.setAttribute("aria-disabled", "true");
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new Error("no camera interface");
      const stream = await openCamera(this.video, {
        facingMode: { ideal: "user" },
        width: { ideal: 1280 },
        height: { ideal: 720 },
      });
      this.form.elements.namedItem("label").value = stream.getVideoTracks()[0]?.label ?? "";
    } catch (error) {
      showState(cameraState(error));
      return;
    } finally {
      this.open.removeAttribute("aria-disabled");
    }
    this.open.hidden = true;
    this.frame.hidden = false;
    this.begin.hidden = false;
    this.say("ready");
    this.frame.scrollIntoView({ block: "center" });
    this.begin.focus({ preventScroll: true });
  }

  // The challenge is made when the person is ready: it is good for a short time only.
  async challenge() {
    const fields = new FormData();
    fields.set("csrf", this.form.elements.namedItem("csrf").value);
    const answer = await fetch(this.form.dataset.challenge ?? "/register/selfie/challenge", {
      method: "POST",
      body: new URLSearchParams(fields),
      redirect: "error",
    });
    if (!answer.ok) throw new Error(`challenge: ${answer.status}`);
    const { nonce, challenge } = await answer.json();
    this.form.elements.namedItem("nonce").value = nonce;
    return challenge;
  }

  async run() {
    if (this.running || !this.video.videoWidth) return;
    this.running = true;
    this.begin.hidden = true;
    this.bar.hidden = false;
    this.say("front");
    try {
      const challenge = await this.challenge();
      await pause(LEAD);
      this.send(thinned(await this.film(challenge)));
    } catch {
      closeCamera(this.video);
      this.frame.hidden = true;
      this.bar.hidden = true;
      this.say(null);
      showState("failed");
    }
  }

  async film(challenge) {
    const lines = timetable(challenge);
    const { duration_ms: end, frames: wanted } = challenge;
    const every = Math.max(wanted.every_ms, Math.ceil(end / (wanted.most - 2)));
    const frames = [];
    const began = performance.now();
    let next = 0;
    for (let now = 0; now <= end + every && frames.length < wanted.most; now = performance.now() - began) {
      while (next < lines.length && lines[next].at <= now) this.say(lines[next++].word);
      this.bar.value = Math.min(100, (100 * now) / end);
      frames.push({ at: Math.round(now), image: await this.picture(wanted.longest_px) });
      await pause(Math.max(20, every - (performance.now() - began - now)));
    }
    return frames;
  }

  picture(longest) {
    const scale = Math.min(1, longest / Math.max(this.video.videoWidth, this.video.videoHeight));
    this.canvas.width = Math.round(this.video.videoWidth * scale);
    this.canvas.height = Math.round(this.video.videoHeight * scale);
    const context = this.canvas.getContext("2d");
    context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return toJpeg(this.canvas, 0.85);
  }

  say(word) {
    let text = "";
    for (const line of this.words.children) {
      line.hidden = line.dataset.turn !== word;
      if (!line.hidden) text = line.textContent;
    }
    const turned = ["left", "right", "up", "down"].includes(word);
    this.arrow.hidden = !turned;
    this.frame.dataset.turn = word ?? "";
    if (text && this.form.querySelector("#speak").checked && "speechSynthesis" in window) {
      speechSynthesis.cancel();
      const spoken = new SpeechSynthesisUtterance(text);
      spoken.lang = document.documentElement.lang === "zh-Hant-HK" ? "zh-HK" : document.documentElement.lang;
      speechSynthesis.speak(spoken);
    }
  }

  send(frames) {
    this.say("sending");
    closeCamera(this.video);
    this.form.elements.namedItem("times").value = JSON.stringify(frames.map((one) => one.at));
    this.form.elements.namedItem("size").value = `${this.canvas.width}x${this.canvas.height}`;
    const files = frames.map((one, at) => new File([one.image], `${at}.jpg`, { type: "image/jpeg" }));
    putFiles(this.form.elements.namedItem("frames"), files);
    this.form.submit();
  }
}

// Every second frame goes until all fit into what the server takes.
function thinned(frames) {
  let kept = frames;
  while (kept.length > 8 && kept.reduce((sum, one) => sum + one.image.size, 0) > MOST_BYTES) {
    kept = kept.filter((_, at) => at % 2 === 0);
  }
  return kept;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}

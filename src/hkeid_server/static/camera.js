// Photographing the card: the picture is looked at here, so that advice comes while the phone is still
// in the hand. What counts is what the server reads. Nothing is sent before the button is pressed.

const GUIDE_MARGIN = 0.14; // of the frame, kept around it, so that the card's edges are in the picture
const LONGEST_SIDE = 2400;
const MOST_BYTES = 8 * 1024 * 1024;

export async function openCamera(video, wanted) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
  video.srcObject = stream;
  await video.play();
  return stream;
}

export function closeCamera(video) {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

export function cameraState(error) {
  return error?.name === "NotAllowedError" || error?.name === "SecurityError" ? "denied" : "absent";
}

export function showState(name) {
  for (const notice of document.querySelectorAll("[data-camera-state]")) {
    notice.hidden = notice.dataset.cameraState !== name;
    if (!notice.hidden) notice.focus();
  }
}

// The part of the video that lies under an element of the page (the video covers its box).
export function underneath(video, element, margin) {
  const box = video.getBoundingClientRect();
  const part = element.getBoundingClientRect();
  const scale = Math.max(box.width / video.videoWidth, box.height / video.videoHeight);
  const left = (part.left - box.left - (box.width - video.videoWidth * scale) / 2) / scale;
  const top = (part.top - box.top - (box.height - video.videoHeight * scale) / 2) / scale;
  const width = part.width / scale;
  const height = part.height / scale;
  const x = Math.max(0, left - width * margin);
  const y = Math.max(0, top - height * margin);
  return {
    x,
    y,
    width: Math.min(video.videoWidth, left + width * (1 + margin)) - x,
    height: Math.min(video.videoHeight, top + height * (1 + margin)) - y,
  };
}

export function toJpeg(canvas, quality) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", quality);
  });
}

export function putFiles(input, files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
}

// --- what a small grey picture tells -----------------------------------------------------------

export function measure(pixels, width, height, before) {
  const grey = new Uint8Array(width * height);
  let sum = 0;
  let burnt = 0;
  for (let at = 0; at < grey.length; at += 1) {
    const light = (pixels[at * 4] * 77 + pixels[at * 4 + 1] * 151 + pixels[at * 4 + 2] * 28) >> 8;
    grey[at] = light;
    sum += light;
    if (light >= 252) burnt += 1;
  }
  let moved = 0;
  if (before) for (let at = 0; at < grey.length; at += 1) moved += Math.abs(grey[at] - before[at]);
  return {
    grey,
    light: sum / grey.length,
    burnt: burnt / grey.length,
    moved: before ? moved / grey.length : 0,
    edges: edgesNear(grey, width, height),
  };
}

// How many of the four sides of the frame have a long straight step of brightness near them. The picture
// is the frame with GUIDE_MARGIN around it.
function edgesNear(grey, width, height) {
  const across = Math.round((width * GUIDE_MARGIN) / (1 + 2 * GUIDE_MARGIN));
  const down = Math.round((height * GUIDE_MARGIN) / (1 + 2 * GUIDE_MARGIN));
  const column = (x) => {
    let total = 0;
    for (let y = down; y < height - down; y += 1) {
      total += grey[y * width + x + 1] - grey[y * width + x - 1];
    }
    return Math.abs(total) / (height - 2 * down);
  };
  const row = (y) => {
    let total = 0;
    for (let x = across; x < width - across; x += 1) {
      total += grey[(y + 1) * width + x] - grey[(y - 1) * width + x];
    }
    return Math.abs(total) / (width - 2 * across);
  };
  const best = (line, from, to) => {
    let most = 0;
    for (let at = Math.max(1, from); at < to; at += 1) most = Math.max(most, line(at));
    return most;
  };
  const sides = [
    best(column, 1, across * 2),
    best(column, width - across * 2, width - 1),
    best(row, 1, down * 2),
    best(row, height - down * 2, height - 1),
  ];
  return sides.filter((step) => step > 9).length;
}

export function adviceFor(found) {
  if (found.light < 55) return "dark";
  if (found.burnt > 0.05 && found.light < 225) return "glare";
  if (found.edges < 3) return "small";
  if (found.moved > 9) return "still";
  return "good";
}

// --- the page ---------------------------------------------------------------------------------

export function serveCard(form) {
  new CardCamera(form).start();
}

class CardCamera {
  constructor(form) {
    this.form = form;
    this.video = form.querySelector("#video");
    this.frame = form.querySelector("#viewfinder");
    this.guide = form.querySelector(".guide");
    this.open = form.querySelector("#open-camera");
    this.shutter = form.querySelector("#shutter");
    this.input = form.querySelector("#image");
    this.small = document.createElement("canvas");
    this.small.width = 240;
    this.small.height = 151;
    this.before = null;
    this.same = 0;
    this.sent = false;
  }

  start() {
    this.open.disabled = false;
    this.open.addEventListener("click", () => this.openIt());
    this.shutter.addEventListener("click", () => this.take());
    this.form.addEventListener("submit", (event) => this.sendFile(event));
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.replace("/register/step");
    });
  }

  async openIt() {
    showState(null);
    this.open.setAttribute("aria-disabled", "true");
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new Error("no camera interface");
      await openCamera(this.video, {
        facingMode: { ideal: "environment" },
        width: { ideal: 2560 },
        height: { ideal: 1440 },
      });
    } catch (error) {
      showState(cameraState(error));
      return;
    } finally {
      this.open.removeAttribute("aria-disabled");
    }
    this.open.hidden = true;
    this.shutter.hidden = false;
    this.frame.hidden = false;
    this.frame.scrollIntoView({ block: "center" });
    this.timer = setInterval(() => this.look(), 250);
  }

  close() {
    clearInterval(this.timer);
    closeCamera(this.video);
  }

  look() {
    if (!this.video.videoWidth) return;
    const part = underneath(this.video, this.guide, GUIDE_MARGIN);
    const context = this.small.getContext("2d", { willReadFrequently: true });
    const { width, height } = this.small;
    context.drawImage(this.video, part.x, part.y, part.width, part.height, 0, 0, width, height);
    const found = measure(context.getImageData(0, 0, width, height).data, width, height, this.before);
    this.before = found.grey;
    this.advise(adviceFor(found));
  }

  // Advice changes only when it was the same twice: a flickering line helps nobody.
  advise(word) {
    this.same = word === this.latest ? this.same + 1 : 0;
    this.latest = word;
    if (this.same < 1 || this.frame.dataset.advice === word) return;
    this.frame.dataset.advice = word;
    for (const line of this.form.querySelectorAll("[data-advice]")) {
      if (line !== this.frame) line.hidden = line.dataset.advice !== word;
    }
  }

  async take() {
    if (this.sent || !this.video.videoWidth) return;
    const part = underneath(this.video, this.guide, GUIDE_MARGIN);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(part.width);
    canvas.height = Math.round(part.height);
    canvas
      .getContext("2d")
      .drawImage(this.video, part.x, part.y, part.width, part.height, 0, 0, canvas.width, canvas.height);
    const picture = await toJpeg(canvas, 0.92);
    putFiles(this.input, [new File([picture], "card.jpg", { type: "image/jpeg" })]);
    this.send();
  }

  // A picture that is too large is made smaller here; where that does not work the server says so.
  async sendFile(event) {
    const file = this.input.files[0];
    if (this.sent || !file) return;
    event.preventDefault();
    try {
      const bitmap = await createImageBitmap(file);
      const scale = LONGEST_SIDE / Math.max(bitmap.width, bitmap.height);
      if (scale < 1 || file.size > MOST_BYTES) {
        const canvas = document.createElement("canvas");
        canvas.width = Math.round(bitmap.width * Math.min(1, scale));
        canvas.height = Math.round(bitmap.height * Math.min(1, scale));
        canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
        const smaller = await toJpeg(canvas, 0.92);
        putFiles(this.input, [new File([smaller], "card.jpg", { type: "image/jpeg" })]);
      }
    } catch {
      // Not a picture that this browser can open: the server has the last word.
    }
    this.send();
  }

  send() {
    if (this.sent) return;
    this.sent = true;
    this.close();
    this.form.querySelector("#sending > span").hidden = false;
    for (const button of this.form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    this.form.submit();
  }
}

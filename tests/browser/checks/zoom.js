// One page with larger text, or closer: nothing is lost, cut off, covered or out at the side.
Object.assign(globalThis.checks, (() => {
  const { seen, say, hiddenFromSight, texts, rectsOf } = globalThis.checks;
  let plain = new Map();
  const kept = () => [...plain].filter(([text]) => text.isConnected); // a countdown writes its words anew

  /** To be called before: what is seen, and how large its letters are. */
  const keepPlain = () => {
    plain = new Map();
    for (const text of texts()) {
      if (!hiddenFromSight(text.parentElement) && rectsOf(text).length) plain.set(text, parseFloat(getComputedStyle(text.parentElement).fontSize));
    }
  };

  const gone = () =>
    kept().map(([text]) => text).filter((text) => !(seen(text.parentElement) && rectsOf(text).length)).map((text) => `gone: "${text.data.trim().slice(0, 50)}"`);

  const ENOUGH = 72; // px; twice the body's text at 200 %: huge type need not double
  const small = (times) =>
    kept().filter(([text, size]) => parseFloat(getComputedStyle(text.parentElement).fontSize) < Math.min(size * times, ENOUGH)).map(([text]) => `does not grow: "${text.data.trim().slice(0, 50)}" in ${say(text.parentElement)}`);

  const scroller = (one) => {
    for (let at = one.parentElement; at && at !== document.body; at = at.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth) return at;
    }
    return null;
  };

  const sideways = () => {
    const wide = document.documentElement.clientWidth;
    const faults = [];
    if (document.documentElement.scrollWidth > wide) faults.push(`the page is ${document.documentElement.scrollWidth} px wide, the window ${wide}`);
    for (const one of document.querySelectorAll("body *")) {
      const box = one.getBoundingClientRect();
      if (!seen(one) || one.closest("svg") || hiddenFromSight(one) || one.matches(".skip") || scroller(one)) continue;
      if (!box.width || !(box.right > wide + 1 || box.left < -1) || !one.textContent.trim()) continue;
      if (![...one.children].some((inner) => inner.textContent.trim() && inner.getBoundingClientRect().right > wide + 1)) faults.push(`out at the side: ${say(one)}`);
    }
    // What scrolls sideways is a table of data, and a keyboard can scroll it.
    for (const one of document.querySelectorAll("body *")) {
      if (!["auto", "scroll"].includes(getComputedStyle(one).overflowX) || one.scrollWidth <= one.clientWidth + 1 || !seen(one)) continue;
      if (!one.querySelector("table") && !one.matches("input, textarea, pre")) faults.push(`scrolls sideways: ${say(one)}`);
      else if (one.tabIndex < 0 && !one.matches("input, textarea") && !one.querySelector("a[href], button")) faults.push(`no keyboard scrolls ${say(one)}`);
    }
    return faults;
  };

  const clips = (value) => value === "hidden" || value === "clip";

  const cut = () => {
    const faults = [];
    for (const one of document.querySelectorAll("body *")) {
      if (!seen(one) || one.closest("svg, select") || hiddenFromSight(one) || !one.textContent.trim()) continue;
      const style = getComputedStyle(one);
      const down = one.scrollHeight > one.clientHeight + 2;
      const across = one.scrollWidth > one.clientWidth + 2;
      const boxed = one.matches("button, .button, summary, .tag, .eid-state") && style.display !== "inline";
      if (((clips(style.overflowY) || boxed) && down) || ((clips(style.overflowX) || boxed) && across)) faults.push(`cut off: ${say(one)}`);
    }
    return faults;
  };

  const CONTROLS = "button, a[href], input:not([type=hidden]), select, textarea, summary";

  /** Controls, and words, as boxes that may not lie over each other. */
  const covered = () => {
    const boxes = [];
    for (const one of document.querySelectorAll(CONTROLS)) {
      if (!seen(one) || hiddenFromSight(one) || one.matches(".skip") || getComputedStyle(one).opacity === "0") continue;
      if (one.matches("input") && one.getBoundingClientRect().width <= 1) continue;
      for (const box of one.getClientRects()) boxes.push({ one, box, what: say(one) });
    }
    for (const text of texts()) {
      const parent = text.parentElement;
      if (hiddenFromSight(parent) || parent.closest(".skip")) continue;
      for (const box of rectsOf(text)) boxes.push({ one: parent, box, text, what: `"${text.data.trim().slice(0, 40)}"` });
    }
    boxes.sort((a, b) => a.box.top - b.box.top);
    const faults = [];
    const pinned = (one) => one.closest("#queue td:last-child, #queue th:last-child") !== null; // slides over its row by design
    boxes.forEach((first, nth) => {
      for (let next = nth + 1; next < boxes.length && boxes[next].box.top < first.box.bottom - 2; next += 1) {
        const second = boxes[next];
        if (first.one.contains(second.one) || second.one.contains(first.one)) continue;
        const across = Math.min(first.box.right, second.box.right) - Math.max(first.box.left, second.box.left);
        const down = Math.min(first.box.bottom, second.box.bottom) - Math.max(first.box.top, second.box.top);
        const letters = first.text && second.text ? Math.min(first.box.height, second.box.height) * 0.35 : 2;
        if (across > 2 && down > letters && !pinned(first.one) && !pinned(second.one)) faults.push(`one over the other: ${first.what} and ${second.what}`);
      }
    });
    return faults;
  };

  /** What stays while the rest scrolls leaves most of a low window to the rest. */
  const fixed = () =>
    [...document.querySelectorAll("body *")]
      .filter((one) => seen(one) && ["fixed", "sticky"].includes(getComputedStyle(one).position) && !one.matches("td, th"))
      .filter((one) => one.getBoundingClientRect().height > innerHeight / 3)
      .map((one) => `takes the window: ${say(one)}`);

  /** The skip link shows itself to the keyboard only, and lies over the head of the page then. */
  const peeking = () => [...document.querySelectorAll(".skip:not(:focus)")].filter((one) => one.getBoundingClientRect().bottom > 0).map((one) => `lies over the page: ${say(one)}`);

  const squeezed = () => [...gone(), ...sideways(), ...cut(), ...covered(), ...fixed(), ...peeking()];

  return { keepPlain, small, squeezed };
})());

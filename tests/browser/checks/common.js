// What the checks share: what is seen, and how a fault names what it is about.
globalThis.checks = (() => {
  const seen = (one) => one.checkVisibility({ visibilityProperty: true });
  const say = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 100);
  const hiddenFromSight = (one) => {
    const veiled = one.closest(".visually-hidden");
    return veiled !== null && veiled.getBoundingClientRect().width <= 1;
  };

  const FOCUSABLE =
    'a[href], button, input:not([type="hidden"]), select, textarea, summary, iframe, audio[controls], video[controls], [tabindex], [contenteditable]';

  /** What Tab should reach, in the order of the document, as if everything that folds were open. */
  const stops = () => {
    const folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
    const all = [...document.querySelectorAll(FOCUSABLE)].filter(
      (one) => seen(one) && !one.disabled && !one.matches('[tabindex^="-"]') && !one.closest("[inert]"),
    );
    for (const one of folded) one.open = false;
    const chosen = new Map(); // of radio buttons with one name the checked one, or else the first
    for (const one of all.filter((one) => one.type === "radio")) {
      const key = `${[...document.forms].indexOf(one.form)} ${one.name}`;
      if (one.checked || !chosen.has(key)) chosen.set(key, one);
    }
    const radios = new Set(chosen.values());
    return all.filter((one) => one.type !== "radio" || radios.has(one));
  };

  /** Text nodes that somebody sees or hears, in the order of the document. */
  const texts = () => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walk.nextNode()) {
      const parent = walk.currentNode.parentElement;
      if (!walk.currentNode.data.trim() || parent.closest("script, style, noscript, template, option")) continue;
      if (seen(parent) && !parent.closest('[aria-hidden="true"], svg')) found.push(walk.currentNode);
    }
    return found;
  };

  const rectsOf = (text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    return [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
  };

  /** Buttons that wait for a script become usable a moment after the page is there. */
  const ready = async () => {
    for (let tries = 0; tries < 20 && document.querySelector("button:disabled"); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };

  /** Everything that folds is opened, until `fold` leaves it as it was. */
  const unfold = () => {
    for (const one of document.querySelectorAll("details:not([open])")) {
      one.dataset.unfolded = "";
      one.open = true;
    }
  };
  const fold = () => {
    for (const one of document.querySelectorAll("details[data-unfolded]")) one.open = false;
  };

  return { ready, unfold, fold, seen, say, hiddenFromSight, stops, texts, rectsOf };
})();

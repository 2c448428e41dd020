// One page by keyboard alone. The keys are pressed from outside; here is looked at what each of them did.
Object.assign(globalThis.checks, (() => {
  const { seen, say, stops } = globalThis.checks;
  const RING = 3; // px, as in hkeid.css
  const TYPED = ["text", "email", "tel", "search", "url", "number", "password"];
  let expected, before, visited, pressed, happened;

  const outline = (one) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
    return { text: `${outlineStyle} ${outlineWidth} ${outlineColor}`, style: outlineStyle, width: parseFloat(outlineWidth), color: outlineColor };
  };
  const around = (one) => [one, ...(one.labels ?? [])];

  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((it) => it / 255).map((it) => (it <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (one) => {
    for (let at = one.parentElement; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  const ringFaults = (one, at) => {
    const rings = around(one).map((each, index) => ({ each, index, ...outline(each) }));
    const ring = rings.find(({ each, index, style, width, text }) => {
      const box = each.getBoundingClientRect();
      return style !== "none" && width >= RING && text !== before[at][index] && box.width > 8 && box.height > 8;
    });
    if (!ring) return [`no ring around ${say(one)}`];
    const shade = contrast(ring.color, behind(ring.each));
    return shade < 3 ? [`the ring has a contrast of ${shade.toFixed(1)}: ${say(one)}`] : [];
  };

  const outOfSight = (one) => {
    const inView = around(one).some((each) =>
      [...each.getClientRects()].some((box) =>
        [0.5, 0.1, 0.9].some((part) => {
          const met = document.elementFromPoint(box.left + box.width * part, box.top + box.height / 2);
          return met && (each.contains(met) || met.contains(each));
        }),
      ),
    );
    return inView ? [] : [`focus is out of sight or covered: ${say(one)}`];
  };

  const keyFor = (one) => {
    if (one.matches(".skip")) return null; // has a check of its own
    if (one.matches("a, button, summary")) return "Enter";
    if (one.matches('input[type="checkbox"], input[type="file"]')) return "Space";
    const formed = one.form?.querySelector('button:not([type="button"]), input[type="submit"]');
    return one.matches("input") && TYPED.includes(one.type) && formed ? "Enter" : null;
  };

  const pressFaults = () => {
    if (!pressed) return [];
    const { one, key, open } = pressed;
    if (one.matches("summary")) return one.parentElement.open !== open ? [] : [`${key} does not open ${say(one)}`];
    const typed = one.matches("input") && TYPED.includes(one.type);
    const done = happened.find((it) => (typed ? it.kind === "submit" : true));
    if (!done) return [`${key} does nothing at ${say(one)}`];
    const { submitter } = done;
    if (typed && submitter && (!seen(submitter) || submitter.matches(".danger"))) return [`${key} in ${say(one)} presses ${say(submitter)}`];
    return [];
  };

  const listen = () => {
    const stop = (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    addEventListener("submit", (event) => (happened.push({ kind: "submit", submitter: event.submitter }), stop(event)), true);
    addEventListener("click", (event) => {
      const one = event.target.closest?.("summary, button, input, a");
      if (!event.isTrusted || one?.matches("summary, .skip") || happened === undefined) return;
      happened.push({ kind: "click" });
      const submits = one?.matches("button, input[type=submit]") && one.type === "submit" && one.form;
      if (!submits) stop(event);
    }, true);
    addEventListener("invalid", stop, true);
  };

  /** Tab begins above everything. */
  const toTop = () => {
    const first = document.createElement("span");
    first.tabIndex = -1;
    document.body.prepend(first);
    first.focus();
    first.remove();
    scrollTo(0, 0);
  };

  const begin = () => {
    if (expected === undefined) listen();
    for (const form of document.forms) form.noValidate = true;
    [visited, pressed, happened] = [[], null, []];
    toTop();
    expected = stops();
    before = expected.map((one) => around(one).map((each) => outline(each).text));
    const faults = [...document.querySelectorAll("[tabindex]")].filter((one) => one.tabIndex > 0).map((one) => `tabindex of its own: ${say(one)}`);
    return { count: expected.length, faults };
  };

  /** After Tab: where the focus is, what is wrong there, and the key that should do something. */
  const at = () => {
    const faults = pressFaults();
    pressed = null;
    happened = [];
    const one = document.activeElement;
    if (!one || one === document.body) return { over: true, faults };
    const index = expected.indexOf(one);
    if (index === -1) {
      const rolls = one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight; // Chromium lets Tab reach what scrolls
      return { over: false, key: null, faults: rolls ? faults : [...faults, `focus on what is no control: ${say(one)}`] };
    }
    if (visited.at(-1) === index) return { over: false, key: null, again: true, faults }; // the parts of a date
    if (visited.includes(index)) return { over: true, faults };
    visited.push(index);
    const key = keyFor(one);
    if (key) pressed = { one, key, open: one.parentElement.open };
    return { over: false, key, twice: key && one.matches("summary") && one.parentElement.open, faults: [...faults, ...ringFaults(one, index), ...outOfSight(one)] };
  };

  /** A fold that was open has been closed, and now it should open. */
  const closed = () => {
    pressed.open = pressed.one.parentElement.open;
  };

  const end = () => {
    const missed = expected.filter((_, index) => !visited.includes(index)).map((one) => `never reached: ${say(one)}`);
    const turned = visited.filter((index, nth) => nth && index < visited[nth - 1]).map((index) => `reached too late: ${say(expected[index])}`);
    return [...missed, ...turned];
  };

  /** Where Enter on the skip link, or on the link of an error summary, leads. */
  const landed = (href) => {
    const target = document.getElementById(href.slice(1));
    return document.activeElement === target ? [] : [`${href} does not bring the focus there, but to ${say(document.activeElement)}`];
  };

  /** After the skip link Tab goes on, unless nothing is left to go to. */
  const passed = () => {
    const main = document.getElementById("main");
    const left = stops().some((one) => main.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
    const back = main.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_PRECEDING;
    return left && back ? [`Tab after the skip link goes back to ${say(document.activeElement)}`] : [];
  };

  const jumps = () => [...document.querySelectorAll('#error-summary a[href^="#"]')].filter(seen).map((one) => one.getAttribute("href"));

  return { keyboardBegin: begin, keyboardAt: at, keyboardClosed: closed, keyboardEnd: end, toTop, landed, passed, jumps };
})());

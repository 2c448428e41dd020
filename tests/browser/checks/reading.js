// One page as it is read: what stands where, in which language, and what is said of what is wrong.
Object.assign(globalThis.checks, (() => {
  const { seen, say, hiddenFromSight, texts, rectsOf } = globalThis.checks;
  const words = (text) => text.data.trim().replace(/\s+/g, " ").slice(0, 50);

  const afloat = (one) => {
    for (let at = one; at && at !== document.body; at = at.parentElement) {
      if (["absolute", "fixed", "sticky"].includes(getComputedStyle(at).position)) return true;
    }
    return false;
  };

  /** What is read later stands further down, or to the right: never before what was read. */
  const sightOrder = () => {
    const faults = [];
    let last = null;
    for (const text of texts()) {
      if (hiddenFromSight(text.parentElement) || afloat(text.parentElement)) continue;
      const boxes = rectsOf(text);
      if (!boxes.length) continue;
      const box = boxes[0];
      if (last) {
        const above = box.bottom <= last.box.top + 1 && box.left < last.box.right - 1;
        const level = Math.min(box.bottom, last.box.bottom) - Math.max(box.top, last.box.top) > box.height / 2;
        const left = level && box.right <= last.box.left + 1;
        if (above || left) faults.push(`"${words(text)}" is read after "${last.words}" but stands ${above ? "above" : "left of"} it`);
      }
      last = { box: boxes.at(-1), words: words(text) };
    }
    return faults;
  };

  const turned = () =>
    [...document.querySelectorAll("body *")]
      .filter(seen)
      .filter((one) => {
        const { order, flexDirection, flexWrap, display } = getComputedStyle(one);
        return order !== "0" || (display.includes("flex") && (flexDirection.endsWith("reverse") || flexWrap === "wrap-reverse"));
      })
      .map((one) => `shown in another order than it is read: ${say(one)}`);

  const HAN = /\p{Script=Han}/u;
  const LATIN_SENTENCE = /(?:\b[A-Za-z]{2,}[ ,]+){3}[a-z]{2,}/; // names and terms are shorter
  const ONLY_TRADITIONAL = /[個們這國號碼證華張陳黃請電話機時間點後發學會員見說讓關開門問題務處將簽據來對應當實現經過還無線總頁續繼願認識讀寫選擇]/;
  const ONLY_SIMPLIFIED = /[个们这国号码证华张陈黄请电话机时间点后发学会员见说让关开门问题务处将签据来对应当实现经过还无线总页续继愿认识读写选择]/;
  const bare = (letters, others) => new RegExp(`[${[...letters.source].filter((one) => !others.source.includes(one) && HAN.test(one)).join("")}]`, "u");
  const TRADITIONAL = bare(ONLY_TRADITIONAL, ONLY_SIMPLIFIED);
  const SIMPLIFIED = bare(ONLY_SIMPLIFIED, ONLY_TRADITIONAL);

  const foreign = (words, lang) => {
    if (lang.startsWith("zh-Hant")) return SIMPLIFIED.test(words) || (!HAN.test(words) && LATIN_SENTENCE.test(words));
    if (lang.startsWith("zh-Hans")) return TRADITIONAL.test(words) || (!HAN.test(words) && LATIN_SENTENCE.test(words));
    return HAN.test(words);
  };

  /** Words in another script say so by `lang` (WCAG 2.2, 3.1.2): a voice would stumble over them. */
  const tongues = () => {
    const langOf = (one) => one.closest("[lang]")?.lang ?? "";
    const spoken = texts().map((text) => [text.data, langOf(text.parentElement), text.parentElement]);
    for (const one of document.querySelectorAll("[aria-label], [placeholder], [title], [alt]")) {
      for (const name of ["aria-label", "placeholder", "title", "alt"]) {
        if (seen(one) && one.hasAttribute(name)) spoken.push([one.getAttribute(name), langOf(one), one]);
      }
    }
    for (const one of document.querySelectorAll("option")) spoken.push([one.textContent, langOf(one), one]);
    return spoken.filter(([words, lang]) => foreign(words, lang)).map(([words, lang, one]) => `not in ${lang || "any language"}: "${words.trim().slice(0, 40)}" in ${say(one)}`);
  };

  /** What is wrong is announced, leads to its field, and the field says it again. */
  const errors = () => {
    const faults = [];
    for (const one of document.querySelectorAll(".notice.error, #error-summary")) {
      const told = one.matches('[role="alert"], [role="status"]') || one === document.activeElement;
      if (seen(one) && !told) faults.push(`nobody hears of ${say(one)}`);
    }
    const links = [...document.querySelectorAll('#error-summary a[href^="#"]')].map((one) => one.getAttribute("href").slice(1));
    for (const id of links) if (!document.getElementById(id)) faults.push(`the summary leads nowhere: #${id}`);
    for (const one of document.querySelectorAll('[aria-invalid="true"]')) {
      if (!links.includes(one.id) && !hiddenFromSight(one)) faults.push(`no summary leads to ${say(one)}`);
      const said = (one.getAttribute("aria-describedby") ?? "").split(" ").some((id) => document.getElementById(id)?.closest(".error-text, #error-summary")?.innerText.trim());
      if (!said) faults.push(`wrong, and nothing says why: ${say(one)}`);
    }
    for (const name of ["aria-describedby", "aria-labelledby", "aria-controls", "for"]) {
      for (const one of document.querySelectorAll(`[${name}]`)) {
        for (const id of one.getAttribute(name).split(" ").filter(Boolean)) {
          if (!document.getElementById(id)) faults.push(`${name} of nothing: ${id} in ${say(one)}`);
        }
      }
    }
    return faults;
  };

  const textsRead = () => texts().map((text) => text.data);

  return { sightOrder, turned, tongues, errors, textsRead };
})());

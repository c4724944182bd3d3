// Keys and scanners share one keyboard. A scanner types faster than a person, so a single key counts as a
// shortcut only when no second one follows at once; a burst is a scan and goes to the page's scan box.
(() => {
  const BURST_GAP_MS = 80; // wireless scanners pause up to about this long between two characters
  const SCAN_LENGTH_MIN = 4;
  const SCAN_LENGTH_SURE = 8; // so many keys in one burst no hand types
  const LEFT_LYING_MS = 1000; // what was typed so long before a burst is no part of it; a slow scanner pauses less
  const SAME_SCAN_MS = 300;
  const GO_WAIT_MS = 1200;

  let typed = "";
  let timer = 0;
  let goesUntil = 0;
  let lastScan = { code: "", at: 0 };
  let burst = { from: 0, since: 0, at: 0 }; // where and when the last keys without a long pause began; the last of them

  const isTyping = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  const isShown = (element) => element.checkVisibility();
  const withoutControls = (text) => text.replace(/[\u0000-\u001f\u007f]/g, "").trim();
  const rowLinks = () => [...document.querySelectorAll("[data-list] a.row-link")].filter(isShown);
  const scope = () => document.querySelector("dialog[open]") || document;

  function move(by) {
    const links = rowLinks();
    if (!links.length) return;
    const at = links.findIndex((link) => link.closest("tr, li").matches("[data-current]"));
    const next = links[Math.min(Math.max(at + by, 0), links.length - 1)];
    for (const link of links) delete link.closest("tr, li").dataset.current;
    next.closest("tr, li").dataset.current = "";
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  function toggleCurrent() {
    const box = document.querySelector("[data-current] input[data-check]");
    if (box) box.click();
  }

  function press(key) {
    const target = [...scope().querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(isShown);
    if (!target || target.disabled || target.getAttribute("aria-disabled") === "true") return;
    if (target.matches("input:not([type=radio], [type=checkbox]), textarea, select")) target.focus();
    else target.click();
  }

  function go(key) {
    goesUntil = 0;
    const link = document.querySelector(`a[data-go="${CSS.escape(key)}"]`);
    if (link) link.click();
  }

  function runKey(key) {
    if (performance.now() < goesUntil) go(key);
    else if (key === "g") goesUntil = performance.now() + GO_WAIT_MS;
    else if (key === "/") findBox().focus();
    else if (key === "?") showKeys();
    else if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "x") toggleCurrent();
    else press(key);
  }

  function showKeys() {
    const dialog = document.getElementById("keys");
    const list = dialog.querySelector("[data-keys-here]");
    list.replaceChildren();
    const listed = new Set();
    for (const element of document.querySelectorAll("[data-key]")) {
      if (!isShown(element) || listed.has(element.dataset.key)) continue;
      listed.add(element.dataset.key);
      const row = dialog.querySelector("template").content.firstElementChild.cloneNode(true);
      row.querySelector("kbd").textContent = element.dataset.key;
      row.querySelector("span").textContent = element.dataset.keyLabel || element.textContent.trim();
      list.append(row);
    }
    dialog.showModal();
  }

  const findBox = () => document.querySelector("[data-scan]") || document.getElementById("find");

  function isRepeat(code) {
    const now = performance.now();
    const repeat = code === lastScan.code && now - lastScan.at < SAME_SCAN_MS;
    lastScan = { code, at: now };
    return repeat;
  }

  function submitScan(code) {
    const box = findBox();
    if (!box || isRepeat(code)) return;
    box.value = code;
    box.form.requestSubmit();
  }

  function flush() {
    const keys = typed;
    typed = "";
    if (keys.length === 1) runKey(keys);
    else if (keys.length === 2 && keys[0] === "g") go(keys[1]);
    else if (withoutControls(keys).length >= SCAN_LENGTH_MIN) findBox().value = withoutControls(keys);
  }

  // Enter right after other keys belongs to them: it must never press the button that happens to have the focus.
  function endKeys(event) {
    event.preventDefault();
    clearTimeout(timer);
    const code = withoutControls(typed);
    if (code.length < SCAN_LENGTH_MIN) return flushAndOpen();
    typed = "";
    submitScan(code);
  }

  // «j» and Enter in one go: the row it went to is opened.
  function flushAndOpen() {
    const before = document.activeElement;
    flush();
    const now = document.activeElement;
    if (now !== before && now.matches("a.row-link")) now.click();
  }

  // The focus came into a field in the middle of a scan, as when a page has just been loaded: its beginning comes along.
  function bringAlong(field) {
    clearTimeout(timer);
    field.value = typed + field.value;
    typed = "";
    burst = { from: 0, since: performance.now(), at: performance.now() };
  }

  function followBurst(box, event) {
    const now = performance.now();
    if (event.key === "Enter") keepOnlyScan(box, now);
    else if (now - burst.at > LEFT_LYING_MS) burst = { from: box.selectionStart, since: now };
    burst.at = now;
  }

  // A scan into a box in which something half typed was left.
  function keepOnlyScan(box, now) {
    const scanned = box.value.slice(burst.from);
    const isFast = now - burst.since <= BURST_GAP_MS * scanned.length;
    if (isFast && withoutControls(scanned).length >= SCAN_LENGTH_SURE) box.value = scanned;
  }

  function typeInto(field, event) {
    if (event.key === "Escape") field.blur();
    if (typed && (event.key.length === 1 || event.key === "Enter") && field.matches("input, textarea")) bringAlong(field);
    if (field.matches("[data-scan]")) followBurst(field, event);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target)) return typeInto(event.target, event);
    if (event.repeat && event.target.matches("button, a")) event.preventDefault(); // a key that is held is one press
    if (event.repeat) return;
    if (event.key === "Enter" && typed) return endKeys(event);
    if (event.key.length !== 1 || (event.key === " " && !typed)) return;
    typed += event.key;
    clearTimeout(timer);
    timer = setTimeout(flush, BURST_GAP_MS);
  });

  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-scan]")) event.target.select(); // what was left there gives way to the next scan
  });

  // A code scanned into the box itself: strip what scanners add, ignore the doubled read.
  document.addEventListener("submit", (event) => {
    const box = event.target.querySelector("[data-scan]");
    if (!box) return;
    box.value = withoutControls(box.value);
    const isFromBox = document.activeElement === box;
    if (isFromBox && isRepeat(box.value)) event.preventDefault();
  });
})();

// Parts of a page that come anew while somebody is at work in them: their press, their place and their words.
(() => {
  const UNREAD_MS = 350; // nobody reads what an answer brings, and decides about it, within so short a time
  const SAME_PLACE_PX = 12;

  let lastPress = { x: 0, y: 0, key: "" };
  let unreadUntil = 0;
  let hadFocus = null;
  let begun = [];

  const isAnswer = ({ verb, triggeringEvent }) => verb === "post" && triggeringEvent?.type === "submit";

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const wasInside = detail.target.contains(document.activeElement);
    hadFocus = wasInside || isAnswer(detail.requestConfig) ? detail.target : null;
    begun = isAnswer(detail.requestConfig) ? wordsIn(detail.target, detail.requestConfig.elt) : [];
  });

  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (isAnswer(detail.requestConfig)) unreadUntil = performance.now() + UNREAD_MS;
    writeAgain();
    keepPlace();
  });

  const actionOf = (field) => field.form?.getAttribute("action");

  // What somebody began in another form of a part is not swept away by the answer to this one. Ticks are given anew.
  function wordsIn(part, sent) {
    return [...part.querySelectorAll("textarea, select, input:not([type=hidden], [type=checkbox], [type=radio], [type=file])")]
      .filter((field) => field.name && !sent.contains(field) && isChanged(field))
      .map((field) => ({ action: actionOf(field), name: field.name, value: field.value }));
  }

  function writeAgain() {
    for (const { action, name, value } of begun) {
      const field = [...document.getElementsByName(name)].find((one) => actionOf(one) === action);
      if (!field) continue;
      field.value = value;
      field.closest("details")?.setAttribute("open", "");
    }
    begun = [];
  }

  // Whoever was in the part goes on at its heading, and not at the top of the page.
  function keepPlace() {
    const heading = document.activeElement === document.body && hadFocus?.querySelector("h2");
    hadFocus = null;
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  function isSamePress(event, button) {
    if (!event.detail) return Boolean(lastPress.key) && button.dataset.key === lastPress.key; // a key has no place
    return Math.hypot(event.clientX - lastPress.x, event.clientY - lastPress.y) <= SAME_PLACE_PX;
  }

  // The second half of a double press must not fall on the button that the first one brought into its place.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[type=submit]");
    if (!button) return;
    if (performance.now() < unreadUntil && isSamePress(event, button)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    lastPress = { x: event.clientX, y: event.clientY, key: button.dataset.key };
  }, true);

  function isChanged(field) {
    if (field.matches("select")) return field.selectedIndex > 0 && !field.selectedOptions[0].defaultSelected;
    return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  }

  // A part with data-gives-way looks again by itself, but not while somebody writes or has folded something out in it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.target;
    if (!part.matches("[data-gives-way]") || event.detail.requestConfig.triggeringEvent) return;
    const isWritten = [...part.querySelectorAll("input:not([type=hidden]), textarea, select")].some(isChanged);
    if (isWritten || part.querySelector("details[open]")) event.preventDefault();
  });
})();

// Menus, dialogs, copying, messages and times: what each page shares.
(() => {
  const TOAST_STAYS_MS = 6000;
  const TOAST_READ_MS = 1500;
  const COPIED_STAYS_MS = 1600;
  const TIMES_EVERY_MS = 30000;

  // Answers 422 carry the form with its errors and are shown like any other.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 422) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });

  // The session has ended: the log-in page is a page of its own, not a part of this one. What was written stays to be copied.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (new URL(detail.xhr.responseURL, location.href).pathname !== "/login/") return;
    detail.shouldSwap = false;
    const fields = [...detail.requestConfig.elt.querySelectorAll("input:not([type=hidden]), textarea")];
    if (detail.requestConfig.verb === "post" && fields.some((field) => field.value !== field.defaultValue)) {
      showToast("You are logged out, and nothing was changed. Copy what you wrote, then reload the page.");
    } else location.reload();
  });

  // An empty filter says nothing: keep it out of the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    const sent = event.detail.formData;
    for (const name of new Set(sent.keys())) {
      const said = sent.getAll(name).filter((value) => value !== "");
      sent.delete(name);
      for (const value of said) sent.append(name, value);
    }
  });

  document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
    const known = { 403: "You are not allowed to do that.", 404: "That is no longer there. Reload the page.", 409: "Someone else changed this first. Reload the page." };
    showToast(wordsOf(xhr) || known[xhr.status] || `The server answered ${xhr.status}. Nothing was changed; try again.`);
  });
  document.addEventListener("htmx:sendError", () => showToast("No connection to the server. Nothing was sent; try again."));

  // An error page says in a sentence what was wrong.
  function wordsOf(xhr) {
    return new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-says]")?.textContent;
  }

  function showToast(text) {
    const template = document.getElementById("toast-template");
    const region = document.getElementById("messages");
    if (!template || !region) return;
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.querySelector("[data-toast-text]").textContent = text;
    region.append(toast);
  }

  function startLeaving(toast) {
    toast.dataset.leaving = performance.now();
    setTimeout(leave, TOAST_STAYS_MS, toast);
  }

  function leave(toast) {
    if (toast.matches(":hover, :focus-within")) delete toast.dataset.leaving;
    else toast.remove();
  }

  // It lies over the page: who goes on there has seen it, and need not wait for what is below it.
  function goOn(event) {
    for (const toast of document.querySelectorAll(".toast[data-leaving]")) {
      if (!toast.contains(event.target)) setTimeout(leave, Number(toast.dataset.leaving) + TOAST_READ_MS - performance.now(), toast);
    }
  }
  for (const work of ["pointerdown", "keydown", "wheel", "touchmove"]) document.addEventListener(work, goOn, { passive: true });

  async function copyText(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.copied = "";
    const said = button.querySelector("[data-copy-said]");
    if (said) said.textContent = "Copied";
    setTimeout(() => {
      delete button.dataset.copied;
      if (said) said.textContent = "";
    }, COPIED_STAYS_MS);
  }

  function shortAge(seconds) {
    const size = Math.abs(seconds);
    const [count, unit] =
      size < 3600 ? [size / 60, "min"] : size < 86400 ? [size / 3600, "h"] : [size / 86400, "d"];
    const whole = Math.floor(count);
    if (whole === 0) return "just now";
    return seconds < 0 ? `in ${whole} ${unit}` : `${whole} ${unit} ago`;
  }

  // The server's clock is the business clock; a browser's may be wrong or in another time.
  const said = Date.parse(document.documentElement.dataset.now || "");
  const offset = Number.isNaN(said) ? 0 : said - Date.now();
  function refreshTimes() {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const age = (Date.now() + offset - Date.parse(time.dateTime)) / 1000;
      time.textContent = shortAge(age);
    }
  }

  function refresh() {
    refreshTimes();
    for (const toast of document.querySelectorAll(".toast[data-leaves]:not([data-leaving])")) startLeaving(toast);
  }

  document.addEventListener("click", (event) => {
    const clicked = event.target;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(clicked)) menu.open = false;
    }
    const copy = clicked.closest("[data-copy]");
    if (copy) copyText(copy).catch(() => showToast(`Copying was refused by the browser. The value is ${copy.dataset.copy}`));
    const opener = clicked.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    const closer = clicked.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
    const dismiss = clicked.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(".toast").remove();
    if (clicked instanceof HTMLDialogElement) clicked.close();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A form is sent once: the second press of a button would be a second request.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent !== undefined) event.preventDefault();
    else if (!event.target.hasAttribute("hx-post")) event.target.dataset.sent = "";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  function checkAll(event) {
    if (!event.target.matches("[data-check-all]")) return;
    const table = event.target.closest("table");
    for (const box of table.querySelectorAll("tbody input[data-check]")) box.checked = event.target.checked;
  }
  document.addEventListener("change", checkAll);

  // A picture that cannot be loaded leaves its place empty instead of a broken sign. Such events do not bubble.
  document.addEventListener("error", (event) => {
    if (event.target.matches?.("img")) event.target.dataset.failed = "";
  }, true);
  document.addEventListener("DOMContentLoaded", () => {
    for (const image of document.images) if (image.complete && !image.naturalWidth) image.dataset.failed = "";
  });

  document.addEventListener("DOMContentLoaded", refresh);
  document.addEventListener("htmx:afterSettle", refresh);
  setInterval(refreshTimes, TIMES_EVERY_MS);
})();

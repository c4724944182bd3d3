// Loaded without defer, so that the chosen theme is set before the first paint.
(() => {
  const KEY = "returnsops-theme";
  const root = document.documentElement;
  root.classList.add("has-js");

  function savedTheme() {
    try {
      return localStorage.getItem(KEY) || "system";
    } catch {
      return "system"; // storage is switched off: follow the system
    }
  }

  function saveTheme(theme) {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      return; // the choice then lasts for this page
    }
  }

  function applyTheme(theme) {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-set-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
    }
  }

  applyTheme(savedTheme());
  document.addEventListener("DOMContentLoaded", () => applyTheme(savedTheme()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set-theme]");
    if (!button) return;
    saveTheme(button.dataset.setTheme);
    applyTheme(button.dataset.setTheme);
  });
})();

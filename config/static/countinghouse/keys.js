/* Single keys for who works here all day; "?" lists them, the profile switches them off for a browser. */
"use strict";
(() => {
  const OFF = "countinghouse-keys-off";
  /* Milliseconds within which the second key has to follow "g". */
  const PATIENCE = 1500;
  const search = document.getElementById("find");
  const help = document.getElementById("shortcuts");
  let goUntil = 0;

  const off = () => localStorage.getItem(OFF) === "yes";

  /* Focus is the cursor, so that Enter, Tab and screen readers know it without us. */
  function move(by) {
    const rows = [...document.querySelectorAll("#result_list tbody tr")];
    const at = rows.indexOf(document.activeElement.closest("#result_list tbody tr"));
    const row = rows[at < 0 ? 0 : at + by];
    if (!row) return;
    let link = row.querySelector("th a[href], td a[href]");
    if (!link) {
      row.tabIndex = -1;
      link = row;
    }
    link.focus();
  }

  function neighbour(rel) {
    const link = document.querySelector(`a[rel~=${rel}], link[rel~=${rel}]`);
    if (link) window.location.assign(link.href);
  }

  const isList = () => document.getElementById("result_list");
  const KEYS = {
    j: () => (isList() ? move(1) : neighbour("next")),
    k: () => (isList() ? move(-1) : neighbour("prev")),
    x: () => document.activeElement.closest("#result_list tbody tr")?.querySelector("input.action-select")?.click(),
    g: () => {
      goUntil = Date.now() + PATIENCE;
    },
    "/": () => {
      search?.focus();
      search?.select();
    },
    "?": () => help?.showModal(),
  };

  function go(key) {
    goUntil = 0;
    const link = [...document.querySelectorAll("[data-go]")].find((place) => place.dataset.go === key);
    if (link) window.location.assign(link.href);
    return Boolean(link);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const held = event.ctrlKey || event.metaKey;
    if (key === "k" && held && !event.altKey && !event.shiftKey && search) {
      event.preventDefault();
      KEYS["/"]();
      return;
    }
    if (held || event.altKey || off()) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]")) return;
    if (goUntil > Date.now() && go(key)) {
      event.preventDefault();
      return;
    }
    if (!Object.hasOwn(KEYS, key)) return;
    event.preventDefault();
    KEYS[key]();
  });

  for (const box of document.querySelectorAll("[data-keys-switch]")) {
    box.checked = !off();
    box.disabled = false;
    box.addEventListener("change", () => {
      if (box.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "yes");
    });
  }
})();

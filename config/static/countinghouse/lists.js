/* Lists: the sum of the chosen rows, a head that stays in sight, and the same place again after a row's button. */
"use strict";
(() => {
  const list = document.getElementById("changelist");
  const table = document.getElementById("result_list");
  if (!list || !table) return;

  /* Amounts come as “94.02 EUR”; they are added in ten thousandths, so that no digit is lost. */
  const PARTS = 10000n;
  const money = (currency, parts) => {
    const digits = String(parts < 0n ? -parts : parts).padStart(5, "0");
    const amount = `${parts < 0n ? "-" : ""}${digits.slice(0, -4)}.${digits.slice(-4)}`;
    return new Intl.NumberFormat(document.documentElement.lang || "en", { style: "currency", currency }).format(amount);
  };
  const parts = (amount) => {
    const [whole, broken = ""] = amount.replace("-", "").split(".");
    const found = BigInt(whole) * PARTS + BigInt(broken.padEnd(4, "0").slice(0, 4));
    return amount.startsWith("-") ? -found : found;
  };

  const bar = list.querySelector(".actions");
  const counter = bar && bar.querySelector(".action-counter");
  const boxes = [...table.querySelectorAll("input.action-select[data-sum]")];
  if (counter && boxes.length) {
    const shown = document.createElement("strong");
    shown.className = "chosen-sum";
    shown.setAttribute("role", "status");
    counter.after(shown);
    const add = () => {
      const sums = new Map();
      for (const box of boxes) {
        if (!box.checked) continue;
        const [amount, currency] = box.dataset.sum.split(" ");
        sums.set(currency, (sums.get(currency) || 0n) + parts(amount));
      }
      /* All rows of the filter are more than the page knows of. */
      const all = bar.querySelector("input.select-across");
      const known = !(all && all.value === "1");
      shown.textContent = known ? [...sums].sort().map(([currency, sum]) => money(currency, sum)).join(" · ") : "";
    };
    for (const name of ["change", "click"]) list.addEventListener(name, () => setTimeout(add));
    window.addEventListener("pageshow", add);
  }

  /* The head stays below the bar of actions, unless the table has to be scrolled sideways. */
  const fit = () => {
    const frame = table.closest(".results");
    frame.classList.remove("results-wide");
    frame.classList.toggle("results-wide", table.offsetWidth > frame.clientWidth + 1);
    if (bar) list.style.setProperty("--bar", `${bar.offsetHeight}px`);
  };
  fit();
  window.addEventListener("resize", fit);

  /* Who presses a row's button comes back to the row, not to the top of the page. */
  const KEY = "list-place";
  const here = () => location.pathname + location.search;
  list.addEventListener("click", (event) => {
    if (event.target.closest("button[formaction]")) {
      sessionStorage.setItem(KEY, JSON.stringify({ at: here(), top: window.scrollY, when: Date.now() }));
    }
  });
  const left = JSON.parse(sessionStorage.getItem(KEY) || "null");
  sessionStorage.removeItem(KEY);
  if (left && left.at === here() && Date.now() - left.when < 30000) window.scrollTo(0, left.top);
})();

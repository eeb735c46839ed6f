/* Small comforts of every page; each works without this file, too. */
"use strict";
document.documentElement.classList.add("js");

/* Column names for the cards that tables become on a phone. */
for (const table of document.querySelectorAll("#result_list")) {
  const names = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.children].forEach((cell, place) => {
      if (cell.tagName === "TD" && !cell.classList.contains("action-checkbox") && names[place]) {
        cell.dataset.label = names[place].charAt(0).toUpperCase() + names[place].slice(1);
      }
    });
  }
}

/* The server leaves those sections folded that were folded here. */
for (const section of document.querySelectorAll("#site-nav details")) {
  section.addEventListener("toggle", () => {
    const folded = [...document.querySelectorAll("#site-nav details:not([open])")].map((one) => one.dataset.section);
    document.cookie = `menu_folded=${folded.join(".")}; path=/; max-age=31536000; samesite=lax`;
  });
}

/* What scrolls sideways and has nothing to focus is reached by the keyboard itself. */
const scrolling = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    const alone = target.scrollWidth > target.clientWidth && !target.querySelector("a, button, input, select, textarea");
    if (alone) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const box of document.querySelectorAll(".scroll, .results")) scrolling.observe(box);

/* Django's list that is searched while one types has its field's name on a list that nobody sees. Ours is called after
   Django's own script has made it, both in the order of jQuery. */
window.django?.jQuery?.(() => {
  for (const list of document.querySelectorAll("select.admin-autocomplete[id]")) {
    const shown = list.nextElementSibling?.querySelectorAll("[role=combobox], [role=textbox]") ?? [];
    for (const part of shown) {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", list.labels[0]?.textContent.replace(/:$/, "") ?? "");
    }
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.filter[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
  if (event.target.closest("[data-print]")) window.print();
  if (event.target.matches("[data-select-all]")) event.target.select();
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog).showModal();
  const closer = event.target.closest("[data-close-dialog]");
  if (closer) closer.closest("dialog").close();
  if (event.target.matches("dialog")) event.target.close();
  const adder = event.target.closest("[data-add-rule]");
  if (adder) addRule(adder.form || adder.closest("form"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.filter[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

/* A form that books something goes out once; the server refuses a second one anyway. */
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-submit-once]")) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});

/* A box that shows something when it is ticked. */
for (const box of document.querySelectorAll("[data-shows]")) {
  const shown = document.getElementById(box.dataset.shows);
  const follow = () => {
    shown.hidden = !box.checked;
    for (const input of shown.querySelectorAll("input")) input.required = box.checked;
  };
  box.addEventListener("change", follow);
  follow();
}

/* A zone that nobody has chosen yet is the browser's own. */
for (const list of document.querySelectorAll("select[data-own-zone]")) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const stands = list.value !== "UTC" || document.querySelector(".errorlist, .form-bad");
  if (!stands && [...list.options].some((option) => option.value === own)) list.value = own;
}

/* One more empty row in the grid of rules. */
function addRule(form) {
  const last = form.querySelector("tr.row-new:last-of-type");
  const count = form.elements.rows;
  const row = last.cloneNode(true);
  const number = Number(count.value);
  for (const input of row.querySelectorAll("input, select")) {
    for (const name of ["name", "id"]) {
      const old = input.getAttribute(name);
      if (old) input.setAttribute(name, old.replace(/rule-\d+-/, `rule-${number}-`));
    }
    if (input.type === "text") input.value = "";
  }
  for (const list of row.querySelectorAll(".errorlist")) list.remove();
  count.value = String(number + 1);
  last.after(row);
  row.querySelector("input[type=text]").focus();
}

/* A list that narrows another one to what belongs to it, and one that shows the field of its choice. */
for (const list of document.querySelectorAll("[data-narrows]")) {
  const narrowed = document.getElementById(list.dataset.narrows);
  const all = [...narrowed.options];
  const follow = () => {
    const chosen = narrowed.value;
    narrowed.replaceChildren(...all.filter((option) => option.dataset.of === list.value));
    if ([...narrowed.options].some((option) => option.value === chosen)) narrowed.value = chosen;
  };
  list.addEventListener("change", follow);
  follow();
}
for (const list of document.querySelectorAll("[data-switches]")) {
  const follow = () => {
    for (const part of list.form.querySelectorAll("[data-switch]")) part.hidden = part.dataset.switch !== list.value;
  };
  list.addEventListener("change", follow);
  follow();
}

/* A button that says the sum its form asks for, as the server counts it; without an answer it keeps its own words. */
for (const form of document.querySelectorAll("form[data-sum]")) {
  const button = form.querySelector("button[type=submit]");
  const words = button.textContent;
  let asked = 0;
  let waiting = 0;
  const follow = async () => {
    const mine = ++asked;
    let label = "";
    try {
      const answer = await fetch(form.dataset.sum, { method: "POST", body: new FormData(form) });
      if (answer.ok) label = (await answer.json()).label;
    } catch {
      /* offline: the page that follows shows the sum */
    }
    if (mine === asked) button.textContent = label ? `${label} …` : words;
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(follow, 200);
  });
}

/* After a cause was put right: ask every other second how far its orders are, and count the causes and the banner down. */
"use strict";
(() => {
  const panel = document.getElementById("fixes");
  if (!panel) return;
  const EVERY = 2000;
  const open = () => [...panel.querySelectorAll("[data-fix]:not(.fix-finished)")];
  if (!open().length) return;
  let spokenAt = 0;
  let typed = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest(".cause")) typed = true;
  });

  function show(row, part, text) {
    const place = row.querySelector(`[data-part="${part}"]`);
    if (place.textContent !== text) place.textContent = text;
    place.hidden = !text;
  }

  function update(fix) {
    const row = panel.querySelector(`[data-fix="${fix.id}"]`);
    if (!row) return;
    show(row, "line", fix.line);
    show(row, "note", fix.note);
    const bar = row.querySelector("progress");
    bar.max = fix.total;
    bar.value = fix.done;
    row.classList.toggle("fix-finished", fix.finished);
  }

  /* The number in a text; one that ends in + was not counted to its end. */
  function recount(place, count) {
    const text = place.textContent.replace(/\d[\d,]*(?![\d,+])/, count.toLocaleString("en"));
    if (text !== place.textContent) place.textContent = text;
  }

  function countDown(causes) {
    for (const card of document.querySelectorAll(".cause[data-counts-down]")) {
      const left = causes[card.dataset.cause] || 0;
      recount(card.querySelector('[data-part="count"]'), left);
      card.classList.toggle("cause-done", !left);
    }
  }

  function banner(failed) {
    for (const notice of document.querySelectorAll(".notice-bad")) {
      if (failed) recount(notice.firstElementChild, failed);
      else notice.remove();
    }
  }

  async function look() {
    let answer;
    try {
      const response = await fetch(panel.dataset.progress, { headers: { Accept: "application/json" } });
      if (response.redirected || response.status === 403) return location.reload(); // logged out meanwhile
      if (!response.ok) throw new Error(String(response.status));
      answer = await response.json();
    } catch {
      setTimeout(look, EVERY * 3); // the site restarts, or the line is down
      return undefined;
    }
    answer.fixes.forEach(update);
    const told = new Set(answer.fixes.map((fix) => String(fix.id)));
    for (const row of open()) {
      if (!told.has(row.dataset.fix)) row.classList.add("fix-finished"); // so old that it is not told any more
    }
    countDown(answer.causes);
    banner(answer.failed);
    const left = open();
    if (!left.length || Date.now() - spokenAt > 15000) {
      spokenAt = Date.now();
      panel.querySelector('[data-part="spoken"]').textContent = answer.fixes.map((fix) => `${fix.title} ${fix.line}`).join(". ");
    }
    if (left.length) {
      setTimeout(look, EVERY);
    } else if (typed || document.querySelector(".cause :focus")) {
      panel.querySelector('[data-part="stale"]').hidden = false; // what is being typed stays
    } else {
      setTimeout(() => location.reload(), EVERY);
    }
    return undefined;
  }
  setTimeout(look, EVERY);
})();

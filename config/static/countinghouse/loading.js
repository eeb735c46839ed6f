/* While orders are being loaded: ask every other second how far it is; when all are done, show the page anew. */
"use strict";
(() => {
  const panel = document.getElementById("loading");
  if (!panel) return;
  const EVERY = 2000;
  let spokenAt = 0;

  function show(part, row, text) {
    const place = row.querySelector(`[data-part="${part}"]`);
    if (place && place.textContent !== text) place.textContent = text;
    return place;
  }

  function update(run) {
    const row = panel.querySelector(`[data-run="${run.id}"]`);
    if (!row) return false;
    show("line", row, run.line);
    show("counts", row, run.counts);
    const reason = show("reason", row, run.reason);
    if (reason) reason.hidden = !run.reason;
    const errors = row.querySelector('[data-part="errors"]');
    if (errors) errors.hidden = !run.failed;
    const cancel = row.querySelector('[data-part="cancel"]');
    if (cancel) cancel.disabled = run.cancelling;
    const bar = row.querySelector("progress");
    if (run.total) {
      bar.max = run.total;
      bar.value = run.done;
    } else {
      bar.removeAttribute("value");
    }
    return true;
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
    const known = panel.querySelectorAll("[data-run]").length;
    const all = answer.runs.map(update);
    if (!answer.runs.length || answer.runs.length !== known || all.includes(false)) return location.reload();
    if (Date.now() - spokenAt > 15000) {
      spokenAt = Date.now();
      panel.querySelector('[data-part="spoken"]').textContent = answer.runs.map((run) => `${run.shop}: ${run.line}`).join(". ");
    }
    setTimeout(look, EVERY);
    return undefined;
  }
  setTimeout(look, EVERY);
})();

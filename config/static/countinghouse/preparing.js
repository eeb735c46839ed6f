/* Preparations by keyboard; the pages work without this file, too. */
"use strict";

/* Enter goes on to the next tracking number, and from the last one to the button that ships. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-enter-moves] input[type=text]")) return;
  event.preventDefault();
  const form = event.target.form;
  const fields = [...form.querySelectorAll("input[type=text]")];
  const rest = fields.slice(fields.indexOf(event.target) + 1);
  const next = rest.find((field) => field.matches("[data-enter-stop]")) || form.querySelector("[data-enter-last]");
  next.focus();
  if (next.select) next.select();
});

/* What is scanned while nothing has the focus goes to the field that waits for it, and means no shortcut. */
document.addEventListener(
  "keydown",
  (event) => {
    const field = document.querySelector("[data-scan] input[name=code]");
    if (!field || event.target !== document.body || event.key.length !== 1) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    field.focus();
  },
  true,
);

/* A scan is counted without loading the page anew, one after the other, so that a quick hand loses none. */
let scans = Promise.resolve();
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-scan]")) return;
  event.preventDefault();
  const field = event.target.elements.code;
  const code = field.value;
  field.value = "";
  scans = scans.then(() => count(code));
});

function tell(sentence) {
  const said = document.querySelector(".scan-said");
  said.className = "scan-said scan-bad";
  said.textContent = sentence;
}

async function count(code) {
  const form = document.querySelector("[data-scan]");
  if (!form) {
    tell(`${code}: not counted, nothing of this order is left to pack. Put it back.`);
    return;
  }
  const body = new FormData(form);
  body.set("code", code);
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body });
  } catch {
    tell(`${code}: not counted, the server cannot be reached. Scan it once more.`);
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("packing");
  if (answer.redirected || !fresh) {
    window.location.assign(answer.redirected ? answer.url : window.location.href);
    return;
  }
  const typed = form.elements.code.value;
  document.getElementById("packing").replaceWith(fresh);
  const field = fresh.querySelector("[autofocus]");
  if (field) {
    if (field.name === "code") field.value = typed;
    field.focus();
  }
}

// The documentation of the API: Swagger UI over our own OpenAPI document.
const place = document.getElementById("api");
const ofOffice = (tag) => tag.startsWith("Back office");
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null,
  tagsSorter: (one, other) => ofOffice(one) - ofOffice(other) || one.localeCompare(other),
});

/* It has a dark theme of its own, under a class of its own. */
const root = document.documentElement;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => {
  const theme = root.dataset.theme;
  root.classList.toggle("dark-mode", theme === "dark" || (theme !== "light" && dark.matches));
};
new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
dark.addEventListener("change", follow);
follow();

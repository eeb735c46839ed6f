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

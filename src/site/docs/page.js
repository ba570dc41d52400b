/** The reference page: Swagger UI over this server's own document. Keys that are pasted stay in the page's memory. */
globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayOperationId: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  // Nobody else is asked: no badge of a validator, no stored keys.
  validatorUrl: null,
  persistAuthorization: false,
});

// Calls every function of the published SDK about what is offered here; writes what became of each as JSON.
import sdk from "@voucherify/sdk";

const { URL: apiUrl, APP_ID: applicationId, TOKEN: secretKey } = process.env;
const client = sdk.VoucherifyServerSide({ apiUrl, applicationId, secretKey });
const found = {};

async function call(name, work) {
  try {
    const answer = await work();
    found[name] = { answer: answer ?? null };
    return answer;
  } catch (error) {
    found[name] = { code: error.code, key: error.key, details: error.details ?? String(error) };
    return {};
  }
}

const order = { source_id: "js-1", status: "PAID", items: [{ source_id: "MUG", quantity: 2, price: 1000 }] };
const made = await call("orders.create", () => client.orders.create({ ...order, customer: { source_id: "jana" } }));
await call("orders.get", () => client.orders.get(made.id));
await call("orders.list", () => client.orders.list({ limit: 5, page: 1 }));
await call("orders.update", () => client.orders.update({ id: made.id, status: "FULFILLED" }));
const exported = await call("exports.create", () =>
  client.distributions.exports.create({ exported_object: "order", parameters: { fields: ["id", "status"] } }),
);
await call("exports.list", () => client.distributions.exports.list({ limit: 5 }));
await call("exports.get", () => client.distributions.exports.get(exported.id));
await call("exports.delete", () => client.distributions.exports.delete(exported.id));

await call("customers.create", () => client.customers.create({ source_id: "js-c", name: "Ana Lind" }));
await call("customers.get", () => client.customers.get("jana"));
await call("customers.list", () => client.customers.list({ limit: 5 }));
await call("customers.scroll", async () => {
  const rows = [];
  for await (const each of client.customers.scroll({ limit: 1 })) rows.push(each.id);
  return rows;
});
await call("customers.update", () => client.customers.update({ source_id: "js-c", name: "Ana" }));
await call("customers.updateConsents", () => client.customers.updateConsents("js-c", {}));
await call("customers.importCSV", () => client.customers.importCSV(process.env.CSV));
await call("customers.listRedeemables", () => client.customers.listRedeemables("jana"));
await call("customers.listActivity", () => client.customers.listActivity("jana"));
await call("customers.listActivities", () => client.customers.listActivities("jana"));
await call("customers.delete", () => client.customers.delete("js-c"));
await client.customers.create({ source_id: "js-d" });
await call("customers.deletePermanently", () => client.customers.deletePermanently("js-d"));

await call("products.create", () => client.products.create({ source_id: "js-p", name: "Tea", price: 900 }));
await call("products.get", () => client.products.get("js-p"));
await call("products.list", () => client.products.list({ limit: 5 }));
await call("products.update", () => client.products.update({ source_id: "js-p", price: 950 }));
await call("products.createSku", () => client.products.createSku("js-p", { source_id: "js-s", sku: "Tea 250 g" }));
await call("products.getSku", () => client.products.getSku("js-s"));
await call("products.listSkus", () => client.products.listSkus("js-p"));
await call("products.updateSku", () => client.products.updateSku("js-p", { source_id: "js-s", price: 5 }));
await call("products.deleteSku", () => client.products.deleteSku("js-p", "js-s"));
await call("products.importCSV", () => client.products.importCSV(process.env.CSV));
await call("products.importSkusCSV", () => client.products.importSkusCSV(process.env.CSV));
await call("products.delete", () => client.products.delete("js-p"));

const segment = await call("segments.create", () =>
  client.segments.create({ name: "JavaScript", type: "static", customers: [] }),
);
await call("segments.list", () => client.segments.list("jana"));
await call("segments.get", () => client.segments.get(segment.id));
await call("segments.delete", () => client.segments.delete(segment.id));

// Last, for nobody works it off: while it waits, customers are not deleted for good.
const imported = await call("orders.import", () => client.orders.import([{ source_id: "js-2", amount: 500 }]));
await call("asyncActions.list", () => client.asyncActions.list({ limit: 5 }));
await call("asyncActions.get", () => client.asyncActions.get(imported.async_action_id));

await call("customers.updateInBulk", () => client.customers.updateInBulk([{ source_id: "js-c", phone: "+46 70" }]));
await call("customers.updateMetadataInBulk", () =>
  client.customers.updateMetadataInBulk({ source_ids: ["js-c"], metadata: { tier: "gold" } }),
);
await call("products.bulkUpdate", () => client.products.bulkUpdate([{ source_id: "js-p", price: 960 }]));
await call("products.bulkUpdateMetadata", () =>
  client.products.bulkUpdateMetadata({ source_ids: ["js-p"], metadata: { bio: true } }),
);

// None is left out: what the SDK has beside these is told too.
for (const [name, part] of Object.entries({ ...client, exports: client.distributions.exports })) {
  if (!["orders", "asyncActions", "exports", "customers", "products", "segments"].includes(name)) continue;
  for (const each of Object.getOwnPropertyNames(Object.getPrototypeOf(part))) {
    if (each !== "constructor") found[`${name}.${each}`] ??= { details: "not called" };
  }
}
console.log(JSON.stringify(found));

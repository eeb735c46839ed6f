// Ten calls with the types that openapi-typescript makes of the document; writes their statuses as JSON.
import createClient from "openapi-fetch";
import type { paths } from "./openapi.js";

const client = createClient<paths>({
  baseUrl: process.env.URL ?? "",
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
});
const found: Record<string, number> = {};
const note = (name: string, answer: { response: Response }) => {
  found[name] = answer.response.status;
};

const made = await client.POST("/v1/orders", {
  body: { source_id: "ts-1", status: "PAID", items: [{ source_id: "MUG", quantity: 2, price: 1000 }] },
});
note("create", made);
const total: number | undefined = made.data?.total_amount;
if (total !== 2000) throw new Error(`total_amount is ${total}`);
note("list", await client.GET("/v1/orders", { params: { query: { limit: 5, order: "-created_at" } } }));
const one = { params: { path: { order_id: made.data?.id ?? "" } } };
note("read", await client.GET("/v1/orders/{order_id}", one));
note("change", await client.PUT("/v1/orders/{order_id}", { ...one, body: { metadata: { gift: true } } }));
note("import", await client.POST("/v1/orders/import", { body: [{ source_id: "ts-2", amount: 500 }] }));
const actions = await client.GET("/v1/async-actions", { params: { query: { limit: 1 } } });
note("actions", actions);
const action_id = actions.data?.async_actions[0]?.id ?? "";
note("action", await client.GET("/v1/async-actions/{action_id}", { params: { path: { action_id } } }));
const exported = await client.POST("/v1/orders/export", { body: { parameters: { fields: ["id"] } } });
note("export", exported);
const export_id = exported.data?.id ?? "";
note("exported", await client.GET("/v1/exports/{export_id}", { params: { path: { export_id } } }));
const office = await client.GET("/back-office/v1/orders", { params: { query: { limit: 1 } } });
note("office", office);
const cursor: string | null | undefined = office.data?.next;
if (cursor === undefined) throw new Error("no cursor");

console.log(JSON.stringify(found));

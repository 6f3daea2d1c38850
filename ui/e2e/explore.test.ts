// Explore beyond the form: text, facets, heat map, files, live.
import { writeFileSync } from "node:fs";
import { expect, test } from "./watched";
import { CARTS, CHECKOUT } from "./spans";
import { PLAIN, PREFIXED } from "./servers";

const total = (page: import("@playwright/test").Page) => page.getByRole("heading", { level: 1 });
const text = (page: import("@playwright/test").Page) => page.getByRole("combobox", { name: "Search text" });

test("the form writes the text, and the text fills the form", async ({ page }) => {
  await page.goto("/search?service=frontend&minDuration=400ms&tags=%7B%22http.request.method%22%3A%22POST%22%7D");
  await expect(text(page)).toHaveValue("service = frontend and duration >= 400ms and http.request.method = POST");
  await expect(total(page)).toHaveText("1 trace");
  await text(page).fill("service = cart and cart.items >= 40 and not name = \"GET /cart\"");
  await page.keyboard.press("Enter");
  await expect(total(page)).toHaveText("3 traces");
  await expect(page.locator("select[name=service]")).toHaveValue("cart");
  await page.reload();
  await expect(text(page)).toHaveValue("service = cart and cart.items >= 40 and not name = \"GET /cart\"");
  await expect(total(page)).toHaveText("3 traces");
});

test("conditions on different spans and on the whole trace", async ({ page }) => {
  await page.goto(`/search?q=${encodeURIComponent("{ service = payment } and { service = stock } and trace.spans = 5")}`);
  await expect(total(page)).toHaveText("1 trace");
  await page.goto(`/search?q=${encodeURIComponent("service = payment and service = stock")}`);
  await expect(page.getByRole("status")).toContainText("No trace matches.");
});

test("names and values are completed from what is stored", async ({ page }) => {
  await page.goto("/search");
  await text(page).pressSequentially("serv");
  await page.locator("#query-offers").getByText("service", { exact: true }).click();
  await text(page).pressSequentially("= pay");
  await expect(page.locator("#query-offers").getByText("payment")).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(text(page)).toHaveValue("service = payment ");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/service=payment/);
  await expect(total(page)).toHaveText("1 trace");
});

test("a mistake in the text is named and nothing is asked", async ({ page }) => {
  await page.goto("/search");
  await text(page).fill("duration > soon");
  await expect(page.getByRole("alert")).toContainText("Not a duration like 500ms or 1.5s: soon");
  await expect(page.getByRole("button", { name: "Search", exact: true })).toBeDisabled();
});

test("a facet narrows the search to what it counted, and lets go again", async ({ page }) => {
  await page.goto("/search");
  const facet = page.getByRole("region", { name: "Services" }).getByRole("button", { name: "cart" });
  await expect(facet).toContainText(String(CARTS));
  await facet.click();
  await expect(total(page)).toHaveText(`${CARTS} traces`);
  await page.getByRole("region", { name: "Root operations" }).getByRole("button", { name: "POST /cart" }).click();
  await expect(total(page)).toHaveText(`${Math.ceil(CARTS / 2)} traces`);
  await page.getByRole("region", { name: "Services" }).getByRole("button", { name: "cart", pressed: true }).click();
  await page.getByRole("region", { name: "Root operations" }).getByRole("button", { name: "POST /cart", pressed: true }).click();
  await expect(total(page)).toHaveText(`${CARTS + 4} traces`);
});

test("any attribute is counted, and stays in the address", async ({ page }) => {
  await page.goto("/search?service=cart");
  await page.getByLabel("Count by attribute").fill("cart.items");
  await page.keyboard.press("Enter");
  const region = page.getByRole("region", { name: "cart.items" });
  await expect(region.getByRole("button", { name: "1" }).first()).toBeVisible();
  await page.reload();
  await expect(region).toContainText(String(CARTS));
  await region.getByRole("button", { name: "Stop counting" }).click();
  await expect(region).toHaveCount(0);
});

test("a box in the heat map is searched", async ({ page }) => {
  await page.goto("/search");
  const map = page.getByRole("img", { name: `${CARTS + 4} traces by time and duration` });
  await expect.poll(async () => (await map.boundingBox())!.width).toBeGreaterThan(600); // As wide as its place.
  const { x, y, width, height } = (await map.boundingBox())!;
  await page.mouse.move(x + 60, y + 4);
  await page.mouse.down();
  await page.mouse.move(x + width - 4, y + height * 0.4, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/lookback=custom/);
  await expect(text(page)).toHaveValue(/trace\.duration >= [\d.]+us/);
  await expect(page.locator(".trace-row").first()).toContainText("nightly run");
});

test("points show the listed traces, and open them", async ({ page }) => {
  await page.goto("/search?service=payment&chart=scatter");
  const plot = page.getByRole("img", { name: "1 traces by time and duration" });
  await expect.poll(async () => (await plot.boundingBox())!.width).toBeGreaterThan(600);
  const { x, y, width, height } = (await plot.boundingBox())!;
  await page.mouse.move(x + 52 + (width - 52) * 0.03, y + (height - 18) / 2);
  await expect(page.locator(".tip")).toContainText("POST /checkout");
  await page.mouse.down();
  await page.mouse.up();
  await expect(page).toHaveURL(new RegExp(CHECKOUT));
});

test("a file is opened, looked at, and not stored; a wrong one is refused", async ({ page, expectedFailures }, info) => {
  expectedFailures.push({ status: 400 });
  const file = info.outputPath("trace.json");
  const id = "5555000000000000000000000000beef";
  writeFileSync(file, JSON.stringify({ data: [{ traceID: id, processes: { p1: { serviceName: "from-a-file", tags: [] } }, spans: [{ traceID: id, spanID: "00000000000000aa", operationName: "read me", references: [], startTime: 1_700_000_000_000_000, duration: 1500, tags: [], logs: [], processID: "p1" }] }] }));
  await page.goto("/search");
  await page.getByLabel("Open a file").setInputFiles(file);
  await expect(page).toHaveURL(/upload=/);
  await expect(page.locator(".trace-row")).toHaveCount(1);
  await expect(page.locator(".trace-row")).toContainText("read me");
  await page.locator(".trace-row").click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("read me");
  const services = (await (await page.request.get(`${PLAIN.api}/api/services`)).json()) as { data: string[] };
  expect(services.data).not.toContain("from-a-file");
  const wrong = info.outputPath("wrong.json");
  writeFileSync(wrong, "this is no trace");
  await page.goto("/search");
  await page.getByLabel("Open a file").setInputFiles(wrong);
  await expect(page.getByRole("alert")).toContainText("wrong.json cannot be read");
});

for (const format of ["jaeger", "otlp", "zipkin"]) {
  test(`what was downloaded as ${format} is opened again, and is the same`, async ({ page }, info) => {
    const file = info.outputPath(`${format}.json`);
    const answer = await page.request.get(`${PLAIN.api}/api/lymer/v1/traces/${CHECKOUT}?format=${format}&download=true`);
    writeFileSync(file, await answer.body());
    await page.goto("/search");
    await page.getByLabel("Open a file").setInputFiles(file);
    await expect(page).toHaveURL(/upload=/);
    await page.locator(".trace-row").click();
    await expect(page.locator(".row:not([hidden]) .operation")).toHaveText(["POST /checkout", "place order", "charge", "reserve", "SELECT stock"]);
    await page.locator(".row", { hasText: "charge" }).click();
    await expect(page.locator(".details")).toContainText("payment.amount");
  });
}

test("what was found is downloaded as one file", async ({ page }) => {
  await page.goto("/search?service=payment");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { traceID: string; spans: unknown[] }[] };
  expect(data.map(({ traceID, spans }) => [traceID, spans.length])).toEqual([[CHECKOUT, 5]]);
});

// On the other server: what is sent here would be counted by the tests of the search.
test("live, new traces that the text asks for come by themselves until it is paused", async ({ page }) => {
  await page.goto(`${PREFIXED.api}/search?live=1`);
  await text(page).fill('service = live-shop and name != "not asked for"');
  await text(page).press("Enter");
  await expect(page).toHaveURL(/live=1/);
  await expect(page.getByText("Waiting for traces.")).toBeVisible();
  await send("not asked for", 0);
  await send("first", 1);
  await expect(page.locator(".trace-row")).toHaveText(/first/);
  await page.getByRole("button", { name: "Pause" }).click();
  await send("second", 2);
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.locator(".trace-row")).toHaveCount(2);
  await expect(page.locator(".trace-row").first()).toContainText("second");
  await page.getByRole("button", { name: "Back to the search" }).click();
  await expect(total(page)).toHaveText("2 traces");
});

test("an empty store says how to send the first span, and loads demo traffic", async ({ page }) => {
  let begun = false;
  await page.route("**/api/services", (route) => (begun ? route.continue() : route.fulfill({ json: { data: [], errors: null } })));
  await page.route("**/api/lymer/v1/traces", (route) => (begun ? route.continue() : route.fulfill({ json: { traces: [], cursor: null, total: 0 } })));
  await page.route("**/api/lymer/v1/demo", (route) => {
    begun = route.request().method() === "POST";
    return begun ? route.fulfill({ status: 202 }) : route.fulfill({ json: { isAvailable: true, isRunning: false } });
  });
  await page.goto("/search");
  await expect(total(page)).toHaveText("No spans have arrived yet.");
  for (const [way, sign] of [["Go", "otlptracehttp"], ["Java", "-javaagent"], ["Node", "npm install"], ["curl", "/v1/traces"], ["Python", "opentelemetry-instrument"]] as const) {
    await page.getByRole("tab", { name: way }).click();
    await expect(page.getByRole("tabpanel")).toContainText(sign);
  }
  await page.getByRole("button", { name: "Load demo traffic" }).click();
  await expect(page.locator(".trace-row")).toHaveCount(20);
});

async function send(name: string, number: number): Promise<void> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const id = `${Date.now().toString(16)}${number}`.padStart(32, "1");
  const span = { traceId: id, spanId: "00000000000000ff", name, kind: 1, startTimeUnixNano: String(now - 5_000_000n), endTimeUnixNano: String(now) };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "live-shop" } }] };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
  const answer = await fetch(PREFIXED.otlp, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  expect(answer.ok).toBe(true);
}

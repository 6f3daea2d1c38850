// One trace, read with mouse and keyboard.
import type { Page } from "@playwright/test";
import { expect, test } from "./watched";
import { CHECKOUT, INCOMPLETE, LARGE, LARGE_SPANS, spanId } from "./spans";

const rows = ".row:not([hidden])";
const at = (page: Page, index: number) => page.locator(`.row[aria-rowindex="${index + 1}"]:not([hidden])`);

test("the waterfall shows the spans in pre-order", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await expect(page.locator(`${rows} .operation`)).toHaveText(["POST /checkout", "place order", "charge", "reserve", "SELECT stock"]);
  await expect(at(page, 0)).toContainText("420 ms");
  await expect(at(page, 2).locator(".failed")).toBeVisible();
  await expect(page).toHaveTitle(/frontend: POST \/checkout/);
});

test("a span tells its attributes, resource, events, exception and links", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await at(page, 2).click();
  const details = page.locator(".details");
  await expect(details).toContainText("payment.amount");
  await expect(details).toContainText("1999");
  await expect(details.locator(".exception")).toContainText("CardExpired card expired in 2019");
  await details.locator("summary", { hasText: "Resource" }).click();
  await expect(details).toContainText("payment-1");
  await details.locator("summary", { hasText: "Raw JSON" }).click();
  await expect(details.locator("pre").last()).toContainText('"statusMessage": "card expired"');
  await at(page, 3).click();
  await details.locator("li a").click();
  await expect(page).toHaveURL(new RegExp(`/trace/${INCOMPLETE}\\?.*uiFind=${spanId(1)}`));
  await expect(page.getByRole("heading", { level: 1 })).toContainText("late delivery");
});

test("the keyboard walks, folds, finds errors and closes", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await at(page, 4).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator('[aria-selected="true"]')).toContainText("place order");
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(rows)).toHaveCount(2);
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(rows)).toHaveCount(5);
  await page.keyboard.press("e");
  await expect(page.locator('[aria-selected="true"]')).toContainText("charge");
  await page.keyboard.press("Escape");
  await expect(page.locator(".details")).toHaveCount(0);
});

test("levels fold by keys, and a folded row tells what it hides", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await at(page, 4).waitFor();
  await page.keyboard.press("p");
  await expect(page.locator(rows)).toHaveCount(4);
  await expect(at(page, 3)).toContainText("+1");
  await page.keyboard.press("]");
  await expect(page.locator(rows)).toHaveCount(1);
  await page.keyboard.press("[");
  await expect(page.locator(rows)).toHaveCount(5);
});

test("ten thousand spans are a few rows in the page, to the last one", async ({ page }) => {
  await page.goto(`/trace/${LARGE}?merge=0`);
  const grid = page.getByRole("treegrid");
  await expect(grid).toHaveAttribute("aria-rowcount", String(LARGE_SPANS));
  expect(await page.locator(".row").count()).toBeLessThan(60);
  await page.locator(".why").waitFor(); // It takes some of the rows' room.
  await grid.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await expect(at(page, LARGE_SPANS - 1)).toBeInViewport();
  expect(await page.locator(".row").count()).toBeLessThan(60);
});

test("a link to a span opens the trace at the span, as Jaeger's links do", async ({ page }) => {
  for (const parameter of ["uiFind", "span"]) {
    await page.goto(`/trace/${LARGE}?${parameter}=${spanId(9_000)}`);
    await expect(page.locator('[aria-selected="true"]')).toContainText("step 9000");
    await expect(page.locator('[aria-selected="true"]')).toBeInViewport();
    await expect(page.locator(".details")).toContainText(spanId(9_000));
  }
});

test("what is found is counted, marked and in the address", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await page.getByRole("searchbox").fill("stock");
  await expect(page.locator(".tools output")).toHaveText("2 of 5");
  await expect(page.locator("[data-matched]")).toHaveCount(2);
  await expect(page).toHaveURL(/uiFind=stock/);
  await page.getByRole("button", { name: "Hide others" }).click();
  await expect(page.locator(`${rows} .operation`)).toHaveText(["POST /checkout", "place order", "reserve", "SELECT stock"]);
});

test("all that was set is in the address and there again after a reload", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await at(page, 3).locator(".fold").click();
  await at(page, 2).click();
  await page.getByRole("button", { name: "Errors", exact: true }).click();
  await page.locator("summary", { hasText: "Services" }).click();
  await page.getByLabel("payment").check();
  const overview = (await page.locator(".overview").boundingBox())!;
  await page.mouse.move(overview.x + overview.width * 0.25, overview.y + 20);
  await page.mouse.down();
  await page.mouse.move(overview.x + overview.width * 0.75, overview.y + 20, { steps: 3 });
  await page.mouse.up();
  await expect(page).toHaveURL(/zoom=10\d+-31\d+/);
  await expect(page).toHaveURL(/errors=1/);
  await expect(page).toHaveURL(/only=payment/);
  await expect(page).toHaveURL(new RegExp(`span=${spanId(3)}`));
  await page.reload();
  await expect(page.locator(rows)).toHaveCount(4);
  await expect(page.locator(".tools output")).toHaveText("1 of 5");
  await expect(page.locator('[aria-selected="true"]')).toContainText("charge");
  await expect(page.locator(".overview .window")).toHaveText("210 ms");
});

test("a service filter from Jaeger's page is understood", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}?svcFilter=${serviceFilter(["checkout", "frontend", "payment", "stock"], 0b1000)}`);
  await expect(page.locator(".tools output")).toHaveText("2 of 5");
});

test("every view shows the trace, and leads to its spans", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await at(page, 4).waitFor();
  await page.keyboard.press("2");
  await expect(page.locator(".heaviest tbody tr")).toHaveCount(5);
  await page.keyboard.press("3");
  await expect(page.locator(".graph .node")).toHaveCount(5);
  await page.locator(".graph .node", { hasText: "charge" }).click();
  await expect(page.locator(".details")).toContainText("payment.amount");
  await page.keyboard.press("4");
  await expect(page.locator(".statistics tbody tr")).toHaveCount(4);
  await page.getByLabel("Group by").selectOption("payment.amount");
  await expect(page.locator(".statistics tbody tr", { hasText: "1999" })).toBeVisible();
  await page.getByLabel("Group by").selectOption("service");
  await page.locator(".statistics tbody button", { hasText: "stock" }).click();
  await expect(page).toHaveURL(/only=stock/);
  await expect(page.locator("[data-matched]")).toHaveCount(2);
  await page.getByRole("button", { name: "Clear" }).click();
  await page.keyboard.press("5");
  await expect(page.locator(".list-row")).toHaveCount(5);
  await page.locator('[role="columnheader"]', { hasText: "Operation" }).getByRole("button").click();
  await expect(page.locator(".list-row .name").first()).toHaveText("POST /checkout");
  await page.keyboard.press("6");
  await expect(page.locator(".list-row")).toContainText("exception.type=CardExpired");
  await expect(page).toHaveURL(/view=events/);
});

test("why the trace failed is said, and leads to the row", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  const box = page.getByRole("region", { name: "Why failed" });
  await expect(box).toContainText("CardExpired card expired in 2019"); // Below a span that hid the error.
  await box.getByRole("button", { name: "payment charge" }).click();
  await expect(page.locator('[aria-selected="true"]')).toContainText("charge");
  await expect(page.getByRole("region", { name: "Why slow" })).toContainText("payment");
  await box.getByRole("link", { name: "Traces with the same error" }).click();
  await expect(page.locator(".trace-row")).toHaveCount(1);
  await expect(page.locator(".trace-row")).toContainText("POST /checkout");
});

test("on paper the trace stands with its rows, without what can only be clicked", async ({ page }, info) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await at(page, 4).waitFor();
  await page.emulateMedia({ media: "print" });
  await expect(at(page, 4)).toBeVisible();
  for (const hidden of [".frame", ".tools", ".trace .actions"]) await expect(page.locator(hidden)).toBeHidden();
  expect(await page.locator(".rows").evaluate((element) => element.clientHeight)).toBeGreaterThanOrEqual(5 * 28);
  await page.screenshot({ path: info.outputPath("print.png"), fullPage: true });
});

test("embedded, the page shows the trace alone", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}?uiEmbed=v0&uiTimelineCollapseTitle=1&uiTimelineHideMinimap=1&uiTheme=dark`);
  await expect(page.locator(rows)).toHaveCount(5);
  for (const hidden of [".frame", ".trace-head", ".overview", ".why"]) await expect(page.locator(hidden)).toHaveCount(0);
});

test("a parent that never came has a line of its own, which folds, is walked to, and opens for what is looked for", async ({ page }) => {
  await page.goto(`/trace/${INCOMPLETE}`);
  await expect(page.locator(".trace-head")).toContainText("unknown parent");
  await expect(page.locator(".facts")).toContainText("Spans1");
  const missing = page.locator(".row[data-missing]");
  await expect(missing).toContainText(`1 span with the unknown parent ${spanId(99)}`);
  await expect(at(page, 1)).toHaveAttribute("aria-level", "2");
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("End");
  await expect(page.locator(".details")).toContainText("late delivery");
  await page.keyboard.press("ArrowLeft");
  await expect(missing).toHaveAttribute("aria-selected", "true");
  await expect(page.locator(".details")).toHaveCount(0);
  await page.keyboard.press("ArrowLeft");
  await expect(missing).toHaveAttribute("aria-expanded", "false");
  await expect(page.locator(rows)).toHaveCount(1);
  await expect(page).toHaveURL(/turned=-/);
  await page.reload();
  await expect(page.locator(rows)).toHaveCount(1);
  await page.getByRole("searchbox").fill("late delivery");
  await expect(page.locator(".tools output")).toHaveText("1 of 1");
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("n");
  await expect(page.locator(".row:not([hidden])", { hasText: "late delivery" })).toHaveAttribute("aria-selected", "true");
});

test("short ids and capitals open the same trace, at its own address", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => request.url().includes("/skeleton") && asked.push(request.url()));
  await page.goto("/trace/ABCD");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("late delivery");
  await expect(page).toHaveURL(new RegExp(`/trace/${INCOMPLETE}$`));
  expect(asked).toHaveLength(1);
});

test("an unknown trace says why it may be so", async ({ page, expectedFailures }) => {
  expectedFailures.push({ status: 404 });
  await page.goto("/trace/123456");
  await expect(page.getByRole("status")).toContainText("no trace with this id");
});

test("a server that fails is told, and asked again", async ({ page, expectedFailures }) => {
  expectedFailures.push({ status: 503 });
  await page.route("**/skeleton*", (route) => route.fulfill({ status: 503, json: { error: { status: 503, message: "too busy" } } }), { times: 1 });
  await page.goto(`/trace/${CHECKOUT}`);
  await expect(page.getByRole("status")).toContainText("too busy");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator(rows)).toHaveCount(5);
});

/** What Jaeger's page writes for services that are shown: bits over their sorted names. */
function serviceFilter(names: readonly string[], bits: number): string {
  let hash = 0x811c;
  for (const char of names.join("\0")) hash = Math.imul(hash ^ char.charCodeAt(0), 0x0101) & 0xffff;
  return `${hash.toString(16).padStart(4, "0")}.${bits.toString(16)}`;
}

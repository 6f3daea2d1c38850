// One trace, read with mouse and keyboard.
import { expect, test } from "./watched";
import { CHECKOUT, INCOMPLETE, LARGE, LARGE_SPANS, spanId } from "./spans";

const rows = ".row";

test("the waterfall shows the spans in pre-order", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await expect(page.locator(`${rows} .operation`)).toHaveText(["POST /checkout", "place order", "charge", "reserve", "SELECT stock"]);
  await expect(page.locator(rows).first()).toContainText("420 ms");
  await expect(page.locator(rows).nth(2).locator(".failed")).toBeVisible();
  await expect(page).toHaveTitle(/frontend: POST \/checkout/);
});

test("a span tells its attributes, resource, events and links", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await page.locator(rows).nth(2).click();
  const details = page.locator(".details");
  await expect(details).toContainText("payment.amount");
  await expect(details).toContainText("1999");
  await expect(details).toContainText("card expired in 2019");
  await details.getByText("Resource").click();
  await expect(details).toContainText("payment-1");
  await page.locator(rows).nth(3).click();
  await details.getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`/trace/0*${INCOMPLETE.replace(/^0+/, "")}\\?uiFind=${spanId(1)}`));
  await expect(page.getByRole("heading", { level: 1 })).toContainText("late delivery");
});

test("the keyboard walks, folds and closes", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator('[aria-selected="true"]')).toContainText("place order");
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(rows)).toHaveCount(2);
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(rows)).toHaveCount(5);
  await page.keyboard.press("Escape");
  await expect(page.locator(".details")).toHaveCount(0);
});

test("ten thousand spans are a few rows in the page, to the last one", async ({ page }) => {
  await page.goto(`/trace/${LARGE}`);
  const grid = page.getByRole("treegrid");
  await expect(grid).toHaveAttribute("aria-rowcount", String(LARGE_SPANS));
  expect(await page.locator(rows).count()).toBeLessThan(60);
  await grid.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await expect(page.locator(`${rows}[aria-rowindex="${LARGE_SPANS}"]`)).toBeVisible();
  expect(await page.locator(rows).count()).toBeLessThan(60);
});

test("a link to a span opens the trace at the span", async ({ page }) => {
  await page.goto(`/trace/${LARGE}?uiFind=${spanId(9_000)}`);
  await expect(page.locator('[aria-selected="true"]')).toContainText("step 9000");
  await expect(page.locator(".details")).toContainText(spanId(9_000));
});

test("what is found is counted, marked and in the address", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}`);
  await page.getByRole("searchbox").fill("stock");
  await expect(page.locator(".tools output")).toHaveText("2 of 5");
  await expect(page.locator("[data-matched]")).toHaveCount(2);
  await expect(page).toHaveURL(/uiFind=stock/);
});

test("an orphan is shown and said", async ({ page }) => {
  await page.goto(`/trace/${INCOMPLETE}`);
  await expect(page.locator(".trace-head")).toContainText("unknown parent");
});

test("short ids and capitals open the same trace", async ({ page }) => {
  await page.goto("/trace/ABCD");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("late delivery");
});

test("an unknown trace says why it may be so", async ({ page, expectedFailures }) => {
  expectedFailures.push({ status: 404 });
  await page.goto("/trace/123456");
  await expect(page.getByRole("status")).toContainText("no trace with this id");
});

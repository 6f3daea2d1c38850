// The map and the services page.
import { graph } from "../bench/answers";
import { expect, test } from "./watched";

test("the map shows who calls whom, and a service in the middle keeps its neighbours", async ({ page }) => {
  await page.goto("/dependencies");
  await expect(page.locator(".node")).not.toHaveCount(0);
  await expect(page.locator(".edge title", { hasText: "checkout → payment" })).toHaveCount(1);
  await page.locator(".node", { hasText: "payment" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/service=payment/);
  await page.getByLabel("Steps away").selectOption("1");
  await expect(page.locator(".node")).toHaveCount(2);
  await page.goBack();
  await expect(page.locator(".node")).not.toHaveCount(2);
});

test("the table says the same, is sorted, and leads to the traces", async ({ page }) => {
  await page.goto("/dependencies?uiFind=payment");
  const row = page.locator(".numbers tbody tr");
  await expect(row).toHaveCount(1);
  await expect(row).toContainText("260 ms");
  await expect(row).toContainText("100%");
  await page.getByRole("button", { name: "p99" }).click();
  await expect(page.getByRole("columnheader", { name: "p99" })).toHaveAttribute("aria-sort", "descending");
  await expect(page).toHaveURL(/sort=-p99Nano/);
  await row.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 trace");
});

test("a time without calls says so", async ({ page }) => {
  await page.goto("/dependencies?start=1000000&end=2000000");
  await expect(page.getByRole("status")).toContainText("Nobody called anybody");
});

test("services have their figures, operations theirs, and the traces are one step away", async ({ page }) => {
  await page.goto("/monitor");
  const cart = page.locator(".figures tbody tr", { hasText: "cart" });
  await expect(cart).toContainText("45/h");
  await cart.getByRole("link", { name: "cart", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Operations of cart");
  await expect(page.getByRole("img", { name: /^Latency: p50/ })).toBeVisible();
  await expect(page.locator(".figures tbody tr")).toHaveCount(2);
  await page.locator(".figures tbody tr", { hasText: "POST /cart" }).getByRole("link", { name: "POST /cart", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("23 traces");
});

test("Jaeger's address of a service's figures works", async ({ page }) => {
  await page.goto("/monitor?service=cart&spanKind=server&timeframe=3600000");
  await expect(page.locator(".figures tbody tr")).toHaveCount(2);
  await expect(page.getByLabel("Spans of kind")).toHaveValue("server");
  await expect(page.getByLabel("Time range")).toHaveValue("1h");
});

test("of hundreds of services each is said by the pointer, and by its own words once one is near", async ({ page }) => {
  await page.route("**/api/lymer/v1/graph?**", (route) => route.fulfill({ json: graph(300, 443) }));
  await page.goto("/dependencies");
  await expect(page.locator(".node")).toHaveCount(300);
  await expect(page.locator(".map-drawing text")).toHaveCount(0);
  await page.locator(".node").nth(150).hover();
  await expect(page.locator("svg > title").first()).toHaveText(/^service-\d+/);
  for (let step = 0; step < 12; step++) await page.getByRole("button", { name: "Closer" }).click();
  await expect(page.locator(".map-drawing .node text").first()).toHaveText(/^service-\d+/);
  expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(2_000);
  await page.locator(".node:not(.small)").first().focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/service=service-/);
});

// Searching, as a person does it.
import { expect, test } from "./watched";
import { CARTS, CHECKOUT, HOSTILE } from "./spans";

test("the first page is a search of the last hour, newest first, with an exact total", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/search$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${CARTS + 4} traces`);
  await expect(page.locator(".trace-row")).toHaveCount(20);
  await expect(page.locator(".trace-row").first()).toContainText("<b>evil</b>");
  await expect(page.locator(".trace-row").nth(1)).toContainText("POST /checkout");
});

test("more traces come by the cursor until all are there, none twice", async ({ page }) => {
  await page.goto("/search?service=cart");
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(page.locator(".trace-row")).toHaveCount(40);
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(page.locator(".trace-row")).toHaveCount(CARTS);
  await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);
  const links = await page.locator(".trace-row").evaluateAll((rows) => rows.map((row) => row.getAttribute("href")));
  expect(new Set(links).size).toBe(CARTS);
});

test("the form becomes the address, and the address the form", async ({ page }) => {
  await page.goto("/search");
  await page.locator("select[name=service]").selectOption("frontend");
  await page.locator("select[name=operation]").selectOption("POST /checkout");
  await page.locator("input[name=tags]").fill("error=true http.response.status_code=500");
  await page.getByLabel("At least").fill("400ms");
  await page.getByRole("button", { name: "Find traces" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 trace");
  const params = new URL(page.url()).searchParams;
  expect(params.get("service")).toBe("frontend");
  expect(JSON.parse(params.get("tags")!)).toEqual({ error: "true", "http.response.status_code": "500" });
  await page.reload();
  await expect(page.locator("select[name=operation]")).toHaveValue("POST /checkout");
  await expect(page.getByLabel("At least")).toHaveValue("400ms");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 trace");
  await page.goBack();
  await expect(page.locator("select[name=service]")).toHaveValue("");
});

test("an order is kept over pages", async ({ page }) => {
  await page.goto("/search?service=cart&order=longest&limit=10");
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(page.locator(".trace-row")).toHaveCount(20);
  const lengths = await page.locator(".trace-row .length").allTextContents();
  expect(lengths).toEqual(Array.from({ length: 20 }, (_, index) => `${10 + CARTS - 1 - index} ms`));
});

test("a mistake in the form is named and nothing is asked", async ({ page }) => {
  await page.goto("/search");
  await page.getByLabel("At most").fill("soon");
  await expect(page.getByRole("alert")).toContainText("Write a duration");
  await expect(page.getByRole("button", { name: "Find traces" })).toBeDisabled();
});

test("links that Jaeger's page made are understood", async ({ page }) => {
  const now = Date.now() * 1000;
  await page.goto(`/search?end=${now}&limit=20&lookback=1h&maxDuration&minDuration&service=payment&start=${now - 3.6e9}&tags=%7B%22error%22%3A%22true%22%7D`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 trace");
  await page.goto("/search?service=payment&tag=error:true&lookback=2d");
  await expect(page.locator("input[name=tags]")).toHaveValue("error=true");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 trace");
});

test("nothing found says what to do", async ({ page }) => {
  await page.goto("/search?service=cart&minDuration=1h");
  await expect(page.getByRole("status")).toContainText("No trace matches.");
});

test("a trace is opened by its id from anywhere", async ({ page }) => {
  await page.goto("/search");
  await page.getByLabel("Open a trace by its id").fill(CHECKOUT);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/trace/${CHECKOUT}$`));
  await expect(page.getByRole("heading", { level: 1 })).toContainText("POST /checkout");
});

test("names that are markup stay text", async ({ page }) => {
  await page.goto("/search?service=%3Cb%3Eevil%3C%2Fb%3E");
  await expect(page.locator(".trace-row .title")).toContainText("<script>alert(2)</script>");
  await page.goto(`/trace/${HOSTILE}`);
  await page.locator(".row").first().click();
  await expect(page.locator(".details")).toContainText("onerror=alert(1)");
  await expect(page.locator("main img, main script")).toHaveCount(0);
});

test("when the server fails the page says so and tries again", async ({ page, expectedFailures }) => {
  expectedFailures.push({ status: 503 });
  let failing = true;
  await page.route("**/api/lymer/v1/traces", (route) =>
    failing ? route.fulfill({ status: 503, body: JSON.stringify({ error: { status: 503, message: "64 queries are already waiting" } }) }) : route.continue(),
  );
  await page.goto("/search");
  await expect(page.getByRole("status")).toContainText("64 queries are already waiting");
  failing = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator(".trace-row")).toHaveCount(20);
});

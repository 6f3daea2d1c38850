// The frame: commands, keys, settings, links of other pages, embedding.
import { expect, test } from "./watched";
import { CHECKOUT, INCOMPLETE } from "./spans";

test("the palette goes to any page, service, trace and setting by keyboard alone", async ({ page }) => {
  await page.goto("/search");
  await page.locator(".trace-row").first().waitFor();
  const palette = page.getByRole("dialog", { name: "Commands" });
  const run = async (text: string) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "A page, a service" }).fill(text);
    await expect(page.locator(".palette li").first()).toBeVisible(); // Names of services come from the server.
    await page.keyboard.press("Enter");
    await expect(palette).toHaveCount(0);
  };
  await run("map page");
  await expect(page).toHaveURL(/\/dependencies$/);
  await run("payment traces");
  await expect(page).toHaveURL(/\/search\?service=payment$/);
  await run("dark theme");
  await expect(page.locator("html")).toHaveAttribute("style", /dark/);
  await run("中文");
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
});

test("the palette opens again before the browser has told that it was closed", async ({ page }) => {
  await page.goto("/search");
  await page.keyboard.press("Control+k");
  await page.locator(".palette li").first().waitFor();
  await page.evaluate(async () => {
    const told = { bubbles: true, cancelable: true };
    document.querySelector(".palette input")!.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ...told }));
    while (document.querySelector(".palette")) await Promise.resolve(); // No task runs meanwhile, so no event comes.
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true, ...told }));
  });
  await page.evaluate(() => new Promise((told) => setTimeout(told, 100)));
  await expect(page.getByRole("dialog", { name: "Commands" })).toBeVisible();
});

test("the palette opens a trace by its id, and Escape leaves all as it was", async ({ page }) => {
  await page.goto("/search");
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("Control+k");
  await page.keyboard.type(CHECKOUT);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/trace/${CHECKOUT}`));
});

test("the sheet of keys tells those of the page and of everywhere", async ({ page }) => {
  await page.goto("/search");
  await page.locator(".trace-row").first().waitFor();
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await expect(sheet).toContainText("In a list of traces");
  await expect(sheet).toContainText("Ctrl K");
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
});

test("the slowest trace is found and opened by keyboard alone", async ({ page }) => {
  await page.goto("/search");
  await page.locator(".trace-row").first().waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("slowest");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/order=longest/);
  await expect(page.locator(".trace-row").first()).toContainText("nightly run");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("nightly run");
});

test("two traces are picked and compared by keyboard", async ({ page }) => {
  await page.goto("/search?service=cart");
  await page.locator(".trace-row").first().waitFor();
  for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
  await expect(page.locator(".picks")).toContainText("2 picked");
  await page.reload();
  await expect(page.locator(".picks")).toContainText("2 picked");
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/\/trace\/[0-9a-f]{32}\.\.\.[0-9a-f]{32}\?cohort=/);
});

test("times are written in the zone that was chosen, and it is remembered", async ({ page }) => {
  await page.goto("/search?service=payment");
  const time = page.locator(".trace-row time").first();
  const local = await time.textContent();
  await page.locator(".menu summary", { hasText: "Settings" }).click();
  await page.getByLabel("Time zone").selectOption("UTC");
  await expect(time).not.toHaveText(local!);
  expect((hourOf(local!) - hourOf((await time.textContent())!) + 24) % 24).toBe(8);
  await page.reload();
  await page.locator(".menu summary", { hasText: "Settings" }).click();
  await expect(page.getByLabel("Time zone")).toHaveValue("UTC");
});

test("a custom range is typed in the chosen zone and kept in the address as instants", async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem("lymer.timezone", "America/New_York"));
  await page.goto("/search?start=1795251600000000&end=1795255200000000");
  await expect(page.locator("input[name=start]")).toHaveValue("2026-11-21T04:00");
  await page.locator("input[name=end]").fill("2026-11-21T06:30");
  await page.getByRole("button", { name: "Find traces" }).click();
  await expect(page).toHaveURL(new RegExp(`end=${Date.parse("2026-11-21T11:30:00Z") * 1000}`));
});

test("embedded, the page is its content alone, with a way out", async ({ page }) => {
  await page.goto("/search?service=payment&uiEmbed=v0&uiTheme=dark&uiSearchHideGraph=1");
  await expect(page.locator(".trace-row")).toHaveCount(1);
  await expect(page.locator(".frame, .form, .heat")).toHaveCount(0);
  await expect(page.locator("html")).toHaveAttribute("style", /dark/);
  await expect(page.getByRole("link", { name: "Open the whole page" })).toHaveAttribute("href", "/search?service=payment");
});

test("the configured menu is shown, and an address in it that is a script is not", async ({ page }) => {
  const menu = [{ label: "Docs", items: [{ label: "Guide", url: "https://example.test/guide" }, { label: "Bad", url: "javascript:alert(1)" }] }, { label: "Home", url: "/search", anchorTarget: "_self" }];
  await page.route("**/search", async (route) => {
    if (route.request().resourceType() !== "document") return route.continue();
    const answer = await route.fetch();
    return route.fulfill({ response: answer, body: (await answer.text()).replace('"config":{}', `"config":${JSON.stringify({ menu })}`) });
  });
  await page.goto("/search");
  await page.getByText("Docs").click();
  await expect(page.getByRole("link", { name: "Guide" })).toHaveAttribute("href", "https://example.test/guide");
  await expect(page.getByRole("link", { name: "Bad" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Home" })).toHaveAttribute("target", "_self");
});

for (const [old, now] of [
  ["/zipkin/traces/abcd", /\/trace\/0*abcd$/],
  ["/zipkin/dependency", /\/dependencies$/],
  ["/deep-dependencies?service=checkout", /\/dependencies\?service=checkout$/],
  ["/zipkin/?serviceName=payment&lookback=1h", /\/search\?lookback=1h&service=payment$/],
] as const) {
  test(`the old address ${old} works`, async ({ page }) => {
    await page.goto(old);
    await expect(page).toHaveURL(now);
    await expect(page.locator(".row, .node, .trace-row").first()).toBeVisible();
  });
}

test("links that name traces and spans show them", async ({ page }) => {
  await page.goto(`/search?traceID=${CHECKOUT}&span=0000000000000001%40${INCOMPLETE}`);
  await expect(page.locator(".trace-row")).toHaveCount(2);
  await page.locator(".trace-row", { hasText: "late delivery" }).click();
  await expect(page).toHaveURL(/uiFind=0000000000000001/);
});

function hourOf(text: string): number {
  return Number(/(\d\d):\d\d:\d\d/.exec(text)![1]);
}

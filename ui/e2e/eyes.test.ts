// What people set for their eyes: colours of their own, letters twice as large, nothing that moves.
import { CHECKOUT } from "./spans";
import { expect, test } from "./watched";

const PAGES = ["/search?service=cart", `/trace/${CHECKOUT}`, `/trace/${CHECKOUT}?view=statistics`, `/trace/${CHECKOUT}...${CHECKOUT}?same=1`, "/dependencies", "/monitor"];
const SIGNS = ".trace-row, .row:not([hidden]), .statistics td, .list-row, .notice, .node, .figures tbody tr";

test("in the system's own colours bars can be seen, and what is chosen has a line around it", async ({ page }, info) => {
  await page.emulateMedia({ forcedColors: "active" });
  await page.goto(`/trace/${CHECKOUT}`);
  const row = page.locator(".row:not([hidden])").nth(2);
  await row.click();
  const looks = await row.evaluate((element) => ({ row: getComputedStyle(element).backgroundColor, bar: getComputedStyle(element.querySelector(".bar")!).backgroundColor, line: getComputedStyle(element).outlineStyle }));
  expect(looks.bar).not.toBe(looks.row);
  expect(looks.line).toBe("solid");
  // Services keep their colours in the picture, and shares their bars.
  const tints = await page.locator(".overview canvas").evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  expect(tints).toBeGreaterThan(3);
  await expect(page.locator(".contributors .meter").first()).toHaveCSS("forced-color-adjust", "none");
  await expect(page.getByRole("button", { name: "Waterfall" })).toHaveCSS("outline-style", "solid");
  await page.screenshot({ path: info.outputPath("forced.png") });
  for (const path of PAGES) {
    await page.goto(path);
    await page.locator(SIGNS).first().waitFor();
  }
});

test("at twice the size nothing sticks out, and all can be reached", async ({ page }, info) => {
  await page.setViewportSize({ width: 640, height: 400 }); // What a window of 1280 pixels has left.
  for (const path of PAGES) {
    await page.goto(path);
    const sign = page.locator(SIGNS).first();
    await sign.waitFor();
    await expect(async () => {
      await sign.scrollIntoViewIfNeeded(); // What comes later, facets say, moves it on.
      await expect(sign, path).toBeInViewport({ timeout: 500 });
    }).toPass({ timeout: 15_000 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(640);
    await page.screenshot({ path: info.outputPath(`large-${PAGES.indexOf(path)}.png`) });
  }
});

test("who wants nothing to move sees nothing move", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.route("**/api/lymer/v1/traces", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await page.goto("/search");
  await page.locator(".progress").first().waitFor();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

test("another browser with the link sees the same", async ({ page, browser, baseURL }) => {
  await page.goto(`/trace/${CHECKOUT}?turned=3&errors=1&others=hide&span=0000000000000003&zoom=100000000-310000000`);
  const seen = async (on: typeof page) => {
    await expect(on.locator('[aria-selected="true"]')).toContainText("charge");
    return on.locator(".row:not([hidden])").allTextContents();
  };
  const mine = await seen(page);
  const context = await browser.newContext({ ...(baseURL ? { baseURL } : {}), viewport: { width: 1280, height: 800 }, locale: "en-GB" });
  const theirs = await context.newPage();
  await theirs.goto(page.url());
  expect(await seen(theirs)).toEqual(mine);
  await context.close();
});

// The views of a trace and the comparison of two, as they look: in both themes and languages, wide and narrow.
import type { Page } from "@playwright/test";
import { violations } from "./axe";
import { CHECKOUT, HOSTILE } from "./spans";
import { expect, test } from "./watched";

const VIEWS = ["waterfall", "flame", "graph", "statistics", "spans", "events"];
const PATHS: Record<string, string> = {
  ...Object.fromEntries(VIEWS.map((view) => [view, `/trace/${CHECKOUT}?view=${view}`])),
  compare: `/trace/${CHECKOUT}...${HOSTILE}`,
  "compare side by side": `/trace/${CHECKOUT}...${HOSTILE}?view=side&same=1`,
  "nothing to compare": "/trace/...",
};
const DRAWN = ".row:not([hidden]), .heaviest td, .node, .statistics td, .list-row, .notice";

async function open(page: Page, path: string, theme: string, language: string): Promise<void> {
  await page.addInitScript(([chosen, spoken]) => {
    localStorage.setItem("lymer.theme", chosen!);
    localStorage.setItem("lymer.language", spoken!);
  }, [theme, language]);
  await page.goto(path);
  await page.locator(DRAWN).first().waitFor();
}

for (const [name, path] of Object.entries(PATHS)) {
  for (const [theme, language] of [["light", "en"], ["dark", "zh-CN"]] as const) {
    test(`${name}, ${theme}, ${language}: nothing cut off, nothing for axe to say, on a phone neither`, async ({ page }, info) => {
      await open(page, path, theme, language);
      const rows = page.locator(".row:not([hidden]), .list-row, .node");
      if ((await rows.count()) > 2) await rows.nth(2).click();
      await page.screenshot({ path: info.outputPath(`${name}-${theme}-${language}.png`) });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
      expect(await violations(page)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      await page.screenshot({ path: info.outputPath(`${name}-${theme}-${language}-phone.png`), fullPage: true });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    });
  }
}

test("two traces are compared, swapped, and what differs is found", async ({ page }) => {
  await page.goto("/trace/...");
  await page.getByLabel("Id of trace A").fill(CHECKOUT);
  await page.getByLabel("Id of trace B").fill(HOSTILE);
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page).toHaveURL(new RegExp(`/trace/${CHECKOUT}\\.\\.\\.${HOSTILE}`));
  await expect(page.locator('[data-change="added"]')).toHaveCount(1);
  await expect(page.locator('[data-change="removed"]')).toHaveCount(5);
  await page.getByRole("button", { name: "Swap" }).click();
  await expect(page.locator('[data-change="removed"]')).toHaveCount(1);
  await page.getByLabel("Order").selectOption("total");
  await expect(page.locator(".list-row .name").first()).toHaveText("POST /checkout");
  await page.getByLabel("Find a path").fill("charge");
  await expect(page.locator(".list-row")).toHaveCount(1);
  await expect(page).toHaveURL(/order=total/);
  await page.reload();
  await expect(page.locator(".list-row .name")).toHaveText(["charge"]);
});

test("a trace compared with itself has no differences", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}...${CHECKOUT}`);
  await expect(page.locator(".tools output")).toHaveText("0 of 5");
  await page.getByRole("button", { name: "Only differences" }).click();
  await expect(page.locator(".list-row")).toHaveCount(5);
});

// Every page as it looks: in both themes and languages, wide and narrow, and in a language whose words are long. Nothing cut
// off, nothing for axe to say. Then what is chosen for good, and the prefix.
import type { Page } from "@playwright/test";
import { en } from "../src/i18n/en";
import { violations } from "./axe";
import { cutOff } from "./cut";
import { PREFIXED } from "./servers";
import { CHECKOUT, HOSTILE, INCOMPLETE } from "./spans";
import { expect, test } from "./watched";

const VIEWS = ["waterfall", "flame", "graph", "statistics", "spans", "events"];
const PAGES: Record<string, string> = {
  search: "/search?service=cart",
  "nothing found": "/search?service=nobody",
  live: "/search?live=1&service=nobody",
  ...Object.fromEntries(VIEWS.map((view) => [view, `/trace/${CHECKOUT}?view=${view}`])),
  incomplete: `/trace/${INCOMPLETE}`,
  compare: `/trace/${CHECKOUT}...${HOSTILE}`,
  "compare side by side": `/trace/${CHECKOUT}...${HOSTILE}?view=side&same=1`,
  "nothing to compare": "/trace/...",
  map: "/dependencies?service=checkout",
  services: "/monitor",
  service: "/monitor?service=cart",
  "no such page": "/nowhere",
};
const DRAWN = ".trace-row, .row:not([hidden]), .heaviest td, .node, .statistics td, .list-row, .figures tbody tr, .notice, .found-head";
const CHOSEN = ".row:not([hidden]), .list-row, .trace .node";
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const LOOKS = [["light", "en"], ["light", "zh-CN"], ["dark", "zh-CN"], ["dark", "en"]] as const;

for (const [name, path] of Object.entries(PAGES)) {
  test(`${name}: nothing cut off and nothing for axe to say, in both themes and languages, on a phone neither`, async ({ page }, info) => {
    test.setTimeout(60_000);
    await page.goto(path);
    for (const [theme, language] of LOOKS) {
      await test.step(`${theme}, ${language}`, async () => {
        await page.setViewportSize(WIDE);
        await openAs(page, theme, language);
        await page.screenshot({ path: info.outputPath(`${name}-${theme}-${language}.png`) });
        expect(await width(page)).toBeLessThanOrEqual(WIDE.width);
        expect(await cutOff(page)).toEqual([]);
        expect(await violations(page)).toEqual([]);
        await page.setViewportSize(PHONE);
        await page.screenshot({ path: info.outputPath(`${name}-${theme}-${language}-phone.png`), fullPage: true });
        expect(await width(page)).toBeLessThanOrEqual(PHONE.width);
      });
    }
  });
}

test("words that are two fifths longer fit on every page", async ({ page }, info) => {
  test.setTimeout(120_000);
  const long = JSON.stringify(Object.fromEntries(Object.entries(en).map(([key, text]) => [key, lengthened(text)])));
  await page.route("**/assets/zh-CN-*.js", (route) => route.fulfill({ contentType: "text/javascript", body: `export const zhCN = ${long};` }));
  await page.goto("/search");
  for (const [name, path] of Object.entries(PAGES)) {
    await test.step(name, async () => {
      await page.setViewportSize(WIDE);
      await page.goto(path);
      await openAs(page, "light", "zh-CN");
      await page.screenshot({ path: info.outputPath(`${name}-long.png`) });
      expect(await width(page)).toBeLessThanOrEqual(WIDE.width);
      expect(await cutOff(page)).toEqual([]);
      await page.setViewportSize(PHONE);
      await page.screenshot({ path: info.outputPath(`${name}-long-phone.png`), fullPage: true });
      expect(await width(page)).toBeLessThanOrEqual(PHONE.width);
    });
  }
});

test("language and theme are chosen on the page and remembered", async ({ page }) => {
  await page.goto("/search");
  await page.locator(".menu summary", { hasText: "Settings" }).click();
  await page.getByLabel("Language").selectOption("zh-CN");
  await expect(page.getByRole("button", { name: "查找链路" })).toBeVisible();
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.getByLabel("主题").selectOption("light");
  const light = await paper();
  await page.getByLabel("主题").selectOption("dark");
  expect(await paper()).not.toBe(light);
  await page.reload();
  await expect(page.getByRole("button", { name: "查找链路" })).toBeVisible();
  await page.locator(".menu summary", { hasText: "设置" }).click();
  await expect(page.getByLabel("主题")).toHaveValue("dark");
});

test("behind a prefix everything works the same", async ({ page }) => {
  await page.goto(`${PREFIXED.api}/`);
  await expect(page).toHaveURL(`${PREFIXED.api}/search`);
  await page.locator(".trace-row", { hasText: "POST /checkout" }).click();
  await expect(page).toHaveURL(`${PREFIXED.api}/trace/${CHECKOUT}`);
  await expect(page.locator(".row")).toHaveCount(5);
  await page.reload();
  await expect(page.locator(".row")).toHaveCount(5);
  await page.getByRole("link", { name: "Explore" }).click();
  await expect(page.locator(".trace-row")).toHaveCount(20);
});

/** The page that is open once more, in a theme and a language, with a row chosen where there are rows. */
async function openAs(page: Page, theme: string, language: string): Promise<void> {
  await page.evaluate(([chosen, spoken]) => {
    localStorage.setItem("lymer.theme", chosen!);
    localStorage.setItem("lymer.language", spoken!);
  }, [theme, language]);
  await page.reload();
  await page.locator(DRAWN).first().waitFor();
  await expect(page.locator("html")).toHaveAttribute("lang", language);
  const rows = page.locator(CHOSEN);
  if ((await rows.count()) > 2 && (await page.locator(".details").count()) === 0) await rows.nth(2).click();
}

function width(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}

/** The text with letters put in, the holes as they are. */
function lengthened(text: string): string {
  return `[${text.replaceAll(/\{\w+\}|[aeiou]/g, (found) => (found.length > 1 ? found : found + found))}]`;
}

// Languages, themes, prefixes, and what people with other senses get.
import { violations } from "./axe";
import { expect, test } from "./watched";
import { PREFIXED } from "./servers";
import { CHECKOUT } from "./spans";

const PAGES = {
  search: "/search?service=cart",
  trace: `/trace/${CHECKOUT}`,
  map: "/dependencies?service=checkout",
  services: "/monitor",
  service: "/monitor?service=cart",
};
const SIGNS = ".trace-row, .row, .node, .figures tbody tr";
const LANGUAGES = { en: "Find traces", "zh-CN": "查找链路" };

for (const [name, path] of Object.entries(PAGES)) {
  for (const theme of ["light", "dark"] as const) {
    for (const language of Object.keys(LANGUAGES)) {
      test(`${name}, ${theme}, ${language}: readable, nothing cut off, nothing for axe to say`, async ({ page }, info) => {
        await page.addInitScript(([chosen, spoken]) => {
          localStorage.setItem("lymer.theme", chosen!);
          localStorage.setItem("lymer.language", spoken!);
        }, [theme, language]);
        await page.goto(path);
        await page.locator(SIGNS).first().waitFor();
        if (name === "trace") await page.locator(".row").nth(2).click();
        await expect(page.locator("html")).toHaveAttribute("lang", language);
        await page.screenshot({ path: info.outputPath(`${name}-${theme}-${language}.png`) });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
        expect(await violations(page)).toEqual([]);
      });
    }
  }
}

test("language and theme are chosen on the page and remembered", async ({ page }) => {
  await page.goto("/search");
  await page.locator(".menu summary", { hasText: "Settings" }).click();
  await page.getByLabel("Language").selectOption("zh-CN");
  await expect(page.getByRole("button", { name: LANGUAGES["zh-CN"] })).toBeVisible();
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.getByLabel("主题").selectOption("light");
  const light = await paper();
  await page.getByLabel("主题").selectOption("dark");
  expect(await paper()).not.toBe(light);
  await page.reload();
  await expect(page.getByRole("button", { name: LANGUAGES["zh-CN"] })).toBeVisible();
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

test("on a phone nothing sticks out", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of Object.values(PAGES)) {
    await page.goto(path);
    await page.locator(SIGNS).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
  }
});

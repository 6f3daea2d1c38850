// What people without a mouse do: the slowest trace, what took its time, and what was odd about that.
import type { Locator, Page } from "@playwright/test";
import { LARGE } from "./spans";
import { expect, test } from "./watched";

const PRESSES_MAX = 25;

test("the slowest trace, its biggest contributor and the odd attribute are found by keys alone", async ({ page }) => {
  let presses = 0;
  const press = async (...keys: string[]) => {
    for (const key of keys) {
      await page.keyboard.press(key);
      presses++;
    }
  };
  await page.goto("/search");
  await page.locator(".trace-row").first().waitFor();
  await press("o", "L");
  await expect(page).toHaveURL(/order=longest/);
  await expect(page.locator(".trace-row").first()).toContainText("nightly run");
  await press("Tab", "Tab", "j", "Enter");
  await expect(page).toHaveURL(new RegExp(`/trace/${LARGE}`));
  const contributor = page.getByRole("region", { name: "Why slow" }).getByRole("button").first();
  await contributor.waitFor();
  presses += await tabTo(page, contributor);
  await expect(contributor).toContainText("nightly run");
  await press("Enter");
  await expect(page.locator('[aria-selected="true"]')).toContainText("nightly run");
  await expect(page.locator(".details")).toContainText("batch.shard");
  await expect(page.locator(".details")).toContainText("shard-7");
  expect(presses).toBeLessThanOrEqual(PRESSES_MAX);
});

/** Press Tab until the focus is there; says how often. */
async function tabTo(page: Page, wanted: Locator): Promise<number> {
  for (let presses = 1; presses <= PRESSES_MAX; presses++) {
    await page.keyboard.press("Tab");
    if (await wanted.evaluate((element) => element === document.activeElement)) return presses;
  }
  throw new Error(`the focus did not get there with ${PRESSES_MAX} presses of Tab`);
}

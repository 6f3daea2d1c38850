// When a trace page shows its first rows: measured in the page, from the beginning of its loading.
import type { Page } from "@playwright/test";

/** Watch every page that is opened from now on. */
export async function watchFirstRow(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shared = window as unknown as { firstRow: Promise<number>; turn: number };
    shared.turn = 0;
    shared.firstRow = new Promise((resolve) => {
      const look = () => (document.querySelector(".row .bar") ? requestAnimationFrame(() => resolve(performance.now())) : requestAnimationFrame(look));
      look();
    });
  });
}

/** Open an address and answer after how many milliseconds the first rows stood there. */
export async function firstRow(page: Page, address: string): Promise<number> {
  await page.goto(address);
  return page.evaluate(() => (window as unknown as { firstRow: Promise<number> }).firstRow);
}

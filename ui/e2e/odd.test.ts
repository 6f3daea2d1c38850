// Traces as nobody wants them: each opens, says what it is, and nothing in it is ever executed.
import type { Page } from "@playwright/test";
import { emptyMade, grownTree, MADE_ID, serveMade, type Made } from "./skeletons";
import { PLAIN } from "./servers";
import { CHECKOUT, doubles, HOSTILE, skewed } from "./spans";
import { expect, test } from "./watched";

const rows = ".row:not([hidden])";
const ORPHAN = 128;
const CUT = 1024;

async function open(page: Page, made: Made, query = ""): Promise<void> {
  await serveMade(page, made);
  await page.goto(`/trace/${MADE_ID}${query}`);
  await page.locator(rows).first().waitFor();
}

test("several roots, orphans and a cut circle stand at the top", async ({ page }) => {
  const made = emptyMade(6, 2, 3);
  made.parents.set([-1, 0, -1, -1, 3, -1]);
  made.flags.set([2, 3, 2 | ORPHAN, 1 | CUT, 1, 2]);
  await open(page, made);
  await expect(page.locator(rows)).toHaveCount(6);
  await expect(page.locator(`${rows}[aria-level="1"]`)).toHaveCount(4);
  await expect(page.locator(".row", { hasText: "unknown parent" })).toHaveCount(1);
  await expect(page.locator(".row", { hasText: "circle" })).toHaveCount(1);
});

test("ids that several spans have, and a span that is its own parent, as the server tells them", async ({ page, request }) => {
  const trace = "d0b1e5".padEnd(32, "0");
  expect((await request.post(PLAIN.otlp, { data: doubles(Date.now(), trace) })).ok()).toBe(true);
  await page.goto(`/trace/${trace}?merge=0`);
  await expect(page.locator(rows)).toHaveCount(6);
  for (const name of ["first", "second", "third", "fourth", "its own parent"]) {
    await page.locator(rows, { hasText: name }).click();
    await expect(page.locator(".details")).toContainText(name);
    await page.keyboard.press("Escape");
  }
  await expect(page.locator(".row[data-missing]")).toContainText("1 span with the unknown parent 0000000000000003");
  for (const view of ["flame", "graph", "statistics", "spans"]) {
    await page.goto(`/trace/${trace}?view=${view}`);
    await page.locator(".heaviest tr, .node, tbody tr, .list-row").first().waitFor();
  }
});

test("a clock that is behind is shown as it was, and put right when that is asked for", async ({ page, request }) => {
  const trace = "5ced".padEnd(32, "0");
  expect((await request.post(PLAIN.otlp, { data: skewed(Date.now(), trace) })).ok()).toBe(true);
  await page.goto(`/trace/${trace}`);
  await expect(page.locator(".facts")).toContainText("2.4 s");
  const callee = page.locator(rows, { hasText: "answer" });
  await expect(callee).not.toHaveAttribute("data-adjusted");
  await page.getByRole("button", { name: "Adjusted" }).click();
  await expect(page).toHaveURL(/times=adjusted/);
  await expect(page.locator(".facts")).toContainText("400 ms");
  await expect(callee).toHaveAttribute("data-adjusted");
  await page.reload();
  await expect(page.locator(".facts")).toContainText("400 ms");
});

test("no duration at all, and one that runs backwards", async ({ page }) => {
  const made = emptyMade(3);
  made.durations.set([0, -5_000_000, 0]);
  for (const view of ["waterfall", "flame", "graph", "statistics", "spans"]) {
    await serveMade(page, made);
    await page.goto(`/trace/${MADE_ID}?view=${view}&merge=0`);
    await page.locator(".row:not([hidden]), .heaviest tr, .node, tbody tr, .list-row").first().waitFor();
  }
});

test("ten thousand levels deep", async ({ page }) => {
  const made = emptyMade(10_000);
  for (let row = 0; row < 10_000; row++) {
    made.parents[row] = row - 1;
    made.starts[row] = row;
    made.durations[row] = 30_000 - row;
  }
  await open(page, made);
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("End");
  await expect(page.locator('.row[aria-level="10000"]')).toBeInViewport();
  for (const key of ["2", "3", "4", "5"]) {
    await page.keyboard.press(key);
    await page.locator(".heaviest tr, .node, tbody tr, .list-row").first().waitFor();
  }
});

test("a million siblings, merged into one row and one by one", async ({ page }) => {
  test.setTimeout(60_000);
  const made = emptyMade(1_000_000);
  for (let row = 1; row < 1_000_000; row++) {
    made.parents[row] = 0;
    made.starts[row] = row;
  }
  await open(page, made);
  await expect(page.locator(rows)).toHaveCount(2);
  await expect(page.locator(rows).nth(1)).toContainText("999,999×");
  await page.keyboard.press("x");
  await expect(page.getByRole("treegrid")).toHaveAttribute("aria-rowcount", "1000000");
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("End");
  await expect(page.locator('.row[aria-rowindex="1000000"]')).toBeInViewport();
  expect(await page.locator(".row").count()).toBeLessThan(60);
  // The scrolled element is about half as tall as its lines: a wheel moves them as far as ever, a far jump to its share of the way.
  const grid = page.getByRole("treegrid");
  await grid.evaluate((element) => (element.scrollTop = (element.scrollHeight - element.clientHeight) / 2));
  const middle = page.locator('.row[aria-rowindex="500001"]:not([hidden])');
  await expect(middle).toBeVisible();
  const before = (await middle.boundingBox())!;
  await page.mouse.move(before.x + 50, before.y);
  await page.mouse.wheel(0, 140);
  await expect.poll(async () => Math.round((await middle.boundingBox())!.y - before.y)).toBe(-140);
});

test("a hundred thousand spans of one parent that never came", async ({ page }) => {
  const count = 100_000;
  const made = emptyMade(count, 1, 2);
  made.flags.fill(1 + 128);
  made.names.forEach((_, row) => (made.names[row] = row % 2));
  made.flags[0] = 1; // The root came.
  await open(page, { ...made, missing: [{ spanId: "00000000000000ab", rows: Array.from({ length: count - 1 }, (_, at) => at + 1) }] }, "?merge=0");
  await expect(page.getByRole("treegrid")).toHaveAttribute("aria-rowcount", String(count + 1));
  await expect(page.locator(".row[data-missing]")).toContainText("99,999 spans with the unknown parent 00000000000000ab");
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("End");
  await expect(page.locator(`.row[aria-rowindex="${count + 1}"]`)).toHaveAttribute("aria-level", "2");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(rows)).toHaveCount(2);
});

test("ten megabytes in one span", async ({ page }) => {
  await open(page, { ...grownTree(20), attributes: hugeAttributes });
  await page.locator(rows).first().click();
  await expect(page.locator(".details")).toContainText("Show all 10,000,000");
  await expect(page.locator(".details")).toContainText("Show all 5,001");
  expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(2_000);
});

test("names in any script, control characters and no name", async ({ page }) => {
  const spanNames = ["支付订单", "‮right to left", "\u0000\u0007\u001B[31m", "", "é́́́́́", "👩‍👩‍👧‍👦", "a\nb\tc", "x".repeat(5_000)];
  await open(page, { ...emptyMade(spanNames.length, 1, spanNames.length), names: Uint32Array.from(spanNames.keys()), spanNames }, "?merge=0");
  await expect(page.locator(rows)).toHaveCount(spanNames.length);
  await expect(page.locator(rows).first()).toContainText("支付订单");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
});

test("HTML in every string is only text", async ({ page }) => {
  const evil = `"><img src=x onerror="alert(1)"><script>alert(2)</script><a href="javascript:alert(3)">`;
  const attributes = () => [{ key: evil, type: "string", value: evil }, { key: "url.full", type: "string", value: "javascript:alert(4)" }];
  const made = { ...emptyMade(6), serviceNames: [evil], spanNames: [evil], attributes };
  await open(page, made, `?merge=0&uiFind=${encodeURIComponent(evil)}`);
  for (const view of ["waterfall", "flame", "graph", "statistics", "spans", "events"]) {
    await page.goto(`/trace/${MADE_ID}?view=${view}&merge=0&only=${encodeURIComponent(evil)}&op=${encodeURIComponent(JSON.stringify([evil, evil]))}&span=0000000000000001`);
    await page.locator(".details").waitFor();
    await expect(page.locator("main img, main script, main [onerror], main a[href^='javascript']")).toHaveCount(0);
  }
  await page.goto(`/trace/${HOSTILE}`);
  await page.locator(rows).first().click();
  await expect(page.locator(".details")).toContainText("中文");
  await expect(page.locator("main img, main script")).toHaveCount(0);
});

test("nonsense in the address is as if it were not there", async ({ page }) => {
  await page.goto(`/trace/${CHECKOUT}?view=nothing&zoom=9-1&turned=99999,-99999&level=-4&share=x&op=%7B&marks=NaN&focus=123456789&svcFilter=zz&only=nobody&span=ffffffffffffffff`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("POST /checkout");
  await expect(page.locator(".tools output")).toHaveText("0 of 5");
});

function hugeAttributes() {
  return [{ key: "huge", type: "string", value: "x".repeat(10_000_000) }, ...Array.from({ length: 5_000 }, (_, index) => ({ key: `key.${index}`, type: "int", value: index }))];
}

// The pages about many traces: 1,500 results with a heat map of a million spans (P12), and a map of 300 services (P13).
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { startServer } from "./server";
import { longestTask, type Longest } from "./tasks";

let server: Server;
let base: string;

test.beforeAll(async () => {
  server = await startServer(0);
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.afterAll(() => void server.close());

test("1,500 results and a heat map of a million spans", async ({ page }) => {
  await page.goto(`${base}/search?limit=1500`);
  await page.locator(".trace-row").nth(40).waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")!.value * 1_000;
  const before = await busy();
  await page.getByRole("button", { name: "Find traces" }).click();
  await page.waitForLoadState("networkidle");
  const cost = (await busy()) - before;
  const elements = await page.evaluate(() => document.querySelectorAll("*").length);
  console.log(`found again: ${cost.toFixed(0)} ms CPU, ${elements} elements`);
  expect.soft(cost).toBeLessThanOrEqual(600);
  expect.soft(elements).toBeLessThanOrEqual(2_000);
  await page.locator(".not-drawn").evaluate((end) => end.scrollIntoView({ block: "end" }));
  await expect.poll(async () => {
    await page.locator(".trace-row").last().scrollIntoViewIfNeeded();
    return page.locator(".trace-row").count();
  }, { timeout: 20_000 }).toBeGreaterThan(300);
});

test("a map of 300 services is laid out without holding the page up", async ({ page }) => {
  const empty = await longestTask(page, async () => void (await page.goto(`${base}/nothing`)));
  let drawn = 0;
  const map = await longestTask(page, async () => {
    await page.goto(`${base}/dependencies`);
    await page.locator(".node").nth(299).waitFor();
    drawn = await page.evaluate(() => new Promise<number>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()), 200)))) - 200;
  });
  const elements = await page.evaluate(() => document.querySelectorAll("*").length);
  const said = ({ wallMs, cpuMs }: Longest) => `${cpuMs.toFixed(0)} ms CPU (${wallMs.toFixed(0)} ms by the clock)`;
  console.log(`drawn after ${drawn.toFixed(0)} ms; longest task ${said(map)}, of a page that is not there ${said(empty)}; ${elements} elements`);
  expect.soft(drawn).toBeLessThanOrEqual(5_000);
  expect.soft(map.cpuMs).toBeLessThanOrEqual(50);
  expect.soft(elements).toBeLessThanOrEqual(2_000);
  expect(await page.locator("svg .node").count()).toBe(300);
});

// The first minute of somebody who has no spans yet, against a server of its own whose store is empty.
import { spawn, type ChildProcess } from "node:child_process";
import { commandOf, environment } from "./lymer";
import { EMPTY } from "./servers";
import { expect, test } from "./watched";

let server: ChildProcess;

test.beforeAll(async () => {
  const [command, ...rest] = commandOf(EMPTY.offset);
  server = spawn(command!, rest, { env: { ...process.env, ...environment }, stdio: "ignore" });
  await expect.poll(() => fetch(`${EMPTY.api}/api/services`).then(({ ok }) => ok, () => false), { timeout: 20_000 }).toBe(true);
});

test.afterAll(async () => {
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  await ended;
});

test("an empty store is filled with demo traffic by a button", async ({ page }) => {
  test.setTimeout(60_000);
  await page.goto(`${EMPTY.api}/search`);
  await page.getByRole("button", { name: "Load demo traffic" }).click();
  await expect(async () => {
    if (await page.getByRole("button", { name: "Find traces" }).isVisible()) await page.getByRole("button", { name: "Find traces" }).click();
    await expect(page.locator(".trace-row")).toHaveCount(20, { timeout: 3_000 });
  }).toPass({ timeout: 45_000 });
  await page.locator(".trace-row").first().click();
  await expect(page.locator(".row:not([hidden])").first()).toBeVisible();
});

// Behind nginx at a prefix, and with an API that is slow, failing or gone.
import { expect, test } from "./watched";
import { NGINX, startNginx, type Proxy } from "./nginx";
import { PREFIXED } from "./servers";
import { CHECKOUT } from "./spans";

for (const gzip of [true, false]) {
  test.describe(`behind nginx ${gzip ? "with" : "without"} gzip`, () => {
    let proxy: Proxy | undefined;

    test.beforeAll(async () => {
      if (NGINX) proxy = await startNginx(PREFIXED.api, { gzip });
      else if (process.env["CI"]) throw new Error("nginx is not installed: apt-get install nginx");
    });
    test.afterAll(() => proxy?.stop());

    test("pages load, link, and load again where they are", async ({ page }) => {
      test.skip(!proxy, "nginx is not installed: apt-get install nginx");
      const encodings = new Set<string>();
      page.on("response", (response) => {
        if (/\.(js|css)$/.test(new URL(response.url()).pathname)) encodings.add(response.headers()["content-encoding"] ?? "plain");
      });
      await page.goto(`${proxy!.address}/`);
      await expect(page).toHaveURL(`${proxy!.address}/search`);
      await page.locator(".trace-row", { hasText: "POST /checkout" }).click();
      await expect(page).toHaveURL(new RegExp(`^${proxy!.address}/trace/${CHECKOUT}`));
      await expect(page.getByRole("heading", { level: 1 })).toContainText("POST /checkout");
      for (const [path, sign] of [["dependencies", ".node"], ["monitor", ".figures tbody tr"]] as const) {
        await page.goto(`${proxy!.address}/${path}`);
        await expect(page.locator(sign).first()).toBeVisible();
      }
      expect([...encodings]).toEqual([gzip ? "gzip" : "plain"]);
    });
  });
}

test("a slow server is waited for, visibly", async ({ page }) => {
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/lymer/v1/traces", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/search");
  await expect(page.getByRole("progressbar")).toBeVisible();
  await expect(page.locator("select[name=service]")).toBeEnabled();
  release!();
  await expect(page.locator(".trace-row")).toHaveCount(20);
  await expect(page.getByRole("progressbar")).toHaveCount(0);
});

const PAGES = [
  { path: "/search", api: "**/api/lymer/v1/traces", sign: ".trace-row" },
  { path: "/dependencies", api: "**/api/lymer/v1/graph*", sign: ".node" },
  { path: "/monitor", api: "**/api/lymer/v1/red*", sign: ".figures tbody tr" },
];

for (const { path, api, sign } of PAGES) {
  test(`${path}: a failing and a vanished server are said, and got over`, async ({ page, expectedFailures }) => {
    expectedFailures.push({ status: 500 }, { text: "ERR_CONNECTION_REFUSED" });
    let state: "failing" | "gone" | "well" = "failing";
    await page.route(api, (route) => {
      if (state === "gone") return route.abort("connectionrefused");
      return state === "well" ? route.continue() : route.fulfill({ status: 500, json: { error: { status: 500, message: "the disk is on fire" } } });
    });
    await page.goto(path);
    const notice = page.getByRole("status").filter({ hasText: "That did not work" });
    await expect(notice).toContainText("the disk is on fire");
    state = "gone";
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(notice).toContainText("The server does not answer.");
    state = "well";
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.locator(sign).first()).toBeVisible();
    await expect(notice).toHaveCount(0);
  });
}

// The page in Chromium against whole servers: one at the root, one behind a prefix. Each run starts them empty.
import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";
import { commandOf, environment } from "./e2e/lymer";
import { PLAIN, PREFIXED } from "./e2e/servers";

const chromium = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));

const serve = ({ offset, api }: { offset: number; api: string }, more: readonly string[] = []) => ({
  command: commandOf(offset, more).join(" "),
  url: `${api}/api/services`,
  env: environment,
  reuseExistingServer: false,
  timeout: 20_000,
  gracefulShutdown: { signal: "SIGTERM" as const, timeout: 6_000 },
});

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  retries: process.env["CI"] ? 1 : 0, // Beside other stages a browser may be late once; what fails twice is a fault. A flaky one is listed.
  reporter: [["list"]],
  globalSetup: "./e2e/setup.ts",
  use: {
    baseURL: PLAIN.api,
    locale: "en-GB",
    timezoneId: "Asia/Shanghai",
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
    },
    screenshot: "only-on-failure",
  },
  webServer: [serve(PLAIN), serve(PREFIXED, ["--base-path", "/deep/lymer"])],
});

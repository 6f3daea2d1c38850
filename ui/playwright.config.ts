// The page in Chromium against whole servers: one at the root, one behind a prefix. Each run starts them empty.
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import { PLAIN, PREFIXED } from "./e2e/servers";

const root = new URL("..", import.meta.url).pathname;
const installed = join(root, ".venv/bin/lymer");
const lymer = process.env["LYMER"] ?? (existsSync(installed) ? installed : `${root}.venv/bin/python -m lymer.cli`);
const chromium = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));

const serve = ({ offset, api }: { offset: number; api: string }, more = "") => ({
  command: `${lymer} --storage memory --port-offset ${offset} --data-dir ${mkdtempSync(join(tmpdir(), "lymer-page-"))} ${more}`,
  url: `${api}/api/services`,
  // A source tree that was not installed is run from where it is; an installed wheel has its native core with it.
  env: existsSync(installed) ? {} : { PYTHONPATH: join(root, "src") },
  reuseExistingServer: false,
  timeout: 20_000,
  gracefulShutdown: { signal: "SIGTERM" as const, timeout: 6_000 },
});

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: 1,
  forbidOnly: true,
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
    trace: "retain-on-failure",
  },
  webServer: [serve(PLAIN), serve(PREFIXED, "--base-path /deep/lymer")],
});

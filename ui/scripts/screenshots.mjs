// Pictures of the page for the README, made from the demo's traffic by a server of its own: `make screenshots`.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";

const OFFSET = Number(process.env["SHOTS_OFFSET"] ?? 14_000);
const root = new URL("../..", import.meta.url).pathname;
const images = process.env["SHOTS_FOLDER"] ?? join(root, "docs/images");
const page = `http://127.0.0.1:${16686 + OFFSET}`;
const installed = join(root, ".venv/bin/lymer");
const [command, ...first] = existsSync(installed) ? [installed] : [join(root, ".venv/bin/python"), "-m", "lymer.cli"];
const env = existsSync(installed) ? process.env : { ...process.env, PYTHONPATH: join(root, "src") };
const browserPath = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));

const LIGHT = { theme: "light", language: "en" };
const DARK = { theme: "dark", language: "zh-CN" };
const PICTURES = [
  { name: "explore", path: "/search", sign: ".facets li", ...LIGHT },
  { name: "explore-zh", path: "/search", sign: ".facets li", ...DARK },
  { name: "trace", path: slowestCheckout, sign: ".row", ...LIGHT },
  { name: "trace-zh", path: slowestCheckout, sign: ".row", ...DARK },
  { name: "map", path: "/dependencies", sign: ".node", ...LIGHT },
  { name: "services", path: "/monitor?service=checkout", sign: ".chart", ...DARK, language: "en" },
];

const folder = mkdtempSync(join(tmpdir(), "lymer-shots-"));
const server = spawn(command, [...first, "--storage", "memory", "--port-offset", String(OFFSET), "--data-dir", folder], { env, stdio: "ignore" });
try {
  await answering(`${page}/api/services`);
  await run([...first, "demo", "--once", "--endpoint", `http://127.0.0.1:${4318 + OFFSET}`]);
  const browser = await chromium.launch({ ...(browserPath ? { executablePath: browserPath } : {}), args: ["--no-sandbox", "--disable-gpu"] });
  for (const picture of PICTURES) await take(browser, picture);
  await browser.close();
} finally {
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
}

async function take(browser, { name, path, sign, theme, language }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5, timezoneId: "UTC" });
  await context.addInitScript(([chosen, spoken]) => {
    localStorage.setItem("lymer.theme", chosen);
    localStorage.setItem("lymer.language", spoken);
  }, [theme, language]);
  const tab = await context.newPage();
  await tab.goto(page + (typeof path === "string" ? path : await path()));
  await tab.locator(sign).first().waitFor();
  await tab.waitForLoadState("networkidle");
  await tab.screenshot({ path: join(images, `${name}.png`) });
  console.log(join(images, `${name}.png`));
  await context.close();
}

// A checkout that took long and has many spans tells most.
async function slowestCheckout() {
  const answer = await fetch(`${page}/api/lymer/v1/traces?service=checkout&order=longest&limit=1`);
  const { traces } = await answer.json();
  return `/trace/${traces[0].traceId}`;
}

async function answering(address) {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${address} does not answer`);
}

function run(parameters) {
  return new Promise((resolve, reject) => {
    spawn(command, parameters, { env, stdio: "inherit" }).once("exit", (code) => (code ? reject(new Error(`the demo ended with ${code}`)) : resolve()));
  });
}

// The trace page against a whole server with a store on disk: what was sent is opened from the open buffer, then from its segment.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { commandOf, environment } from "../e2e/lymer";
import { SPARE } from "../e2e/servers";
import { firstRow, watchFirstRow } from "./first_row";
import { requests } from "./requests";

const GATES: Record<number, number> = { 1_000: 1_500, 100_000: 3_000, 1_000_000: 8_000 };
const SEALING = "store:\n  seal:\n    age: 4s\n    idle: 2s\n";
const table: Record<string, Record<string, number>> = {};

let server: ChildProcess;
const folder = mkdtempSync(join(tmpdir(), "lymer-bench-"));

test.beforeAll(async () => {
  writeFileSync(join(folder, "lymer.yaml"), SEALING);
  const [command, ...rest] = commandOf(SPARE.offset, ["--storage", "embedded", "--data-dir", folder, "--config", join(folder, "lymer.yaml")]);
  server = spawn(command!, rest, { env: { ...process.env, ...environment }, stdio: "ignore" });
  await expect.poll(() => fetch(`${SPARE.api}/api/services`).then(({ ok }) => ok, () => false), { timeout: 20_000 }).toBe(true);
});

test.afterAll(async () => {
  console.table(table);
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true });
});

for (const size of Object.keys(GATES).map(Number)) {
  test(`${size.toLocaleString("en")} spans from a whole server`, async ({ page }) => {
    const id = String(size).padStart(32, "0");
    for (const body of requests(size, id)) {
      const answer = await fetch(SPARE.otlp, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    }
    await watchFirstRow(page);
    const address = `${SPARE.api}/trace/${id}?merge=0`;
    note("open buffer, the first time, ms", size, await firstRow(page, address));
    await expect.poll(() => isBuffered(id), { timeout: 60_000 }).toBe(false);
    note("segment, the first time, ms", size, await firstRow(page, address));
    const again = [await firstRow(page, address), await firstRow(page, address), await firstRow(page, address)].sort((a, b) => a - b)[1]!;
    note("segment, ms", size, again);
    expect.soft(again).toBeLessThanOrEqual(GATES[size]!);
    expect(await page.locator(".facts").textContent()).toContain(size.toLocaleString("en"));
  });
}

function note(what: string, size: number, ms: number): void {
  (table[what] ??= {})[size.toLocaleString("en")] = Math.round(ms);
}

async function isBuffered(id: string): Promise<boolean> {
  const answer = await fetch(`${SPARE.api}/api/lymer/v1/traces/${id}/skeleton`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return (JSON.parse(bytes.subarray(16, 16 + bytes.readUInt32LE(8)).toString()) as { isBuffered: boolean }).isBuffered;
}

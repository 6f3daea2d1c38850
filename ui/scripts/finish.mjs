// After the build: a gzip twin beside each text file, and the limits on what a first visit downloads.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMITS = { ".js": 60_000, ".css": 12_000 };
const folder = new URL("../dist/", import.meta.url).pathname;
const totals = { ".js": 0, ".css": 0 };

for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  const ending = entry.name.slice(entry.name.lastIndexOf("."));
  if (!entry.isFile() || ![".js", ".css", ".svg", ".html"].includes(ending)) continue;
  const path = join(entry.parentPath, entry.name);
  const packed = gzipSync(readFileSync(path), { level: 9 });
  if (ending !== ".html") writeFileSync(`${path}.gz`, packed);
  if (ending in totals) totals[ending] += packed.length;
}
for (const [ending, limit] of Object.entries(LIMITS)) {
  console.log(`${ending} gzipped: ${totals[ending]} of ${limit} bytes`);
  if (totals[ending] > limit) throw new Error(`${ending} files are over ${limit} bytes gzipped`);
}

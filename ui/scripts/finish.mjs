// After the build: a gzip twin beside each text file, and the limits on what a visit downloads.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const FIRST_PAGE = ["index.html", "src/pages/search/page.tsx"];
const LIMITS = {
  "first page, .js": 60_000,
  "first page, .css": 12_000,
  "all pages, .js": 250_000,
};
const folder = new URL("../dist/", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8"));
rmSync(join(folder, ".vite"), { recursive: true });

const packedBytes = new Map();
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(js|css|svg|html)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const packed = gzipSync(readFileSync(path), { level: 9 });
  if (!entry.name.endsWith(".html")) writeFileSync(`${path}.gz`, packed);
  packedBytes.set(path.slice(folder.length), packed.length);
}

const first = new Set();
const visit = (name) => {
  const chunk = manifest[name];
  if (first.has(chunk.file)) return;
  for (const file of [chunk.file, ...(chunk.css ?? [])]) first.add(file);
  for (const needed of chunk.imports ?? []) visit(needed);
};
FIRST_PAGE.forEach(visit);

const sum = (files, ending) => [...files].filter((file) => file.endsWith(ending)).reduce((total, file) => total + packedBytes.get(file), 0);
const totals = {
  "first page, .js": sum(first, ".js"),
  "first page, .css": sum(first, ".css"),
  "all pages, .js": sum(packedBytes.keys(), ".js"),
};
for (const [what, limit] of Object.entries(LIMITS)) {
  console.log(`${what}, gzipped: ${totals[what]} of ${limit} bytes`);
  if (totals[what] > limit) throw new Error(`${what}: over ${limit} bytes gzipped`);
}

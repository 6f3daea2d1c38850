// How a server is started for tests: the installed one, else the source tree as it is.
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const installed = join(root, ".venv/bin/lymer");

/** The command line of a server with an empty store of its own. */
export function commandOf(offset: number, more: readonly string[] = []): string[] {
  const lymer = process.env["LYMER"]?.split(" ") ?? (existsSync(installed) ? [installed] : [join(root, ".venv/bin/python"), "-m", "lymer.cli"]);
  return [...lymer, "--storage", "memory", "--port-offset", String(offset), "--data-dir", mkdtempSync(join(tmpdir(), "lymer-page-")), ...more];
}

/** What its environment needs besides ours. An installed wheel has its native core with it. */
export const environment: Record<string, string> = existsSync(installed) ? {} : { PYTHONPATH: join(root, "src") };

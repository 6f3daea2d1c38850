// The statistics of the traces that Jaeger UI tests its own with (their spans, as facts), against the figures that Jaeger
// UI's table has for them: Jaeger UI c321fb3 was run on them once, and jaeger_statistics.json is what it said, in milliseconds.
import { readFileSync } from "node:fs";
import { spanId } from "./spans";
import { expect, test } from "./watched";

type Figures = [name: string, count: number, total: number, average: number, least: number, most: number, selfTotal: number, selfAverage: number, selfLeast: number, selfMost: number, selfShare: number];
const GROUPS = ["service", "operation", "span:http.method"] as const;
const COLUMNS = ["count", "total", "average", "least", "most", "selfTotal", "selfAverage", "selfLeast", "selfMost", "selfShare"];

interface Known extends Record<(typeof GROUPS)[number], Figures[]> {
  trace: string;
  /** Number, that of the parent or 0, microseconds since the first, duration in microseconds, service, operation, HTTP method, kind. */
  spans: [id: number, parent: number, start: number, duration: number, service: string, operation: string, method: string | null, kind: string | null][];
}

const KNOWN = JSON.parse(readFileSync(new URL("jaeger_statistics.json", import.meta.url), "utf8")) as Known[];
const START_US = 1_795_251_602_000_000;

for (const [at, known] of KNOWN.entries()) {
  test(`the table says what Jaeger's says of ${known.trace}`, async ({ page, request }) => {
    const traceId = (at + 1).toString(16).padStart(32, "0");
    const answer = await request.post("/api/lymer/v1/uploads", { data: jaegerJson(traceId, known) });
    const { uploadId } = (await answer.json()) as { uploadId: string };
    for (const group of GROUPS) {
      await page.goto(`/trace/${traceId}?upload=${uploadId}&view=statistics&group=${encodeURIComponent(group)}`);
      await expect(page.locator(".statistics tbody tr")).toHaveCount(known[group].length);
      const table = decodeURIComponent((await page.getByRole("link", { name: "CSV" }).getAttribute("href"))!.split(",").slice(1).join(","));
      const [head, ...lines] = table.trim().split("\n").map((line) => line.split(",").map((cell) => cell.replaceAll('"', "")));
      for (const [name, ...figures] of known[group]) {
        const line = lines.find(([label]) => label === name)!;
        const found = COLUMNS.map((column) => Number(line[head!.indexOf(column)]) / (column === "count" || column === "selfShare" ? 1 : 1e6));
        found.forEach((value, index) => expect(Math.abs(value - figures[index]!), `${group} ${name}: ${COLUMNS[index]}`).toBeLessThan(0.005_001));
      }
    }
  });
}

function jaegerJson(traceID: string, { spans }: Known): object {
  const services = [...new Set(spans.map(([, , , , service]) => service))];
  return {
    data: [
      {
        traceID,
        processes: Object.fromEntries(services.map((serviceName, at) => [`p${at}`, { serviceName, tags: [] }])),
        spans: spans.map(([id, parent, start, duration, service, operationName, method, kind]) => ({
          traceID,
          spanID: spanId(id),
          operationName,
          references: parent ? [{ refType: "CHILD_OF", traceID, spanID: spanId(parent) }] : [],
          startTime: START_US + start,
          duration,
          tags: [...(method ? [{ key: "http.method", type: "string", value: method }] : []), ...(kind ? [{ key: "span.kind", type: "string", value: kind }] : [])],
          logs: [],
          processID: `p${services.indexOf(service)}`,
        })),
      },
    ],
  };
}

// Serves the built page and made traces of any size, as a server would: the measured time is the page's own.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { found, graph, histogram } from "./answers";
import { grownTree, skeletonBytes, type Made } from "../e2e/skeletons";

const FOLDER = new URL("../dist/", import.meta.url).pathname;
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

const ANSWERS: Record<string, string> = { traces: JSON.stringify(found(1_500)), histogram: JSON.stringify(histogram(1_000_000)), graph: JSON.stringify(graph(300, 443)), facets: '{"facets":[]}' };

interface Kept {
  readonly made: Made;
  readonly bytes: Buffer;
}

/** A server; the trace whose id is a decimal count has that many spans. */
export function startServer(port: number): Promise<Server> {
  const kept = new Map<number, Kept>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://page");
    const [, id, question] = /^\/api\/lymer\/v1\/traces\/(\d+)\/(\w+)$/.exec(url.pathname) ?? [];
    const send = (type: string, body: string | Buffer, more: Record<string, string> = {}) => response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": "default-src 'self'", ...more }).end(body);
    if (id) {
      const { made, bytes } = trace(kept, Number(id));
      if (question === "skeleton") return send("application/vnd.lymer.skeleton", bytes);
      if (question === "find") return send("application/octet-stream", bitmap(made, url.searchParams.get("q") ?? ""));
      if (question === "spans") return send("application/json", JSON.stringify({ spanCount: made.parents.length, spans: [details(Number(url.searchParams.get("row")))] }));
      return response.writeHead(404).end();
    }
    const answer = ANSWERS[url.pathname.split("/").at(-1)!];
    if (url.pathname.startsWith("/api/")) return send("application/json", url.pathname.startsWith("/api/lymer/") && answer ? answer : '{"data":[]}');
    const path = extname(url.pathname) ? url.pathname : "/index.html";
    const body = readFileSync(join(FOLDER, path));
    return send(TYPES[extname(path)] ?? "text/plain", gzipSync(body), { "Content-Encoding": "gzip", "Cache-Control": "max-age=3600" });
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

function trace(kept: Map<number, Kept>, count: number): Kept {
  let found = kept.get(count);
  if (!found) {
    const made = grownTree(count);
    found = { made, bytes: skeletonBytes(made, String(count).padStart(32, "0")) };
    kept.set(count, found);
  }
  return found;
}

function bitmap(made: Made, text: string): Buffer {
  const rows = Buffer.alloc(Math.ceil(made.parents.length / 8));
  const wanted = made.spanNames.map((name) => name.includes(text));
  for (let row = 0; row < made.parents.length; row++) if (wanted[made.names[row]!]) rows[row >> 3]! |= 1 << (row & 7);
  return rows;
}

function details(row: number): object {
  const attributes = Array.from({ length: 12 }, (_, index) => ({ key: `http.key_${index}`, type: "string", value: `value ${index}` }));
  const nothing = { attributes: [], droppedAttributesCount: 0, schemaUrl: "" };
  return { row, spanId: (row + 1).toString(16).padStart(16, "0"), parentSpanId: null, traceState: "", name: "n", kind: "server", service: "s", status: "unset", statusMessage: "", startTimeUnixNano: "1795251602000000000", durationNano: 5, attributes, resource: nothing, scope: { name: "", version: "", ...nothing }, events: [], links: [] };
}

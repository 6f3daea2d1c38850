// Whole traces into one file of Jaeger's UI format, six at a time.
import { getJson } from "../../api/client";
import type { Envelope, JaegerTrace } from "../../api/jaeger";

const AT_ONCE = 6;

/** Fetch the traces, telling how many are there, and hand the file to the browser. */
export async function download(ids: readonly string[], progress: (done: number) => void): Promise<void> {
  const traces = Array.from<JaegerTrace | undefined>({ length: ids.length });
  let [next, done] = [0, 0];
  const worker = async () => {
    while (next < ids.length) {
      const at = next++;
      traces[at] = (await getJson<Envelope<JaegerTrace[]>>(`api/traces/${ids[at]}`)).data[0];
      progress(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, worker));
  save(new Blob([JSON.stringify({ data: traces })], { type: "application/json" }), `traces-${ids.length}.json`);
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

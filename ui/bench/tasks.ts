// What holds the page's main thread up: the longest task, by the clock and by its own CPU (which neighbours on the machine do not stretch).
import type { Page } from "@playwright/test";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds; by the clock, and of CPU. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface Longest {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Do something and answer the longest tasks of the renderers' main threads meanwhile. */
export async function longestTask(page: Page, act: () => Promise<void>): Promise<Longest> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => void events.push(...(value as unknown as TraceEvent[])));
  const completed = new Promise<void>((resolve) => session.once("Tracing.tracingComplete", () => resolve()));
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["toplevel"] } });
  await act();
  await session.send("Tracing.end");
  await completed;
  const mains = new Set(events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = events.filter(({ name, ph, pid, tid }) => ph === "X" && name.endsWith("RunTask") && mains.has(`${pid} ${tid}`));
  const most = (of: (task: TraceEvent) => number) => tasks.reduce((sum, task) => Math.max(sum, of(task) / 1_000), 0);
  return { wallMs: most(({ dur = 0 }) => dur), cpuMs: most(({ tdur = 0 }) => tdur) };
}

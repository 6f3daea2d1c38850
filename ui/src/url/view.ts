// How the search page shows what it found, as parameters of ours: none of them changes what is searched.

export const CHARTS = ["heat", "scatter", "none"] as const;
export type Chart = (typeof CHARTS)[number];

export interface View {
  chart: Chart;
  /** Traces picked to be compared, in the order of picking. */
  pick: readonly string[];
  /** Facets beyond the usual ones. */
  facet: readonly string[];
  live: boolean;
  /** Files that were handed over, shown in place of a search. */
  upload: readonly string[];
}

const NAMES = ["chart", "pick", "facet", "live", "upload"] as const;

/** The view that these parameters say. */
export function readView(params: URLSearchParams): View {
  const chart = params.get("chart") as Chart;
  return {
    chart: CHARTS.includes(chart) ? chart : "heat",
    pick: [...new Set(params.getAll("pick"))],
    facet: [...new Set(params.getAll("facet"))],
    live: params.get("live") === "1",
    upload: [...new Set(params.getAll("upload"))],
  };
}

/** The parameters with the view changed; the search stays as it is written. */
export function withView(params: URLSearchParams, change: Partial<View>): URLSearchParams {
  const view = { ...readView(params), ...change };
  const written = new URLSearchParams(params);
  for (const name of NAMES) written.delete(name);
  if (view.chart !== "heat") written.set("chart", view.chart);
  for (const id of view.pick) written.append("pick", id);
  for (const key of view.facet) written.append("facet", key);
  if (view.live) written.set("live", "1");
  for (const id of view.upload) written.append("upload", id);
  return written;
}

// The calls between services as a table: the same as the drawing, for reading, sorting, and going to the traces.
import type { Edge } from "../../api/graph";
import { formatCount, t } from "../../i18n";
import { formatDuration, formatShare } from "../../time/format";
import { useGrowing } from "../../ui/growing";
import { SortHead, sorted } from "../../ui/sort_head";
import { COLUMNS, type Column, type MapState } from "../../url/map";
import type { Window } from "../../url/range";
import { href } from "../../url/router";
import { writeValue } from "../../query/write";

const ROWS_AT_ONCE = 20;

interface Props {
  edges: readonly Edge[];
  state: MapState;
  window: Window;
  change: (difference: Partial<MapState>) => void;
}

export function EdgeTable({ edges, state, window, change }: Props) {
  const sought = state.uiFind.trim().toLowerCase();
  const found = sought ? edges.filter(({ parent, child }) => `${parent} ${child}`.toLowerCase().includes(sought)) : edges;
  const rows = sorted(found, (edge) => valueOf(edge, state.sort), state.isDescending);
  const { drawn, rest } = useGrowing<HTMLDivElement>(rows.length, ROWS_AT_ONCE);
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={t("map.table")}>
      <table class="numbers">
        <thead>
          <tr>
            {COLUMNS.map((name) => (
              <SortHead key={name} name={name} label={t(`map.column.${name}`)} sort={state.sort} isDescending={state.isDescending} isText={name === "parent" || name === "child"} change={change} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, drawn).map((edge) => (
            <tr key={`${edge.parent} ${edge.child}`}>
              <td>{edge.parent}</td>
              <td>
                <a href={tracesOf(edge, window)} title={t("map.traces")}>
                  {edge.child}
                </a>
              </td>
              <td class="number">{formatCount(edge.callCount)}</td>
              <td class={edge.errorCount ? "number bad" : "number"}>{formatCount(edge.errorCount)}</td>
              <td class={edge.errorCount ? "number bad" : "number"}>{formatShare(edge.errorCount / Math.max(edge.callCount, 1))}</td>
              <td class="number">{formatDuration(edge.p50Nano / 1000)}</td>
              <td class="number">{formatDuration(edge.p95Nano / 1000)}</td>
              <td class="number">{formatDuration(edge.p99Nano / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rest && <div ref={rest} class="not-drawn" style={{ height: `${(rows.length - drawn) * 31}px` }} />}
    </div>
  );
}

function valueOf(edge: Edge, column: Column): string | number {
  return column === "errorShare" ? edge.errorCount / Math.max(edge.callCount, 1) : edge[column];
}

function tracesOf({ parent, child }: Edge, { start, end }: Window): string {
  const q = parent === child ? named(child) : `${named(parent)} and ${named(child)}`;
  return href("/search", { q, lookback: "custom", start: String(Math.floor(start)), end: String(Math.ceil(end)), order: "longest" });
}

function named(service: string): string {
  return `{ service = ${writeValue({ text: service, quoted: false })} }`;
}

// The trace as a graph of paths: what calls what, how often, how long. HTML nodes over SVG lines.
import { useMemo } from "preact/hooks";
import { formatCount, t } from "../../i18n";
import { hueColour } from "../../model/colours";
import { mergePaths } from "../../model/paths";
import { placeNodes } from "../../model/tree";
import { nameOf, serviceOf } from "../../model/trace";
import { formatDuration } from "../../time/format";
import type { Store } from "./store";

const NODES_MAX = 300;
const [COLUMN, ROW, WIDTH, HEIGHT] = [270, 66, 220, 54];

export function Graph({ store }: { store: Store }) {
  const { trace } = store;
  const paths = useMemo(() => mergePaths(trace), [trace]);
  const placed = useMemo(() => placeNodes(paths, NODES_MAX), [paths]);
  const places = useMemo(() => new Map(placed.map((each) => [each.node, each])), [placed]);
  const matched = useMemo(() => {
    const nodes = new Set<number>();
    store.matches.value?.forEach((match, row) => match && nodes.add(paths.of[row]!));
    return store.matches.value ? nodes : null;
  }, [store.matches.value, paths]);
  const whole = Math.max(trace.durationNano, 1);
  const width = placed.reduce((most, { column }) => Math.max(most, column + 1), 1) * COLUMN;
  const height = placed.reduce((most, { row }) => Math.max(most, row + 1), 1) * ROW;
  return (
    <section class="view graph" aria-label={t("view.graph")}>
      {paths.count > placed.length && <p class="view-head soft">{t("graph.cut", { shown: formatCount(placed.length), total: formatCount(paths.count) })}</p>}
      <div class="scrolled" tabIndex={0}>
        <div class="canvas" style={{ width: `${width}px`, height: `${height}px` }}>
          <svg width={width} height={height} aria-hidden="true">
            {placed.filter(({ parent }) => parent >= 0).map(({ node, column, row, parent }) => {
              const from = places.get(parent)!;
              const [x1, y1, x2, y2] = [from.column * COLUMN + WIDTH, from.row * ROW + HEIGHT / 2, column * COLUMN, row * ROW + HEIGHT / 2];
              return <path key={node} data-critical={paths.criticalTimes[node]! > 0 || undefined} d={`M${x1} ${y1}C${x1 + 25} ${y1} ${x2 - 25} ${y2} ${x2} ${y2}`} />;
            })}
          </svg>
          {placed.map(({ node, column, row, hidden }) => {
            const at = paths.rows[node]!;
            return (
              <button
                key={node}
                class="node"
                data-dim={(matched && !matched.has(node)) || undefined}
                data-bad={paths.errors[node]! > 0 || undefined}
                title={`${serviceOf(trace, at)} · ${nameOf(trace, at)}`}
                style={{ left: `${column * COLUMN}px`, top: `${row * ROW}px`, width: `${WIDTH}px`, height: `${HEIGHT}px`, "--colour": hueColour(store.hues.get(serviceOf(trace, at)) ?? 0), "--share": `${Math.min((100 * paths.selfTimes[node]!) / whole, 100)}%` }}
                onClick={() => store.choose(at)}
              >
                <b>{serviceOf(trace, at)}</b> <span class="op">{nameOf(trace, at)}</span>
                <span class="sums">
                  {formatCount(paths.counts[node]!)}× · {formatDuration(paths.totals[node]! / 1000)} · {t("graph.self")} {formatDuration(paths.selfTimes[node]! / 1000)}
                  {paths.errors[node]! > 0 && <em> {formatCount(paths.errors[node]!)}!</em>}
                  {hidden > 0 && ` +${formatCount(hidden)}`}
                </span>
              </button>
            );
          })}
        </div>
      </div>
    </section>
  );
}

// The spans as a table: sorted by any column, only those that the filter asks for.
import { useMemo } from "preact/hooks";
import { formatCount, t } from "../../i18n";
import { hueColour } from "../../model/colours";
import { argsort } from "../../model/sort";
import { criticalTimes, Flag, kindOf, nameOf, serviceOf, type Trace } from "../../model/trace";
import { formatDuration } from "../../time/format";
import { List, SortHead } from "./list";
import type { Store } from "./store";

const TEXTS = new Set(["service", "name", "kind"]);

export function Spans({ store }: { store: Store }) {
  const { trace } = store;
  const sort = store.state.value.sort || "-duration";
  const matches = store.matches.value;
  const rows = useMemo(() => sortedRows(trace, sort, matches), [trace, sort, matches]);
  const head = { sort, onSort: (next: string) => store.change({ sort: next }) };
  const share = (nano: number) => `${trace.durationNano > 0 ? Math.min((100 * nano) / trace.durationNano, 100) : 0}%`;
  const row = (index: number) => {
    const at = rows[index]!;
    return (
      <div class="list-row" role="row" key={at} aria-rowindex={index + 2} aria-selected={store.chosen.value === at} style={{ "--colour": hueColour(store.hues.get(serviceOf(trace, at)) ?? 0) }} onClick={() => store.choose(at)}>
        <span role="cell">
          <b class="service-name">{serviceOf(trace, at)}</b>
        </span>
        <span role="cell">
          {trace.flags[at]! & Flag.error ? <b class="failed" title={t("span.error")}>!</b> : null}
          <button class="plain name" onClick={() => store.choose(at)}>
            {nameOf(trace, at)}
          </button>
        </span>
        <span role="cell">{t(`kind.${kindOf(trace, at)}`)}</span>
        <span role="cell" class="number">
          {formatDuration(trace.starts[at]! / 1000)}
        </span>
        <span role="cell" class="number meter" style={{ "--share": share(trace.durations[at]!) }}>
          {formatDuration(trace.durations[at]! / 1000)}
        </span>
        <span role="cell" class="number">
          {formatDuration(trace.selfTimes[at]! / 1000)}
        </span>
        <span role="cell" class="number">
          {formatDuration(criticalTimes(trace)[at]! / 1000)}
        </span>
      </div>
    );
  };
  return (
    <section class="view" aria-label={t("view.spans")}>
      <List
        count={rows.length}
        label={`${t("view.spans")}: ${formatCount(rows.length)}`}
        leastPx={830}
        columns="minmax(110px, 1fr) minmax(160px, 2fr) 90px 100px 140px 100px 110px"
        row={row}
        head={
          <>
            <SortHead name="service" isText {...head}>{t("stat.service")}</SortHead>
            <SortHead name="name" isText {...head}>{t("stat.operation")}</SortHead>
            <SortHead name="kind" isText {...head}>{t("span.kind")}</SortHead>
            <SortHead name="start" {...head}>{t("trace.start")}</SortHead>
            <SortHead name="duration" {...head}>{t("span.duration")}</SortHead>
            <SortHead name="self" {...head}>{t("span.selfTime")}</SortHead>
            <SortHead name="critical" {...head}>{t("span.criticalTime")}</SortHead>
          </>
        }
      />
    </section>
  );
}

/** The rows asked for in the order of a column. */
function sortedRows(trace: Trace, sort: string, matches: Uint8Array | null): Uint32Array {
  const isDown = sort.startsWith("-");
  const column = isDown ? sort.slice(1) : sort;
  const values = TEXTS.has(column) ? ranks(trace, column) : Float64Array.from(numbersOf(trace, column));
  const rows = argsort(isDown ? values.map((value) => -value) : values);
  return matches ? rows.filter((row) => matches[row]) : rows;
}

function numbersOf(trace: Trace, column: string): ArrayLike<number> {
  if (column === "start") return trace.starts;
  if (column === "self") return trace.selfTimes;
  if (column === "critical") return criticalTimes(trace);
  return trace.durations;
}

function ranks(trace: Trace, column: string): Float64Array {
  if (column === "kind") return Float64Array.from(trace.flags, (flag) => flag & 7);
  const [codes, names] = column === "service" ? [trace.services, trace.serviceNames] : [trace.names, trace.spanNames];
  const rank = new Float64Array(names.length);
  Array.from(names, (_, code) => code).sort((a, b) => (names[a]! < names[b]! ? -1 : 1)).forEach((code, place) => (rank[code] = place));
  return Float64Array.from(codes, (code) => rank[code]!);
}

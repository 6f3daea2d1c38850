// Statistics of the spans, grouped by service, operation or any attribute, once or twice; a click leads to the spans.
import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { listKeys, loadColumn } from "../../api/trace";
import { formatCount, t, type Key } from "../../i18n";
import { byName, byService, statisticsOf, type Grouping, type Statistic } from "../../model/statistics";
import { formatDuration } from "../../time/format";
import { SortHead } from "./list";
import type { Store } from "./store";

type Column = { [Name in keyof Statistic]: Statistic[Name] extends number ? Name : never }[keyof Statistic];

const TIMES: ReadonlySet<Column> = new Set(["total", "average", "least", "most", "p50", "p90", "p99", "selfTotal", "selfAverage", "selfLeast", "selfMost", "critical"]);
const COLUMNS: readonly Column[] = ["count", "errors", "total", "average", "least", "p50", "p90", "p99", "most", "selfTotal", "selfAverage", "selfLeast", "selfMost", "selfShare", "critical"];
const LINES_MAX = 1_000;
const PARTS_MAX = 200;

export function Statistics({ store }: { store: Store }) {
  const { trace } = store;
  const group = store.state.value.group || "service";
  const within = store.state.value.within;
  const [first, second] = [useGrouping(store, group), useGrouping(store, within)];
  const matches = store.matches.value;
  const lines = useMemo(() => (first ? statisticsOf(trace, first, { only: matches }) : []), [first, matches]);
  const parts = useMemo(() => (first && second ? statisticsOf(trace, first, { within: second, only: matches }) : []), [first, second, matches]);
  const sort = store.state.value.sort || "-total";
  const head = { sort, onSort: (next: string) => store.change({ sort: next }) };
  return (
    <section class="view statistics" aria-label={t("view.statistics")}>
      <header class="view-head">
        <Choice store={store} label={t("stat.groupBy")} value={group} onChange={(next) => store.change({ group: next, within: next === within ? "" : within })} />
        <Choice store={store} label={t("stat.within")} value={within} isOptional onChange={(next) => store.change({ within: next })} />
        <a class="button" download={`${trace.traceId}.csv`} href={csvAddress([...lines])}>
          CSV
        </a>
      </header>
      <div class="scrolled" tabIndex={0}>
        <table>
          <thead role="rowgroup">
            <tr role="row">
              <SortHead name="label" isText {...head}>
                {t("stat.group")}
              </SortHead>
              {COLUMNS.map((column) => (
                <SortHead key={column} name={column} {...head}>
                  {t(`stat.${column}` as Key)}
                </SortHead>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted(lines, sort).slice(0, LINES_MAX).map((line) => (
              <Fragment key={line.code}>
                <Line line={line} all={lines} onOpen={() => open(store, group, line.label)} />
                {sorted(parts.filter((part) => part.code === line.code), sort).slice(0, PARTS_MAX).map((part) => (
                  <Line key={part.within} line={part} all={parts} isPart onOpen={() => open(store, within, part.label, group, line.label)} />
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Line({ line, all, onOpen, isPart = false }: { line: Statistic; all: readonly Statistic[]; onOpen: () => void; isPart?: boolean }) {
  const most = Math.max(...all.map(({ total }) => total), 1);
  return (
    <tr data-part={isPart || undefined}>
      <th scope="row">
        <button class="plain" title={t("stat.open")} onClick={onOpen}>
          {line.label || t("stat.none")}
        </button>
      </th>
      {COLUMNS.map((column) => (
        <td key={column} class={column === "total" ? "meter" : column === "errors" && line.errors ? "bad" : ""} style={column === "total" ? { "--share": `${(100 * line.total) / most}%` } : {}}>
          {TIMES.has(column) ? formatDuration(line[column] / 1000) : column === "selfShare" ? `${line.selfShare.toFixed(1)} %` : formatCount(line[column])}
        </td>
      ))}
    </tr>
  );
}

function Choice({ store, label, value, onChange, isOptional = false }: { store: Store; label: string; value: string; onChange: (value: string) => void; isOptional?: boolean }) {
  const keys = useSignal<readonly string[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    listKeys(store.source, controller.signal).then(
      (found) => (keys.value = found.map(({ key, scope }) => `${scope}:${key}`)),
      () => undefined, // Without the list, service and operation are there to choose.
    );
    return () => controller.abort();
  }, []);
  const known = ["service", "operation", ...keys.value];
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {isOptional && <option value="">–</option>}
        {[...known, ...(value && !known.includes(value) ? [value] : [])].map((name) => (
          <option key={name} value={name}>
            {name === "service" ? t("stat.service") : name === "operation" ? t("stat.operation") : name.slice(name.indexOf(":") + 1)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The grouping of that name; null while an attribute's values are fetched, or without a name. */
function useGrouping(store: Store, name: string): Grouping | null {
  const { trace } = store;
  const fetched = useSignal<{ name: string; grouping: Grouping } | null>(null);
  useEffect(() => {
    const [, scope, key] = /^(span|resource):(.+)$/.exec(name) ?? [];
    if (!scope || !key) return undefined;
    const controller = new AbortController();
    loadColumn(store.source, key, scope, controller.signal).then(
      ({ codes, values }) => (fetched.value = { name, grouping: { codes, labels: ["", ...values] } }),
      () => (fetched.value = { name, grouping: { codes: new Uint32Array(trace.count), labels: [""] } }),
    );
    return () => controller.abort();
  }, [name]);
  const plain = useMemo(() => (name === "service" ? byService(trace) : name === "operation" ? byName(trace) : null), [name]);
  return plain ?? (fetched.value?.name === name ? fetched.value.grouping : null);
}

/** Go to the waterfall with only the spans of a group. */
function open(store: Store, group: string, label: string, outer = "", outerLabel = ""): void {
  const told = [[group, label], [outer, outerLabel]] as const;
  const service = told.find(([name]) => name === "service")?.[1];
  const terms = told.filter(([name, value]) => name && name !== "service" && value).map(([name, value]) => `"${name === "operation" ? value : `${name.slice(name.indexOf(":") + 1)}=${value}`}"`);
  store.change({ view: "waterfall", others: "hide", services: service ? [service] : store.state.peek().services, find: terms[0] ?? "" });
}

function sorted(lines: readonly Statistic[], sort: string): Statistic[] {
  const isDown = sort.startsWith("-");
  const column = (isDown ? sort.slice(1) : sort) as Column | "label";
  const order = (a: Statistic, b: Statistic) => {
    const [x, y] = [a[column] ?? 0, b[column] ?? 0];
    return x < y ? -1 : x > y ? 1 : 0;
  };
  return [...lines].sort(isDown ? (a, b) => order(b, a) : order);
}

function csvAddress(lines: readonly Statistic[]): string {
  const rows = lines.map((line) => [`"${line.label.replaceAll('"', '""')}"`, ...COLUMNS.map((column) => line[column])].join(","));
  return `data:text/csv;charset=utf-8,${encodeURIComponent(["group", ...COLUMNS].join(",") + "\n" + rows.join("\n"))}`;
}

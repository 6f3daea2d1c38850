// What differs between two traces: sums, the merged tree of paths, and the attributes of the chosen path.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { ComparedPath, ComparedTrace, Comparison } from "../../api/trace";
import { formatCount, t, tn } from "../../i18n";
import { hueColour, serviceHues } from "../../model/colours";
import { chosenPaths, difference, extentOf, ORDERS, type CompareOrder } from "../../model/compared";
import { formatDuration } from "../../time/format";
import { go, href, place } from "../../url/router";
import { List } from "../trace/list";
import type { Both } from "./page";

const INDENT_MAX = 20;

export function Compared({ both }: { both: Both }) {
  const { answer } = both;
  const { params } = place.value;
  const order = ORDERS.find((each) => each === params.get("order")) ?? "tree";
  const isSideBySide = params.get("view") === "side";
  const onlyDifferent = params.get("same") !== "1";
  const find = params.get("uiFind") ?? "";
  const chosen = useSignal<number | null>(null);
  const hues = useMemo(() => serviceHues([...new Set(answer.paths.map(({ service }) => service))]), [answer]);
  const longestNano = Math.max(answer.a.durationNano, answer.b.durationNano, 1);
  const paths = useMemo(() => chosenPaths(answer.paths, { order, onlyDifferent, find, longestNano }), [answer, order, onlyDifferent, find]);
  const widest = useMemo(() => paths.reduce((most, path) => Math.max(most, Math.abs(difference(path, order === "self" ? "self" : "total"))), 1), [paths, order]);
  const row = (index: number) => {
    const path = paths[index]!;
    return (
      <div class="list-row" role="row" key={path.id} data-change={path.change} aria-rowindex={index + 2} aria-selected={chosen.value === path.id} style={{ "--colour": hueColour(hues.get(path.service) ?? 0) }} onClick={() => (chosen.value = chosen.value === path.id ? null : path.id)}>
        <Name path={path} isTree={order === "tree"} choose={() => (chosen.value = path.id)} />
        {isSideBySide ? <Bars path={path} both={both} longestNano={longestNano} /> : <Numbers path={path} widest={widest} what={order === "self" ? "self" : "total"} />}
      </div>
    );
  };
  return (
    <>
      <Sums answer={answer} />
      <Tools order={order} onlyDifferent={onlyDifferent} isSideBySide={isSideBySide} find={find} shown={paths.length} total={answer.paths.length} />
      <div class="split" data-beside={chosen.value !== null || undefined}>
        <section class="view" aria-label={t("compare.title")}>
          <List count={paths.length} label={t("compare.title")} leastPx={isSideBySide ? 560 : 1010} columns={isSideBySide ? "minmax(220px, 1fr) minmax(160px, 1fr) minmax(160px, 1fr)" : "minmax(240px, 1fr) 64px 64px 92px 92px minmax(190px, 0.7fr) 92px 84px 84px"} row={row} head={<Heads isSideBySide={isSideBySide} what={order === "self" ? "self" : "total"} />} />
        </section>
        {chosen.value !== null && <Chosen answer={answer} path={answer.paths.find(({ id }) => id === chosen.value)!} close={() => (chosen.value = null)} />}
      </div>
    </>
  );
}

function Sums({ answer: { a, b, paths } }: { answer: Comparison }) {
  const changed = (change: ComparedPath["change"]) => paths.filter((path) => path.change === change).length;
  return (
    <div class="sums">
      <Sum side="a" trace={a} />
      <Sum side="b" trace={b} />
      <dl>
        <Delta name={t("trace.duration")} nano={b.durationNano - a.durationNano} />
        <div>
          <dt>{t("compare.added")}</dt>
          <dd>{formatCount(changed("added"))}</dd>
        </div>
        <div>
          <dt>{t("compare.removed")}</dt>
          <dd>{formatCount(changed("removed"))}</dd>
        </div>
        <div>
          <dt>{t("compare.counts")}</dt>
          <dd>{formatCount(changed("more") + changed("fewer"))}</dd>
        </div>
      </dl>
    </div>
  );
}

function Sum({ side, trace }: { side: "a" | "b"; trace: ComparedTrace }) {
  return (
    <p>
      <b class="side" data-side={side}>
        {side.toUpperCase()}
      </b>{" "}
      <a href={href(`/trace/${trace.traceId}`)}>
        <b>{trace.rootService}</b> {trace.rootName}
      </a>
      <span class="soft">
        {formatDuration(trace.durationNano / 1000)} · {tn("search.spans", "search.spansOne", trace.spanCount)}
        {trace.errorCount > 0 && (
          <em class="bad">
            {" "}
            · {tn("search.errors", "search.errorsOne", trace.errorCount)}
          </em>
        )}
      </span>
    </p>
  );
}

function Delta({ name, nano }: { name: string; nano: number }) {
  return (
    <div>
      <dt>Δ {name}</dt>
      <dd class={nano > 0 ? "worse" : nano < 0 ? "better" : ""}>{signed(nano)}</dd>
    </div>
  );
}

function Tools({ order, onlyDifferent, isSideBySide, find, shown, total }: { order: CompareOrder; onlyDifferent: boolean; isSideBySide: boolean; find: string; shown: number; total: number }) {
  return (
    <div class="tools">
      <span class="tabs" role="group" aria-label={t("trace.views")}>
        <button aria-pressed={!isSideBySide} onClick={() => set("view", "")}>
          {t("compare.merged")}
        </button>
        <button aria-pressed={isSideBySide} onClick={() => set("view", "side")}>
          {t("compare.sideBySide")}
        </button>
      </span>
      <input type="search" value={find} placeholder={t("compare.find")} aria-label={t("compare.find")} onInput={(event) => set("uiFind", event.currentTarget.value)} />
      <select aria-label={t("compare.order")} value={order} onChange={(event) => set("order", event.currentTarget.value === "tree" ? "" : event.currentTarget.value)}>
        {ORDERS.map((each) => (
          <option key={each} value={each}>
            {t(`compare.order.${each}`)}
          </option>
        ))}
      </select>
      <button aria-pressed={onlyDifferent} onClick={() => set("same", onlyDifferent ? "1" : "")}>
        {t("compare.onlyDifferent")}
      </button>
      <output>{t("trace.matches", { n: formatCount(shown), total: formatCount(total) })}</output>
    </div>
  );
}

function set(name: string, value: string): void {
  const params = new URLSearchParams(place.peek().params);
  if (value) params.set(name, value);
  else params.delete(name);
  go(place.peek().path, params, { replace: true });
}

function Heads({ isSideBySide, what }: { isSideBySide: boolean; what: "total" | "self" }) {
  const time = t(what === "self" ? "span.selfTime" : "stat.total");
  const names = isSideBySide ? ["A", "B"] : ["n A", "n B", `${time} A`, `${time} B`, `Δ ${time}`, t("compare.selfDelta"), t("compare.errorsOf", { side: "A" }), t("compare.errorsOf", { side: "B" })];
  return (
    <>
      <span role="columnheader">{t("compare.path")}</span>
      {names.map((name) => (
        <span key={name} role="columnheader" class={isSideBySide ? "" : "number"} title={name}>
          {name}
        </span>
      ))}
    </>
  );
}

function Name({ path, isTree, choose }: { path: ComparedPath; isTree: boolean; choose: () => void }) {
  return (
    <span role="cell" class="path" style={{ paddingInlineStart: `${8 + (isTree ? Math.min(path.depth, INDENT_MAX) * 12 : 0)}px` }} title={`${path.service} · ${path.name} (${t(`kind.${path.kind}`)})`}>
      <i class="change" title={t(`compare.change.${path.change}`)}>
        {{ added: "+", removed: "−", more: "↑", fewer: "↓", same: "" }[path.change]}
      </i>
      <b class="service-name">{path.service}</b>
      <button class="plain name" onClick={choose}>
        {path.name}
      </button>
    </span>
  );
}

function Numbers({ path: { a, b, ...path }, widest, what }: { path: ComparedPath; widest: number; what: "total" | "self" }) {
  const time = (side: typeof a) => (side.spanCount ? formatDuration((what === "self" ? side.selfNano : side.totalNano) / 1000) : "–");
  const delta = difference({ a, b, ...path }, what);
  const self = difference({ a, b, ...path }, "self");
  return (
    <>
      <span role="cell" class="number">{formatCount(a.spanCount)}</span>
      <span role="cell" class="number" data-differs={a.spanCount !== b.spanCount || undefined}>{formatCount(b.spanCount)}</span>
      <span role="cell" class="number">{time(a)}</span>
      <span role="cell" class="number">{time(b)}</span>
      <span role="cell" class="delta">
        <i class={delta > 0 ? "slower" : "faster"} style={{ "--share": Math.abs(delta) / widest }} />
        <span class={delta > 0 ? "worse" : delta < 0 ? "better" : ""}>{signed(delta)}</span>
      </span>
      <span role="cell" class="number">{signed(self)}</span>
      <span role="cell" class="number">{a.errorCount || ""}</span>
      <span role="cell" class={b.errorCount ? "number bad" : "number"}>{b.errorCount || ""}</span>
    </>
  );
}

function Bars({ path, both, longestNano }: { path: ComparedPath; both: Both; longestNano: number }) {
  return (
    <>
      {(["a", "b"] as const).map((side) => {
        const extent = extentOf(both[side], path[side]);
        return (
          <span role="cell" class="bars" key={side}>
            {extent && <i class="bar" style={{ left: `${(100 * extent[0]) / longestNano}%`, width: `max(${(100 * (extent[1] - extent[0])) / longestNano}%, 2px)` }} />}
            <span class="said">{extent ? `${path[side].spanCount > 1 ? `${formatCount(path[side].spanCount)}× ` : ""}${formatDuration(path[side].totalNano / 1000)}` : "–"}</span>
          </span>
        );
      })}
    </>
  );
}

function Chosen({ answer, path, close }: { answer: Comparison; path: ComparedPath; close: () => void }) {
  const attributes = answer.attributes.filter((each) => each.path === path.id);
  return (
    <aside class="details" aria-label={t("span.details")}>
      <header>
        <h2>
          <b>{path.service}</b> {path.name}
        </h2>
        <button class="plain" aria-label={t("span.close")} title={t("span.close")} onClick={close}>
          ✕
        </button>
      </header>
      <p>
        {t(`compare.change.${path.change}`)}
        {(["a", "b"] as const).map((side) =>
          path[side].rows.length > 0 ? (
            <a key={side} class="go" href={href(`/trace/${answer[side].traceId}`, { op: JSON.stringify([path.service, path.name]), others: "hide" })}>
              {t("compare.open", { side: side.toUpperCase() })}
            </a>
          ) : null,
        )}
      </p>
      <h3>{t("compare.attributes")}</h3>
      {!attributes.length && <p class="soft">{t("compare.noAttributes")}</p>}
      {attributes.map(({ key, scope, a, b }) => (
        <table key={`${scope} ${key}`}>
          <caption class="mono">{key}</caption>
          <tbody>
            {([["a", a], ["b", b]] as const).map(([side, values]) => (
              <tr key={side}>
                <th scope="row">
                  <b class="side" data-side={side}>
                    {side.toUpperCase()}
                  </b>
                </th>
                <td>
                  {values.map(({ value, spanCount }) => (
                    <div key={value}>
                      {value} <small>{formatCount(spanCount)}×</small>
                    </div>
                  ))}
                  {!values.length && "–"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </aside>
  );
}

function signed(nano: number): string {
  if (nano === 0) return "0";
  return (nano > 0 ? "+" : "−") + formatDuration(Math.abs(nano) / 1000);
}

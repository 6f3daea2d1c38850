// Why the trace was slow, and why it failed: what the server computed, in a few lines that lead to the rows.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { resource } from "../../api/resource";
import { explainTrace, type Why } from "../../api/trace";
import { formatCount, t } from "../../i18n";
import { hueColour } from "../../model/colours";
import { writeSubject, writeValue } from "../../query/write";
import { formatDuration } from "../../time/format";
import { href } from "../../url/router";
import { formatShare } from "./percent";
import type { Store } from "./store";

const STORED = "lymer.trace.why";
const LINES = 4;
const LEAST_SHARE = 0.01;
/** Twelve hours before and after. */
const AROUND_US = 12 * 3_600_000_000;

export function WhyBox({ store }: { store: Store }) {
  const answer = useMemo(() => resource<Why>(), []);
  const isOpen = useSignal(localStorage.getItem(STORED) !== "closed" && innerWidth > 640);
  useEffect(() => answer.ask((signal) => explainTrace(store.source, signal)), [store]);
  const state = answer.state.value;
  if (state.kind !== "done" || store.trace.count < 2) return null;
  const why = state.value;
  if (!why.failed && !why.slow.contributors.length) return null;
  const turn = (event: Event) => {
    isOpen.value = (event.currentTarget as HTMLDetailsElement).open;
    localStorage.setItem(STORED, isOpen.value ? "open" : "closed");
  };
  return (
    <details class="why" open={isOpen.value} onToggle={turn}>
      <summary>
        {t("why.title")}
        <Short why={why} />
      </summary>
      <div class="boxes">
        {why.failed && <Failed store={store} failed={why.failed} />}
        <Slow store={store} slow={why.slow} />
      </div>
    </details>
  );
}

function Short({ why }: { why: Why }) {
  const first = why.slow.contributors[0];
  return (
    <small>
      {why.failed && (
        <span class="bad">
          {why.failed.service} {why.failed.operation}: {why.failed.exception?.message || why.failed.message || t("span.error")}
        </span>
      )}
      {first && (
        <span>
          {first.service} {first.operation} {formatShare(first.share)}
        </span>
      )}
    </small>
  );
}

function Slow({ store, slow }: { store: Store; slow: Why["slow"] }) {
  const top = slow.contributors.filter(({ share }, index) => index === 0 || share >= LEAST_SHARE).slice(0, LINES);
  const findings: ComponentChildren[] = [
    ...slow.repeats.slice(0, 2).map((each) => (
      <Finding store={store} row={each.rows[0] ?? each.parentRow} sign="×" key={`n${each.parentRow}${each.operation}`}>
        {t(each.isSequential ? "why.repeatsInTurn" : "why.repeats", { n: formatCount(each.count), what: `${each.service} ${each.operation}`, time: formatDuration(each.elapsedNano / 1000), share: formatShare(each.share) })}
      </Finding>
    )),
    ...slow.gaps.slice(0, 2).map((each) => (
      <Finding store={store} row={each.row} sign="⋯" key={`g${each.row}-${each.startNano}`} zoom={[each.startNano, each.endNano]}>
        {t("why.gap", { time: formatDuration(each.durationNano / 1000), what: `${each.service} ${each.operation}`, share: formatShare(each.share) })}
      </Finding>
    )),
    ...slow.retries.slice(0, 2).map((each) => (
      <Finding store={store} row={each.rows[0] ?? each.parentRow} sign="↻" key={`r${each.parentRow}${each.operation}`}>
        {t(each.succeeded ? "why.retried" : "why.retriedInVain", { n: formatCount(each.attemptCount), what: `${each.service} ${each.operation}`, time: formatDuration(each.totalNano / 1000) })}
      </Finding>
    )),
  ];
  return (
    <section class="box" aria-label={t("why.slow")}>
      <h2>{t("why.slow")}</h2>
      <ol class="contributors">
        {top.map((each) => (
          <li key={`${each.service} ${each.operation}`} style={{ "--colour": hueColour(store.hues.get(each.service) ?? 0), "--share": each.share }}>
            <button class="plain" onClick={() => each.rows[0] !== undefined && store.show(each.rows[0])}>
              <span class="meter" />
              <b>{formatShare(each.share)}</b>
              <span class="what">
                {each.service} <i>{each.operation}</i>
              </span>
              <span class="time">
                {formatDuration(each.criticalNano / 1000)}
                {each.spanCount > 1 && ` · ${formatCount(each.spanCount)}×`}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {findings.length > 0 && <ul class="findings">{findings}</ul>}
    </section>
  );
}

function Finding({ store, row, sign, zoom, children }: { store: Store; row: number; sign: string; zoom?: [number, number]; children: ComponentChildren }) {
  const show = () => {
    if (zoom) store.change({ marks: zoom });
    store.show(row);
  };
  return (
    <li>
      <button class="plain" onClick={show}>
        <span class="sign" aria-hidden="true">
          {sign}
        </span>
        <span class="what">{children}</span>
      </button>
    </li>
  );
}

function Failed({ store, failed }: { store: Store; failed: NonNullable<Why["failed"]> }) {
  const frames = ownFrames(failed.exception?.stacktrace ?? "");
  return (
    <section class="box failure" aria-label={t("why.failed")}>
      <h2>{t("why.failed")}</h2>
      <p class="cause">
        <b>{failed.exception?.type ?? t("span.error")}</b> {failed.exception?.message || failed.message}
      </p>
      <ol class="chain">
        {failed.chain.map(({ row, service, operation, message }) => (
          <li key={row}>
            <button class="plain" title={message} onClick={() => store.show(row)}>
              {service} <i>{operation}</i>
            </button>
          </li>
        ))}
      </ol>
      {frames.length > 0 && <pre>{frames.join("\n")}</pre>}
      {!store.source.upload && (
        <a class="same" href={sameError(store, failed)}>
          {t("why.same")}
        </a>
      )}
      {failed.unrelatedRows.length > 0 && (
        <button class="plain soft" onClick={() => store.show(failed.unrelatedRows[0]!)}>
          {t("why.unrelated", { n: formatCount(failed.unrelatedRows.length) })}
        </button>
      )}
    </section>
  );
}

/** A search for traces of the same time in which the service failed in the same way. */
function sameError({ trace }: Store, { service, exception, message }: NonNullable<Why["failed"]>): string {
  const how = exception?.type ? is(writeSubject("exception.type", "event"), exception.type) : message ? is("status.message", message) : "status = error";
  const start = Number(trace.startNano / 1000n);
  return href("/search", { service, q: how, lookback: "custom", start: String(start - AROUND_US), end: String(start + AROUND_US) });
}

function is(subject: string, text: string): string {
  return `${subject} = ${writeValue({ text, quoted: true })}`;
}

/** The lines of a stack that name a place, the innermost three: libraries' ones only where there are no others. */
function ownFrames(stack: string): string[] {
  const frames = stack.slice(0, 20_000).split("\n").map((line) => line.trim()).filter((line) => /^(File "|at |\S+\.go:\d|#\d)/.test(line));
  const own = frames.filter((line) => !/site-packages|node_modules|\bnode:|\/lib\/python|java\.base|\bsun\.|jdk\./.test(line));
  const chosen = own.length ? own : frames;
  return stack.includes("Traceback") ? chosen.slice(-3) : chosen.slice(0, 3);
}

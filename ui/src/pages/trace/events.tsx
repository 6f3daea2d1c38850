// The events of all spans by time.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { listEvents, type SpanEvent } from "../../api/trace";
import { formatCount, t } from "../../i18n";
import { hueColour } from "../../model/colours";
import { nameOf, serviceOf } from "../../model/trace";
import { formatDuration } from "../../time/format";
import { Notice, Progress } from "../../ui/notice";
import { List } from "./list";
import type { Store } from "./store";

type Listed = SpanEvent & { row: number };

export function Events({ store }: { store: Store }) {
  const { trace, source } = store;
  const known = useSignal<{ events: Listed[]; total: number; cursor: string | null } | "failed" | null>(null);
  const asking = useSignal(false);
  const more = () => {
    const before = known.peek();
    if (asking.peek() || before === "failed" || (before && !before.cursor)) return;
    asking.value = true;
    listEvents(source, before?.cursor ?? null, new AbortController().signal).then(
      (page) => {
        known.value = { ...page, events: [...(before?.events ?? []), ...page.events] };
        asking.value = false;
      },
      () => {
        known.value ??= "failed";
        asking.value = false;
      },
    );
  };
  useEffect(more, []);
  const state = known.value;
  if (state === null) return <Progress label={t("trace.loading")} />;
  if (state === "failed") return <Notice title={t("event.failed")} />;
  if (!state.events.length) return <Notice title={t("event.none")} />;
  const { matches } = store;
  const shown = matches.value ? state.events.filter(({ row }) => matches.value![row]) : state.events;
  const row = (index: number) => {
    const event = shown[index]!;
    const after = Number(BigInt(event.timeUnixNano) - trace.startNano) / 1000;
    return (
      <div class="list-row" role="row" key={index} aria-rowindex={index + 2} aria-selected={store.chosen.value === event.row} style={{ "--colour": hueColour(store.hues.get(serviceOf(trace, event.row)) ?? 0) }} onClick={() => store.choose(event.row)}>
        <span role="cell" class="number">
          {after < 0 ? `−${formatDuration(-after)}` : formatDuration(after)}
        </span>
        <span role="cell">
          <button class="plain name" data-bad={event.name === "exception" || undefined} onClick={() => store.choose(event.row)}>
            {event.name || t("stat.none")}
          </button>
        </span>
        <span role="cell">
          <b class="service-name">{serviceOf(trace, event.row)}</b> {nameOf(trace, event.row)}
        </span>
        <span role="cell" class="mono pairs">
          {event.attributes.map(({ key, value }) => `${key}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join("  ").slice(0, 400)}
        </span>
      </div>
    );
  };
  return (
    <section class="view" aria-label={t("view.events")}>
      <List
        count={shown.length}
        label={`${t("view.events")}: ${formatCount(state.total)}`}
        leastPx={600}
        columns="110px minmax(120px, 1fr) minmax(160px, 1.5fr) minmax(160px, 4fr)"
        row={row}
        onEnd={more}
        head={
          <>
            <span role="columnheader" class="number">{t("trace.start")}</span>
            <span role="columnheader">{t("event.name")}</span>
            <span role="columnheader">{t("span.details")}</span>
            <span role="columnheader">{t("span.attributes")}</span>
          </>
        }
      />
    </section>
  );
}

// What a search found: one row a trace, its length drawn against the longest of the list. Two can be picked to be compared.
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Summary } from "../../api/search";
import { formatCount, t, tn } from "../../i18n";
import { hueColour, serviceHues } from "../../model/colours";
import { formatClock, formatDuration, formatInstant } from "../../time/format";
import { useGrowing } from "../../ui/growing";
import { place, href } from "../../url/router";

const CHIPS_MAX = 8;
/** So many rows are made at a time: the rest when the reader comes near. */
const ROWS_AT_ONCE = 60;

interface Props {
  traces: readonly Summary[];
  picked: readonly string[];
  pick: (id: string) => void;
  /** Parameters of the link to a trace, for spans that were asked for or files that were handed over. */
  link?: (id: string) => Record<string, string>;
}

export function Results({ traces, picked, pick, link }: Props) {
  const longest = traces.reduce((most, trace) => Math.max(most, trace.duration), 1);
  const hues = serviceHues([...new Set(traces.flatMap((trace) => [trace.rootService, ...trace.services.map(({ name }) => name)]))]);
  const { drawn, rest } = useGrowing<HTMLLIElement>(traces.length, ROWS_AT_ONCE);
  return (
    <ol class="traces">
      {traces.slice(0, drawn).map((trace) => (
        <Row key={trace.traceId} trace={trace} longest={longest} hues={hues} isPicked={picked.includes(trace.traceId)} pick={pick} params={link?.(trace.traceId) ?? {}} />
      ))}
      {rest && <li ref={rest} class="not-drawn" aria-hidden="true" style={{ height: `${(traces.length - drawn) * 66}px` }} />}
    </ol>
  );
}

interface RowProps {
  trace: Summary;
  longest: number;
  hues: Map<string, number>;
  isPicked: boolean;
  pick: (id: string) => void;
  params: Record<string, string>;
}

function Row({ trace, longest, hues, isPicked, pick, params }: RowProps) {
  const embedded = useComputed(() => place.value.params.get("uiEmbed") === "v0");
  const name = trace.rootName || t("search.noRoot");
  return (
    <li data-trace={trace.traceId} style={{ "--colour": hueColour(hues.get(trace.rootService) ?? 0) }}>
      {!embedded.value && (
        <input
          type="checkbox"
          checked={isPicked}
          aria-label={t("search.pick", { name: `${trace.rootService} ${name} ${trace.traceId.slice(0, 7)}` })}
          onChange={() => pick(trace.traceId)}
        />
      )}
      <a class="trace-row" href={href(`/trace/${trace.traceId}`, params)}>
        <span class="bar" style={{ width: `${Math.max((100 * trace.duration) / longest, 0.3)}%` }} />
        <span class="title">
          <b>{trace.rootService}</b> {name}
        </span>
        <span class="length">{formatDuration(trace.duration)}</span>
        <span class="facts">
          <time title={formatInstant(trace.start)}>{formatClock(trace.start)}</time>
          <span>{tn("search.spans", "search.spansOne", trace.spanCount)}</span>
          {trace.errorCount > 0 && <span class="bad">{tn("search.errors", "search.errorsOne", trace.errorCount)}</span>}
          {trace.orphanCount > 0 && (
            <span class="warn" title={t("search.incompleteWhy")}>
              {t("search.incomplete")}
            </span>
          )}
          <Chips trace={trace} hues={hues} />
        </span>
        <code class="id">{trace.traceId.slice(0, 7)}</code>
      </a>
    </li>
  );
}

function Chips({ trace, hues }: { trace: Summary; hues: Map<string, number> }): ComponentChildren {
  const more = trace.services.length - CHIPS_MAX;
  return (
    <>
      {trace.services.slice(0, CHIPS_MAX).map((service) => (
        <span key={service.name} class="service" style={{ "--colour": hueColour(hues.get(service.name)!) }}>
          <i class="swatch" />
          {service.name} <small>{formatCount(service.spanCount)}</small>
          {service.errorCount > 0 && (
            <small class="bad" title={tn("search.errors", "search.errorsOne", service.errorCount)}>
              {" "}
              ✕{formatCount(service.errorCount)}
            </small>
          )}
        </span>
      ))}
      {more > 0 && <small>+{more}</small>}
    </>
  );
}

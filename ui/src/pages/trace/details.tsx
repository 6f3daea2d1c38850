// All that the chosen span said: times, attributes by category, resource, events, links, its exception, and the raw answer.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Attribute, SpanDetails, SpanEvent, SpanLink } from "../../api/trace";
import { formatCount, t } from "../../i18n";
import { CATEGORIES, categoryOf } from "../../model/categories";
import { linksOf, type LinkScope } from "../../model/links";
import { Flag, has, nameOf, segmentsOf, serviceOf } from "../../model/trace";
import { formatDuration, formatInstant } from "../../time/format";
import { href } from "../../url/router";
import { Copy } from "./copy";
import { Icon } from "./icon";
import { patterns } from "./patterns";
import { setPanel, panel } from "./panel";
import { formatShare } from "./percent";
import type { Store } from "./store";

export function Details({ store }: { store: Store }) {
  const row = store.chosen.value;
  const details = store.details.value;
  if (row === null || row < 0) return null;
  const { trace } = store;
  return (
    <aside class="details" aria-label={t("span.details")} aria-busy={details === "loading"}>
      <header>
        <h2>
          <b>{serviceOf(trace, row)}</b> {nameOf(trace, row)}
        </h2>
        <span class="actions">
          <button class="plain wide-only" title={t(panel.value === "side" ? "span.below" : "span.beside")} aria-label={t(panel.value === "side" ? "span.below" : "span.beside")} onClick={() => setPanel(panel.value === "side" ? "inline" : "side")}>
            <Icon name={panel.value === "side" ? "below" : "beside"} />
          </button>
          <button class="plain" title={t("span.close")} aria-label={t("span.close")} onClick={() => store.choose(null)}>
            <Icon name="close" />
          </button>
        </span>
      </header>
      <Times store={store} row={row} />
      {details === "failed" && <p class="warn">{t("span.failed")}</p>}
      {typeof details === "object" && details !== null && <Said store={store} span={details} />}
    </aside>
  );
}

function Times({ store: { trace, details }, row }: { store: Store; row: number }) {
  const { from, to } = segmentsOf(trace, row);
  let critical = 0;
  for (let at = from; at < to; at++) critical += trace.criticalPath.ends[at]! - trace.criticalPath.starts[at]!;
  const share = (nano: number) => (trace.durationNano > 0 ? ` · ${formatShare(nano / trace.durationNano)}` : "");
  const span = details.value;
  const facts: [string, ComponentChildren][] = [
    [t("span.start"), formatDuration(trace.starts[row]! / 1000)],
    [t("span.duration"), formatDuration(trace.durations[row]! / 1000) + share(trace.durations[row]!)],
    [t("span.selfTime"), formatDuration(trace.selfTimes[row]! / 1000)],
    ...(critical > 0 ? [[t("span.criticalTime"), formatDuration(critical / 1000) + share(critical)] as [string, string]] : []),
  ];
  return (
    <dl class="times">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {typeof span === "object" && span !== null && (
        <>
          <div>
            <dt>{t("span.kind")}</dt>
            <dd>{t(`kind.${span.kind}`)}</dd>
          </div>
          <div class="whole">
            <dt>{t("span.at")}</dt>
            <dd>{formatInstant(Number(BigInt(span.startTimeUnixNano) / 1000n))}</dd>
          </div>
          <div class="whole">
            <dt>{t("span.id")}</dt>
            <dd class="mono">
              {span.spanId} <Copy text={span.spanId} label={t("span.copyId")} />
              <Copy text={() => linkTo(span.spanId)} label={t("span.copyLink")} icon="link" />
            </dd>
          </div>
          {has(trace, row, Flag.orphan) && (
            <div class="whole">
              <dt>{t("span.missingParent")}</dt>
              <dd class="mono">{span.parentSpanId}</dd>
            </div>
          )}
        </>
      )}
    </dl>
  );
}

function linkTo(spanId: string): string {
  const url = new URL(location.href);
  url.searchParams.set("span", spanId);
  return url.href;
}

function Said({ store, span }: { store: Store; span: SpanDetails }) {
  const exceptions = span.events.filter((event) => event.name === "exception");
  return (
    <>
      {(span.status === "error" || span.statusMessage) && (
        <p class="status" data-status={span.status}>
          <b>{span.status === "error" ? t("span.error") : t("span.status")}</b> {span.statusMessage}
        </p>
      )}
      {exceptions.map((event, index) => (
        <Exception key={index} event={event} />
      ))}
      <Attributes store={store} span={span} scope="span" title={t("span.attributes")} attributes={span.attributes} open />
      {span.events.length > 0 && (
        <Fold title={t("span.events")} count={span.events.length} open>
          {span.events.map((event, index) => (
            <Event key={index} store={store} span={span} event={event} open={span.events.length < 4 && event.name !== "exception"} />
          ))}
        </Fold>
      )}
      {span.links.length > 0 && (
        <Fold title={t("span.links")} count={span.links.length} open>
          <ul>
            {span.links.map((link, index) => (
              <Link key={index} link={link} />
            ))}
          </ul>
        </Fold>
      )}
      <Attributes store={store} span={span} scope="resource" title={t("span.resource")} attributes={span.resource.attributes} />
      {(span.scope.name || span.scope.attributes.length > 0) && (
        <Fold title={t("span.scope")} count={null}>
          <p class="mono">
            {span.scope.name} {span.scope.version}
          </p>
          <Table store={store} span={span} scope="scope" attributes={span.scope.attributes} />
        </Fold>
      )}
      <Fold title={t("span.raw")} count={null} tools={<Copy text={() => JSON.stringify(span, null, 2)} label={t("span.copyJson")} />}>
        <pre>{JSON.stringify(span, null, 2).slice(0, 200_000)}</pre>
      </Fold>
    </>
  );
}

function Attributes({ store, span, scope, title, attributes, open = false }: { store: Store; span: SpanDetails; scope: LinkScope; title: string; attributes: readonly Attribute[]; open?: boolean }) {
  if (!attributes.length) return null;
  const grouped = CATEGORIES.map((category) => ({ category, members: attributes.filter(({ key }) => categoryOf(key) === category) })).filter(({ members }) => members.length);
  const isSplit = attributes.length > 6 && grouped.length > 1;
  return (
    <Fold title={title} count={attributes.length} open={open} tools={<Copy text={() => JSON.stringify(Object.fromEntries(attributes.map(({ key, value }) => [key, value])), null, 2)} label={t("span.copyJson")} />}>
      {isSplit ? (
        grouped.map(({ category, members }) => (
          <section key={category}>
            <h4>{t(`category.${category}`)}</h4>
            <Table store={store} span={span} scope={scope} attributes={members} />
          </section>
        ))
      ) : (
        <Table store={store} span={span} scope={scope} attributes={attributes} />
      )}
    </Fold>
  );
}

const SHOWN_MAX = 100;
const TEXT_MAX = 2_000;

function Table({ store, span, scope, attributes }: { store: Store; span: SpanDetails; scope: LinkScope; attributes: readonly Attribute[] }) {
  const all = useSignal(false);
  const shown = all.value ? attributes : attributes.slice(0, SHOWN_MAX);
  return (
    <>
      <table>
        <tbody>
          {shown.map((attribute, index) => (
            <tr key={index}>
              <th scope="row">{breakable(attribute.key)}</th>
              <td data-type={attribute.type}>
                <Value store={store} span={span} scope={scope} attribute={attribute} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {attributes.length > shown.length && <button onClick={() => (all.value = true)}>{t("span.showAll", { n: formatCount(attributes.length) })}</button>}
    </>
  );
}

function Value({ store, span, scope, attribute }: { store: Store; span: SpanDetails; scope: LinkScope; attribute: Attribute }) {
  const all = useSignal(false);
  const text = textOf(attribute);
  const shown = all.value ? text : text.slice(0, TEXT_MAX);
  const links = linksOf(patterns, { scope, key: attribute.key, value: text }, span, store.trace, store.above.value);
  return (
    <>
      {links.length === 1 ? <Out href={links[0]!.url} title={links[0]!.text} text={shown} /> : shown}
      {text.length > shown.length && (
        <button class="plain more" onClick={() => (all.value = true)}>
          {t("span.showAll", { n: formatCount(text.length) })}
        </button>
      )}
      {links.length > 1 && links.map((link) => <Out key={link.url} href={link.url} title={link.url} text={link.text} />)}
      <Copy text={text} label={t("span.copyValue")} />
    </>
  );
}

function Out({ href: address, title, text }: { href: string; title: string; text: string }) {
  return (
    <a href={address} title={title} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  );
}

function Event({ store, span, event, open }: { store: Store; span: SpanDetails; event: SpanEvent; open: boolean }) {
  const after = Number(BigInt(event.timeUnixNano) - store.trace.startNano) / 1000;
  return (
    <details open={open} class="event">
      <summary>
        <span class="when">{formatDuration(after)}</span> {event.name} {event.attributes.length > 0 && <small>{event.attributes.length}</small>}
      </summary>
      <Table store={store} span={span} scope="event" attributes={event.attributes} />
    </details>
  );
}

function Exception({ event }: { event: SpanEvent }) {
  const told = Object.fromEntries(event.attributes.map(({ key, value }) => [key, String(value)]));
  const stack = told["exception.stacktrace"];
  return (
    <div class="exception">
      <p>
        <b>{told["exception.type"] ?? t("span.exception")}</b> {told["exception.message"]}
      </p>
      {stack && (
        <Fold title={t("span.stack")} count={null} tools={<Copy text={stack} label={t("span.copyValue")} />}>
          <pre>{stack.slice(0, 100_000)}</pre>
        </Fold>
      )}
    </div>
  );
}

function Link({ link }: { link: SpanLink }) {
  return (
    <li>
      <a class="mono" title={t("span.openLink")} href={href(`/trace/${link.traceId}`, { uiFind: link.spanId })}>
        {link.traceId.slice(0, 7)} / {link.spanId}
      </a>
      {link.attributes.map(({ key, value }, index) => (
        <small key={index}>
          {key}={String(value)}
        </small>
      ))}
    </li>
  );
}

function Fold({ title, count, open = false, tools, children }: { title: string; count: number | null; open?: boolean; tools?: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="part">
      <details open={open}>
        <summary>
          {title} {count !== null && <small>{formatCount(count)}</small>}
        </summary>
        {children}
      </details>
      {tools}
    </div>
  );
}

/** A key that may be broken after its separators, which copies as it is. */
function breakable(key: string) {
  return key.length > 200 ? key : key.split(/(?<=[._/-])/).flatMap((part, index) => [part, <wbr key={index} />]);
}

function textOf({ value }: Attribute): string {
  if (typeof value === "string") return value;
  return value === null ? "" : typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

// The details of one span: what it said of itself, of its process, of its events and links.
import type { KeyValue } from "../../api/jaeger";
import { t } from "../../i18n";
import { parentId, type Trace } from "../../model/trace";
import { formatDuration } from "../../time/format";
import { href } from "../../url/router";

export function Details({ trace, row, close }: { trace: Trace; row: number; close: () => void }) {
  const span = trace.spans[row]!;
  const links = span.references.filter((reference) => !(reference.traceID === span.traceID && reference.spanID === parentId(span)));
  return (
    <aside class="details" aria-label={t("span.details")}>
      <header>
        <h2>
          <b>{trace.serviceOf(span)}</b> {span.operationName}
        </h2>
        <button class="plain" title={t("span.close")} aria-label={t("span.close")} onClick={close}>
          ✕
        </button>
      </header>
      <dl class="times">
        <Fact name={t("span.start")} value={formatDuration(trace.offset[row]!)} />
        <Fact name={t("span.duration")} value={formatDuration(span.duration)} />
        <Fact name={t("span.selfTime")} value={formatDuration(trace.self[row]!)} />
        <Fact name={t("span.id")} value={span.spanID} />
      </dl>
      {span.warnings?.length ? (
        <section>
          <h3>{t("span.warnings")}</h3>
          {span.warnings.map((warning) => (
            <p key={warning} class="warn">
              {warning}
            </p>
          ))}
        </section>
      ) : null}
      <Bag title={t("span.attributes")} pairs={span.tags} open />
      <Bag title={t("span.resource")} pairs={trace.raw.processes[span.processID]?.tags ?? []} />
      {span.logs.length > 0 && (
        <section>
          <h3>
            {t("span.events")} <small>{span.logs.length}</small>
          </h3>
          {span.logs.map((log, index) => (
            <Bag key={index} title={`${formatDuration(log.timestamp - trace.start)} · ${eventName(log.fields)}`} pairs={log.fields} open={span.logs.length < 4} />
          ))}
        </section>
      )}
      {links.length > 0 && (
        <section>
          <h3>
            {t("span.links")} <small>{links.length}</small>
          </h3>
          <ul>
            {links.map((link) => (
              <li key={link.traceID + link.spanID}>
                <a class="mono" title={t("span.openLink")} href={href(`/trace/${link.traceID}`, { uiFind: link.spanID })}>
                  {link.traceID.slice(0, 7)} / {link.spanID}
                </a>{" "}
                <small>{link.refType}</small>
              </li>
            ))}
          </ul>
        </section>
      )}
    </aside>
  );
}

function Bag({ title, pairs, open = false }: { title: string; pairs: readonly KeyValue[]; open?: boolean }) {
  return (
    <details open={open}>
      <summary>
        {title} <small>{pairs.length}</small>
      </summary>
      <table>
        <tbody>
          {pairs.map((pair, index) => (
            <tr key={index}>
              <th scope="row">{breakable(pair.key)}</th>
              <td data-type={pair.type}>{String(pair.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** A key that may be broken after its separators, which copies as it is. */
function breakable(key: string) {
  return key.split(/(?<=[._/-])/).flatMap((part, index) => [part, <wbr key={index} />]);
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function eventName(fields: readonly KeyValue[]): string {
  return String(fields.find((field) => field.key === "event")?.value ?? "");
}

// The search as text, with completion from what is stored. Enter searches; a mistake is named and marked where it is.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { listKeys, listOperations, listServices, listValues } from "../../api/search";
import { lastValue, resource } from "../../api/resource";
import { t } from "../../i18n";
import { holeAt, type Hole } from "../../query/complete";
import { parse, type Mistake } from "../../query/parse";
import { SPAN_FIELDS, TRACE_FIELDS } from "../../query/tree";
import { writeSubject, writeValue } from "../../query/write";

const OPERATORS = ["=", "!=", ">", ">=", "<", "<=", "~", "!~", "contains", "in", "exists"];
const FIXED: Readonly<Record<string, readonly string[]>> = {
  status: ["error", "ok", "unset"],
  kind: ["server", "client", "internal", "producer", "consumer"],
  duration: ["10ms", "100ms", "1s", "10s"],
  "trace.duration": ["100ms", "1s", "10s"],
  "trace.errors": ["0", "1"],
  "trace.spans": ["10", "100", "1000"],
  "trace.services": ["2", "5"],
};
const SHOWN_MAX = 12;

interface Props {
  text: string;
  submit: (text: string) => void;
}

export function QueryBar({ text, submit }: Props) {
  const draft = useSignal(text);
  const caret = useSignal(-1);
  const chosen = useSignal(-1);
  const input = useRef<HTMLInputElement>(null);
  const names = useMemo(() => resource<readonly string[]>(), []);
  useEffect(() => {
    draft.value = text;
  }, [text]);
  const parsed = parse(draft.value);
  const hole = caret.value >= 0 ? holeAt(draft.value, caret.value) : null;
  const source = hole && sourceOf(hole);
  useEffect(() => {
    if (source) names.ask((signal) => namesFor(source, signal), { keep: true });
  }, [source && JSON.stringify(source)]);
  const offers = hole ? ranked(lastValue(names.state.value) ?? [], hole.prefix) : [];
  const take = (offer: string) => {
    const typed = typedAs(offer, hole!.kind);
    const [before, after] = [draft.value.slice(0, hole!.from), draft.value.slice(hole!.to)];
    const glue = after.startsWith(" ") ? "" : " ";
    draft.value = before + typed + glue + after;
    const place = before.length + typed.length + 1;
    chosen.value = -1;
    queueMicrotask(() => {
      input.current?.focus();
      input.current?.setSelectionRange(place, place);
      caret.value = place;
    });
  };
  const close = () => {
    caret.value = -1;
    chosen.value = -1;
  };
  const follow = () => {
    caret.value = input.current?.selectionStart ?? -1;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && caret.value >= 0) {
      event.stopPropagation();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && offers.length) {
      event.preventDefault();
      chosen.value = (chosen.value + (event.key === "ArrowDown" ? 1 : -1) + offers.length + 1) % (offers.length + 1);
      if (chosen.value === offers.length) chosen.value = -1;
    } else if ((event.key === "Enter" || event.key === "Tab") && offers[chosen.value]) {
      event.preventDefault();
      take(offers[chosen.value]!);
    }
  };
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    if (!parsed.ok) return;
    close();
    submit(draft.value);
  };
  return (
    <form class="query" role="search" aria-label={t("query.label")} onSubmit={send}>
      <div class="query-field">
        <input
          ref={input}
          class="mono"
          name="q"
          value={draft.value}
          placeholder={t("query.placeholder")}
          aria-label={t("query.label")}
          role="combobox"
          aria-expanded={offers.length > 0}
          aria-controls="query-offers"
          aria-autocomplete="list"
          aria-activedescendant={chosen.value >= 0 ? `query-offer-${chosen.value}` : undefined}
          aria-invalid={!parsed.ok}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          onInput={(event) => {
            draft.value = event.currentTarget.value;
            chosen.value = -1;
            follow();
          }}
          onKeyDown={onKeyDown}
          onKeyUp={(event) => event.key.startsWith("Arrow") && caret.value >= 0 && follow()}
          onClick={follow}
          onBlur={close}
        />
        {offers.length > 0 && (
          <ul id="query-offers" class="offers" role="listbox" aria-label={t("query.offers")}>
            {offers.map((offer, index) => (
              // The button must not take the focus from the field: its blur would close the list before the click.
              <li
                key={offer}
                id={`query-offer-${index}`}
                role="option"
                aria-selected={index === chosen.value}
                onPointerDown={(event) => {
                  event.preventDefault();
                  take(offer);
                }}
              >
                {offer}
              </li>
            ))}
          </ul>
        )}
      </div>
      <button class="primary" type="submit" disabled={!parsed.ok}>
        {t("query.run")}
      </button>
      {!parsed.ok && <MistakeLine text={draft.value} mistake={parsed.mistake} />}
    </form>
  );
}

function MistakeLine({ text, mistake }: { text: string; mistake: Mistake }) {
  const marked = text.slice(mistake.from, mistake.to);
  return (
    <p class="mistake" role="alert">
      {t(mistake.reason, { about: mistake.about })} {marked && <mark class="mono">{marked}</mark>}
    </p>
  );
}

interface Source {
  readonly kind: Hole["kind"];
  readonly subject: string;
  readonly service: string;
  readonly prefix: string;
}

function sourceOf({ kind, subject, service, prefix }: Hole): Source {
  const isValue = kind === "value";
  const isAttribute = isValue && !(subject in SPAN_FIELDS) && !(subject in TRACE_FIELDS);
  return { kind, subject: isValue ? subject : "", service: isValue ? service : "", prefix: isAttribute ? prefix : "" };
}

async function namesFor({ kind, subject, service, prefix }: Source, signal: AbortSignal): Promise<readonly string[]> {
  if (kind === "operator") return OPERATORS;
  if (kind === "joiner") return ["and", "or"];
  if (kind === "subject") return [...Object.keys(SPAN_FIELDS), ...Object.keys(TRACE_FIELDS), ...(await listKeys(signal)), "not"];
  if (FIXED[subject]) return FIXED[subject];
  if (subject === "service" || subject === "root.service") return listServices(signal);
  if (subject === "name" || subject === "operation" || subject === "root.name") return service ? listOperations(service, signal) : [];
  return subject in SPAN_FIELDS || subject in TRACE_FIELDS ? [] : listValues(subject, prefix, signal);
}

function ranked(names: readonly string[], prefix: string): string[] {
  const sought = prefix.toLowerCase();
  const starts = names.filter((name) => name.toLowerCase().startsWith(sought));
  const inside = sought ? names.filter((name) => name.toLowerCase().includes(sought, 1) && !starts.includes(name)) : [];
  const all = [...starts, ...inside];
  return all.length === 1 && all[0] === prefix ? [] : all.slice(0, SHOWN_MAX);
}

function typedAs(offer: string, kind: Hole["kind"]): string {
  if (kind === "value") return writeValue({ text: offer, quoted: false });
  return kind === "subject" && offer !== "not" ? writeSubject(offer, null) : offer;
}

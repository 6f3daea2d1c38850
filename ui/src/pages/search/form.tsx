// The search form. What it says becomes the URL when it is sent; nothing is asked before.
import { useComputed, useSignal, useSignalEffect, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { boot } from "../../api/boot";
import { listOperations } from "../../api/search";
import { lastValue, resource } from "../../api/resource";
import { t } from "../../i18n";
import { parseLogfmt } from "../../model/logfmt";
import { formatLookback, parseDuration } from "../../time/format";
import { fromFieldText, offsetName, toFieldText, zone } from "../../time/zone";
import { EMPTY_FORM, LOOKBACKS, lookbackUs, type SearchForm } from "../../url/search";

const LIMIT_MAX = boot.config.search?.maxLimit ?? 1500;

interface Props {
  form: SearchForm;
  services: readonly string[];
  submit: (form: SearchForm) => void;
}

export function Form({ form, services, submit }: Props) {
  const draft = useSignal(form);
  const key = JSON.stringify(form);
  useEffect(() => {
    draft.value = form;
  }, [key]);
  const wrong = useComputed(() => mistakes(draft.value));
  const set = (change: Partial<SearchForm>) => (draft.value = { ...draft.value, ...change });
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    if (!wrong.value.size) submit(draft.value);
  };
  return (
    <form class="form" onSubmit={send}>
      <Names draft={draft} services={services} set={set} />
      <Field label={t("search.tags")} error={wrong.value.has("tags") ? t("search.tagsBad") : ""}>
        <input
          class="mono"
          name="tags"
          value={draft.value.tags}
          placeholder={t("search.tagsHint")}
          aria-invalid={wrong.value.has("tags")}
          spellcheck={false}
          onInput={(event) => set({ tags: event.currentTarget.value })}
        />
      </Field>
      <div class="pair">
        {(["minDuration", "maxDuration"] as const).map((name) => (
          <Field key={name} label={t(`search.${name}`)} error={wrong.value.has(name) ? t("search.durationBad") : ""}>
            <input
              name={name}
              value={draft.value[name]}
              placeholder={t("search.durationHint")}
              aria-invalid={wrong.value.has(name)}
              onInput={(event) => set({ [name]: event.currentTarget.value })}
            />
          </Field>
        ))}
      </div>
      <Range draft={draft.value} set={set} />
        <Field label={t("search.limit")}>
          <input
            name="limit"
            type="number"
            min={1}
            max={LIMIT_MAX}
            value={draft.value.limit}
            onInput={(event) => set({ limit: event.currentTarget.valueAsNumber || EMPTY_FORM.limit })}
          />
        </Field>
      <button class="primary" type="submit" disabled={wrong.value.size > 0}>
        {t("search.submit")}
      </button>
    </form>
  );
}

interface NamesProps {
  draft: Signal<SearchForm>;
  services: readonly string[];
  set: (change: Partial<SearchForm>) => void;
}

function Names({ draft, services, set }: NamesProps) {
  const operations = useMemo(() => resource<string[]>(), []);
  const service = useComputed(() => draft.value.service);
  useSignalEffect(() => {
    const name = service.value;
    operations.ask((signal) => (name ? listOperations(name, signal) : Promise.resolve([])));
  });
  return (
    <>
      <Field label={t("search.service")}>
        <Choice
          name="service"
          value={draft.value.service}
          names={services}
          choose={(name) => set({ service: name, operation: "" })}
        />
      </Field>
      <Field label={t("search.operation")}>
        <Choice
          name="operation"
          value={draft.value.operation}
          names={lastValue(operations.state.value) ?? []}
          disabled={!draft.value.service}
          choose={(name) => set({ operation: name })}
        />
      </Field>
    </>
  );
}

interface ChoiceProps {
  name: string;
  value: string;
  names: readonly string[];
  disabled?: boolean;
  choose: (name: string) => void;
}

function Choice({ name, value, names, disabled = false, choose }: ChoiceProps) {
  const all = value && !names.includes(value) ? [value, ...names] : names;
  return (
    <select name={name} value={value} disabled={disabled} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{t("search.any")}</option>
      {all.map((item) => (
        <option key={item} value={item}>
          {item}
        </option>
      ))}
    </select>
  );
}

function Range({ draft, set }: { draft: SearchForm; set: (change: Partial<SearchForm>) => void }) {
  const choose = (lookback: string) => {
    const now = Date.now() * 1000;
    set(lookback === "custom" ? { lookback, start: now - lookbackUs(draft.lookback), end: now } : { lookback, start: null, end: null });
  };
  return (
    <>
      <Field label={t("search.lookback")}>
        <select name="lookback" value={draft.lookback} onChange={(event) => choose(event.currentTarget.value)}>
          {LOOKBACKS.map((span) => (
            <option key={span} value={span}>
              {t("search.lookbackLast", { span: formatLookback(span) })}
            </option>
          ))}
          <option value="custom">{t("search.custom")}</option>
        </select>
      </Field>
      {draft.lookback === "custom" && (
        <div class="range">
          {(["start", "end"] as const).map((name) => (
            <Field key={name} label={t(name === "start" ? "search.from" : "search.to")}>
              <input
                name={name}
                type="datetime-local"
                step={1}
                value={draft[name] === null ? "" : toFieldText(draft[name], zone.value)}
                onInput={(event) => set({ [name]: fromFieldText(event.currentTarget.value, zone.value) })}
              />
            </Field>
          ))}
          <small>{`${zone.value} (${offsetName((draft.end ?? 0) / 1000, zone.value)})`}</small>
        </div>
      )}
    </>
  );
}

function Field({ label, error = "", children }: { label: string; error?: string; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {error && (
        <em role="alert" class="mistake">
          {error}
        </em>
      )}
    </label>
  );
}

function mistakes(form: SearchForm): ReadonlySet<string> {
  const wrong = new Set<string>();
  if (parseLogfmt(form.tags) === null) wrong.add("tags");
  for (const name of ["minDuration", "maxDuration"] as const) {
    if (form[name].trim() && parseDuration(form[name]) === null) wrong.add(name);
  }
  return wrong;
}

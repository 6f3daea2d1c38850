// The search form. What it says becomes the URL when it is sent; nothing is asked before.
import { useComputed, useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { boot } from "../../api/boot";
import { listOperations } from "../../api/search";
import { lastValue, resource } from "../../api/resource";
import { t } from "../../i18n";
import { parseLogfmt } from "../../model/logfmt";
import { parseDuration } from "../../time/format";
import { Choice, Field, Range } from "../../ui/fields";
import { EMPTY_FORM, type SearchForm } from "../../url/search";

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
      <Range range={draft.value} set={set} />
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

function mistakes(form: SearchForm): ReadonlySet<string> {
  const wrong = new Set<string>();
  if (parseLogfmt(form.tags) === null) wrong.add("tags");
  for (const name of ["minDuration", "maxDuration"] as const) {
    if (form[name].trim() && parseDuration(form[name]) === null) wrong.add(name);
  }
  return wrong;
}

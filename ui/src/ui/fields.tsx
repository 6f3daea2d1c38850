// The fields of forms: a label with its control, a choice of names, a range of time.
import type { ComponentChildren } from "preact";
import { t } from "../i18n";
import { formatLookback } from "../time/format";
import { fromFieldText, offsetName, toFieldText, zone } from "../time/zone";
import { LOOKBACKS, lookbackUs, type TimeRange } from "../url/range";

interface ChoiceProps {
  name: string;
  value: string;
  names: readonly string[];
  disabled?: boolean;
  /** What it says when nothing is chosen. */
  none?: string;
  choose: (name: string) => void;
}

export function Choice({ name, value, names, disabled = false, none, choose }: ChoiceProps) {
  const all = value && !names.includes(value) ? [value, ...names] : names;
  return (
    <select name={name} value={value} disabled={disabled} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{none ?? t("search.any")}</option>
      {all.map((item) => (
        <option key={item} value={item}>
          {item}
        </option>
      ))}
    </select>
  );
}

/** A look-back, or from when to when in the chosen time zone. */
export function Range({ range, set }: { range: TimeRange; set: (change: TimeRange) => void }) {
  const choose = (lookback: string) => {
    const now = Date.now() * 1000;
    set(lookback === "custom" ? { lookback, start: now - lookbackUs(range.lookback), end: now } : { lookback, start: null, end: null });
  };
  return (
    <>
      <Field label={t("search.lookback")}>
        <select name="lookback" value={range.lookback} onChange={(event) => choose(event.currentTarget.value)}>
          {LOOKBACKS.map((span) => (
            <option key={span} value={span}>
              {t("search.lookbackLast", { span: formatLookback(span) })}
            </option>
          ))}
          <option value="custom">{t("search.custom")}</option>
        </select>
      </Field>
      {range.lookback === "custom" && (
        <div class="range">
          {(["start", "end"] as const).map((name) => (
            <Field key={name} label={t(name === "start" ? "search.from" : "search.to")}>
              <input
                name={name}
                type="datetime-local"
                step={1}
                value={range[name] === null ? "" : toFieldText(range[name], zone.value)}
                onInput={(event) => set({ ...range, [name]: fromFieldText(event.currentTarget.value, zone.value) })}
              />
            </Field>
          ))}
          <small>{`${zone.value} (${offsetName((range.end ?? 0) / 1000, zone.value)})`}</small>
        </div>
      )}
    </>
  );
}

/** A field with its label, and what is wrong with it. */
export function Field({ label, error = "", children }: { label: string; error?: string; children: ComponentChildren }) {
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

// What all matches have: services, operations, status, attributes, each with its count; a click narrows the search to it.
import { useMemo } from "preact/hooks";
import { lastValue, resource } from "../../api/resource";
import { listKeys, type Facet, type FacetValue } from "../../api/search";
import { formatCount, t } from "../../i18n";
import { includes, toggled } from "../../query/form";
import { writeSubject, writeValue } from "../../query/write";

interface Props {
  facets: readonly Facet[];
  text: string;
  change: (text: string) => void;
  /** Attributes that were chosen beyond the usual facets, as `attribute:<key>`. */
  extra: readonly string[];
  setExtra: (facets: readonly string[]) => void;
}

export function Facets({ facets, text, change, extra, setExtra }: Props) {
  const remove = (facet: string) => setExtra(extra.filter((other) => other !== facet));
  const keys = useMemo(() => resource<string[]>(), []);
  return (
    <div class="facets">
      {facets.map((facet) => (
        <FacetList key={facet.facet} facet={facet} text={text} change={change} remove={remove} />
      ))}
      <label class="field">
        <span>{t("search.facet.add")}</span>
        <input
          class="mono"
          list="facet-keys"
          placeholder="http.route"
          spellcheck={false}
          onFocus={() => keys.ask(listKeys, { keep: true })}
          onChange={(event) => {
            const key = event.currentTarget.value.trim();
            event.currentTarget.value = "";
            if (key) setExtra([...extra.filter((other) => other !== `attribute:${key}`), `attribute:${key}`]);
          }}
        />
        <datalist id="facet-keys">
          {(lastValue(keys.state.value) ?? []).map((key) => (
            <option key={key} value={key} />
          ))}
        </datalist>
      </label>
    </div>
  );
}

interface ListProps {
  facet: Facet;
  text: string;
  change: (text: string) => void;
  remove: (facet: string) => void;
}

function FacetList({ facet, text, change, remove }: ListProps) {
  const key = attributeOf(facet.facet);
  const most = Math.max(...facet.values.map(({ traceCount }) => traceCount), 1);
  return (
    <section aria-label={titleOf(facet.facet)}>
      <h2>
        <span class={key ? "mono" : ""}>{titleOf(facet.facet)}</span>
        <small>{formatCount(facet.valueCount)}</small>
        {key && (
          <button class="plain" aria-label={t("search.facet.remove", { key })} onClick={() => remove(facet.facet)}>
            ×
          </button>
        )}
      </h2>
      <ul>
        {facet.values.map((value) => {
          const condition = conditionOf(facet.facet, value, text);
          const chosen = includes(text, condition);
          return (
            <li key={`${value.service ?? ""} ${value.value}`}>
              <button class="facet" aria-pressed={chosen} title={condition} onClick={() => change(toggled(text, condition))}>
                <span class="name">{labelOf(facet.facet, value)}</span>
                {value.errorTraceCount > 0 && facet.facet !== "status" && <span class="bad">{formatCount(value.errorTraceCount)}</span>}
                <span class="count">{formatCount(value.traceCount)}</span>
                <i style={{ inlineSize: `${(100 * value.traceCount) / most}%` }} />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The condition that keeps exactly the traces that a facet counted; as the text has it already, if it does. */
export function conditionOf(facet: string, { value, service = "" }: FacetValue, text: string): string {
  const key = attributeOf(facet);
  const typed = writeValue({ text: value, quoted: false });
  if (facet === "status") return value === "error" ? "trace.errors > 0" : "trace.errors = 0";
  if (facet === "operation") return `root.service = ${writeValue({ text: service, quoted: false })} and root.name = ${typed}`;
  const own = key ? `${writeSubject(key, "any")} = ${typed}` : `service = ${typed}`;
  // Beside other conditions it may be another span of the trace that has it.
  return !text.trim() || includes(text, own) ? own : `{ ${own} }`;
}

function attributeOf(facet: string): string {
  return facet.startsWith("attribute:") ? facet.slice("attribute:".length) : "";
}

function titleOf(facet: string): string {
  if (facet === "service" || facet === "operation" || facet === "status") return t(`search.facet.${facet}`);
  return attributeOf(facet);
}

function labelOf(facet: string, { value, service }: FacetValue): string {
  if (facet === "status") return value === "error" ? t("search.facet.failed") : t("search.facet.fine");
  return service ? `${service} ${value}` : value;
}

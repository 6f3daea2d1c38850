// Which view, and which spans: tabs, find, and the filters.
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { formatCount, t } from "../../i18n";
import { countSet } from "../../model/filter";
import { hueColour } from "../../model/colours";
import { Menu } from "./menu";
import { VIEWS } from "./state";
import type { Store } from "./store";

const SHARES = [0, 0.001, 0.01, 0.05, 0.1, 0.25];

export function Tools({ store, find }: { store: Store; find: RefObject<HTMLInputElement | null> }) {
  const { view, find: text } = store.state.value;
  return (
    <div class="tools">
      <nav class="tabs" aria-label={t("trace.views")}>
        {VIEWS.map((name, index) => (
          <button key={name} aria-pressed={view === name} title={`${t(`view.${name}`)} (${index + 1})`} onClick={() => store.change({ view: name })}>
            {t(`view.${name}`)}
          </button>
        ))}
      </nav>
      <input ref={find} type="search" value={text} placeholder={t("trace.find")} aria-label={t("trace.find")} title={t("trace.findHint")} onInput={(event) => store.change({ find: event.currentTarget.value })} />
      <Filters store={store} />
      <Count store={store} />
    </div>
  );
}

function Filters({ store }: { store: Store }) {
  const { errors, critical, share, operation, others, view } = store.state.value;
  return (
    <span class="filters">
      <Services store={store} />
      <button aria-pressed={errors} disabled={!errors && store.trace.errorCount === 0} onClick={() => store.change({ errors: !errors })}>
        {t("trace.errors")}
      </button>
      <button aria-pressed={critical} title={t("trace.criticalHint")} onClick={() => store.change({ critical: !critical })}>
        {t("trace.critical")}
      </button>
      <select aria-label={t("trace.share")} title={t("trace.share")} value={share} data-set={share > 0 || undefined} onChange={(event) => store.change({ share: Number(event.currentTarget.value) })}>
        {[...new Set([...SHARES, share])].sort((a, b) => a - b).map((least) => (
          <option key={least} value={least}>
            {least === 0 ? t("trace.anyShare") : `≥ ${Number((least * 100).toFixed(3))} %`}
          </option>
        ))}
      </select>
      {operation && (
        <button aria-pressed class="chip" title={t("trace.dropFilter")} onClick={() => store.change({ operation: null })}>
          {operation.service} · {operation.name} ✕
        </button>
      )}
      {view === "waterfall" && (
        <>
          <button aria-pressed={others === "hide"} title={t("trace.hideHint")} onClick={() => store.change({ others: others === "hide" ? "dim" : "hide" })}>
            {t("trace.hide")}
          </button>
          <button aria-pressed={store.isMerged.value} title={t("trace.mergeHint")} onClick={() => store.change({ merge: !store.isMerged.value })}>
            {t("trace.merge")}
          </button>
        </>
      )}
    </span>
  );
}

function Services({ store }: { store: Store }) {
  const { services } = store.state.value;
  const { trace, hues } = store;
  const counts = useMemo(() => {
    const sums = new Uint32Array(trace.serviceNames.length);
    for (let row = 0; row < trace.count; row++) sums[trace.services[row]!]!++;
    return sums;
  }, [trace]);
  const turn = (name: string) => store.change({ services: services.includes(name) ? services.filter((each) => each !== name) : [...services, name] });
  const sorted = trace.serviceNames.map((name, code) => ({ name, count: counts[code]! })).sort((a, b) => b.count - a.count);
  return (
    <Menu
      kind="services"
      isSet={services.length > 0}
      label={
        <>
          {t("trace.services")} {services.length > 0 && <small>{services.length}</small>}
        </>
      }
    >
      {sorted.slice(0, 500).map(({ name, count }) => (
          <label key={name} style={{ "--colour": hueColour(hues.get(name) ?? 0) }}>
            <input type="checkbox" checked={services.includes(name)} onChange={() => turn(name)} />
            <span class="swatch" /> <span class="text">{name}</span> <small>{formatCount(count)}</small>
          </label>
        ))}
      {services.length > 0 && <button onClick={() => store.change({ services: [] })}>{t("trace.allServices")}</button>}
    </Menu>
  );
}

function Count({ store }: { store: Store }) {
  const matches = store.matches.value;
  if (!matches) return null;
  return (
    <>
      <output>{t("trace.matches", { n: formatCount(countSet(matches)), total: formatCount(store.trace.count) })}</output>
      <button class="plain" onClick={() => store.change({ services: [], errors: false, critical: false, share: 0, operation: null, find: "" })}>
        {t("trace.clearFilters")}
      </button>
    </>
  );
}

// How many were found, in which order, drawn how; and what can be done with all of them.
import { useSignal } from "@preact/signals";
import type { Summary } from "../../api/search";
import { formatCount, t, tn } from "../../i18n";
import { ORDERS, type Order, type SearchForm } from "../../url/search";
import { CHARTS, type Chart, type View } from "../../url/view";
import { changeView } from "./changes";
import { download } from "./download";

interface Props {
  form: SearchForm;
  view: View;
  total: number | null;
  traces: readonly Summary[];
  submit: (form: SearchForm) => void;
}

export function FoundHead({ form, view, total, traces, submit }: Props) {
  return (
    <header class="found-head">
      <h1>{tn("search.found", "search.foundOne", total ?? traces.length)}</h1>
      <span>{t("search.shown", { shown: formatCount(traces.length) })}</span>
      <span class="grow" />
      <label>
        <span class="sr-only">{t("search.order")}</span>
        <select name="order" value={form.order} onChange={(event) => submit({ ...form, order: event.currentTarget.value as Order })}>
          {ORDERS.map((order) => (
            <option key={order} value={order}>
              {t(`search.order.${order}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="sr-only">{t("search.chart")}</span>
        <select name="chart" value={view.chart} onChange={(event) => changeView({ chart: event.currentTarget.value as Chart })}>
          {CHARTS.map((chart) => (
            <option key={chart} value={chart}>
              {t(`search.chart.${chart}`)}
            </option>
          ))}
        </select>
      </label>
      <Download traces={traces} />
      <button onClick={() => changeView({ live: true })} title={t("search.live.hint")}>
        <i class="dot" /> {t("search.live")}
      </button>
    </header>
  );
}

export function Download({ traces }: { traces: readonly Summary[] }) {
  const done = useSignal(-1);
  const run = () => {
    done.value = 0;
    const ids = traces.map(({ traceId }) => traceId);
    download(ids, (count) => (done.value = count)).then(
      () => (done.value = -1),
      () => (done.value = -2),
    );
  };
  const text = done.value >= 0 ? `${done.value} / ${traces.length}` : t(done.value === -2 ? "search.download.failed" : "search.download");
  return (
    <button disabled={done.value >= 0 || !traces.length} onClick={run} title={t("search.download.hint")}>
      {text}
    </button>
  );
}

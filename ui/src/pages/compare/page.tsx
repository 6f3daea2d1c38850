// Two traces compared: chosen here, aligned by the server, shown as one tree or side by side. Jaeger's address: /trace/a...b.
import { useEffect, useMemo } from "preact/hooks";
import { resource } from "../../api/resource";
import { compareTraces, loadTrace, type Comparison } from "../../api/trace";
import { t } from "../../i18n";
import type { Trace } from "../../model/trace";
import type { PageProps } from "../../routes";
import { Failure, Notice, Progress } from "../../ui/notice";
import { go, place } from "../../url/router";
import { Compared } from "./compared";
import "../trace/details.css";
import "../trace/tools.css";
import "../trace/views.css";
import "./compare.css";

export interface Both {
  readonly answer: Comparison;
  readonly a: Trace;
  readonly b: Trace;
}

export default function ComparePage({ parts }: PageProps) {
  const [a, b] = [parts["a"] ?? "", parts["b"] ?? ""];
  const loaded = useMemo(() => resource<Both>(), []);
  const { params } = place.value;
  const ask = () => {
    if (!a || !b) return;
    const [left, right] = [
      { id: a, upload: params.get("uploadA") },
      { id: b, upload: params.get("uploadB") },
    ];
    loaded.ask(async (signal) => {
      const [answer, first, second] = await Promise.all([compareTraces(left, right, signal), loadTrace(left, "raw", signal), loadTrace(right, "raw", signal)]);
      return { answer, a: first, b: second };
    });
  };
  useEffect(() => {
    document.title = `${t("compare.title")} · Lymer`;
    ask();
  }, [a, b]);
  const state = loaded.state.value;
  return (
    <div class="compare">
      <h1>{t("compare.title")}</h1>
      <Pickers a={a} b={b} cohort={params.getAll("cohort")} />
      {(!a || !b) && <Notice title={t("compare.choose")} cure={t("compare.chooseHow")} />}
      {state.kind === "loading" && <Progress label={t("trace.loading")} />}
      {state.kind === "failed" && (state.error.status === 404 ? <Notice title={t("compare.notFound")} cure={t("trace.notFoundCure")} /> : <Failure error={state.error} retry={ask} />)}
      {state.kind === "done" && a && b && <Compared key={`${a} ${b}`} both={state.value} />}
    </div>
  );
}

function open(first: string, second: string): void {
  go(`/trace/${encodeURIComponent(first)}...${encodeURIComponent(second)}`, place.peek().params);
}

function submit(event: SubmitEvent): void {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  open(String(form.get("a")).trim(), String(form.get("b")).trim());
}

function Pickers({ a, b, cohort }: { a: string; b: string; cohort: readonly string[] }) {
  return (
    <form class="pickers" onSubmit={submit}>
      {(["a", "b"] as const).map((name) => (
        <label key={name}>
          <b class="side" data-side={name}>
            {name.toUpperCase()}
          </b>
          <input name={name} class="mono" list="cohort" key={name === "a" ? a : b} defaultValue={name === "a" ? a : b} placeholder={t("nav.lookup")} aria-label={t("compare.id", { side: name.toUpperCase() })} spellcheck={false} autocomplete="off" />
        </label>
      ))}
      <datalist id="cohort">
        {cohort.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <button type="button" disabled={!a && !b} onClick={() => open(b, a)}>
        {t("compare.swap")}
      </button>
      <button class="primary">{t("compare.do")}</button>
    </form>
  );
}

// Services: rate, errors and durations of each, or of the operations of one, from the stored spans, against the time before.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { red, type Red } from "../../api/red";
import { lastValue, resource } from "../../api/resource";
import { t } from "../../i18n";
import { Field, Range } from "../../ui/fields";
import { Failure, Notice, Progress } from "../../ui/notice";
import { useKeys, type Shortcut } from "../../ui/keys";
import { moveAmong } from "../../ui/rows";
import { windowOf, type Window } from "../../url/range";
import { go, href, place } from "../../url/router";
import { KINDS, readServices, writeServices, type Kind, type ServicesState } from "../../url/services";
import { Charts } from "./charts";
import { Figures } from "./figures";
import "./services.css";

const BUCKETS = 40;
const KEYS: readonly Shortcut[] = [
  { keys: ["ArrowDown", "j"], label: "services.key.down", run: () => moveAmong(".figures tbody th a", 1) },
  { keys: ["ArrowUp", "k"], label: "services.key.up", run: () => moveAmong(".figures tbody th a", -1) },
];

interface Answer {
  readonly rows: Red;
  /** The service as a whole, when one was asked for. */
  readonly whole: Red | null;
}

export default function ServicesPage() {
  const found = useMemo(() => resource<Answer>(), []);
  const asked = useRef<Window>({ start: 0, end: 0 });
  const state = readServices(place.value.params);
  const question = JSON.stringify([state.lookback, state.start, state.end, state.service, state.spanKind]);
  const ask = () => {
    const window = (asked.current = windowOf(state, Date.now() * 1000));
    const base = { window, service: state.service, kind: state.spanKind, buckets: BUCKETS };
    found.ask(
      async (signal) => {
        const rows = red({ ...base, byOperation: Boolean(state.service) }, signal);
        const whole = state.service ? red({ ...base, byOperation: false }, signal) : null;
        return { rows: await rows, whole: await whole };
      },
      { keep: true },
    );
  };
  useEffect(ask, [question]);
  useEffect(() => {
    document.title = `${state.service || t("services.title")} · Lymer`;
  }, [state.service]);
  useKeys("services.keys", KEYS);
  const answer = found.state.value;
  const shown = lastValue(answer);
  return (
    <div class="services-page">
      <header>
        <h1>{state.service ? t("services.operations", { service: state.service }) : t("services.all")}</h1>
        {state.service && <a href={href("/monitor", writeServices({ ...state, service: "", find: "" }))}>← {t("services.all")}</a>}
      </header>
      <Controls state={state} refresh={ask} />
      {answer.kind === "loading" && <Progress label={t("services.loading")} />}
      {answer.kind === "failed" && <Failure error={answer.error} retry={ask} />}
      {shown && answer.kind !== "failed" && <Shown answer={shown} state={state} window={asked.current} />}
    </div>
  );
}

function Shown({ answer: { rows, whole }, state, window }: { answer: Answer; state: ServicesState; window: Window }) {
  if (!rows.groups.length) return <Notice title={t("services.nothing")} cure={t("search.nothingCure")} />;
  const [service] = whole?.groups ?? [];
  return (
    <>
      {service?.series && <Charts group={service} start={rows.start} end={rows.end} bucketNano={rows.bucketNano} />}
      <Figures groups={rows.groups} state={state} window={window} change={change} />
    </>
  );
}

function Controls({ state, refresh }: { state: ServicesState; refresh: () => void }) {
  return (
    <form class="controls" onSubmit={(event) => (event.preventDefault(), refresh())}>
      <Range range={state} set={(range) => change(range)} />
      <Field label={t("services.kind")}>
        <select name="spanKind" value={state.spanKind} onChange={(event) => change({ spanKind: event.currentTarget.value as Kind })}>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {kind === "" ? t("services.kind.usual") : kind === "any" ? t("services.kind.any") : kind}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("services.find")}>
        <input name="find" type="search" value={state.find} onInput={(event) => change({ find: event.currentTarget.value })} />
      </Field>
      <button type="submit">{t("services.refresh")}</button>
    </form>
  );
}

function change(difference: Partial<ServicesState>): void {
  go("/monitor", writeServices({ ...readServices(place.peek().params), ...difference }), { replace: true });
}

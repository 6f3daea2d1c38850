// The map: who calls whom in a range of time, how often, how slowly, with how many errors. The graph, and the same as a table.
import { useComputed } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { serviceGraph, type Graph } from "../../api/graph";
import { lastValue, resource } from "../../api/resource";
import { formatCount, t } from "../../i18n";
import { Choice, Field, Range } from "../../ui/fields";
import { Failure, Notice, Progress } from "../../ui/notice";
import { DEPTHS, PERCENTILES, readMap, writeMap, type MapState, type Percentile } from "../../url/map";
import { windowOf, type Window } from "../../url/range";
import { go, place } from "../../url/router";
import { Drawing } from "./drawing";
import { findServices, partOf, servicesOf } from "./part";
import { EdgeTable } from "./table";
import "./map.css";

export default function MapPage() {
  const graph = useMemo(() => resource<Graph>(), []);
  const asked = useRef<Window>({ start: 0, end: 0 });
  const state = readMap(place.value.params);
  const range = JSON.stringify([state.lookback, state.start, state.end]);
  const ask = () => {
    asked.current = windowOf(state, Date.now() * 1000);
    graph.ask((signal) => serviceGraph(asked.current, signal), { keep: true });
  };
  useEffect(ask, [range]);
  useEffect(() => {
    document.title = `${t("map.title")} · Lymer`;
  }, []);
  const answer = graph.state.value;
  const shown = lastValue(answer);
  return (
    <div class="map-page">
      <h1 class="sr-only">{t("map.title")}</h1>
      <Controls state={state} graph={shown} refresh={ask} />
      {answer.kind === "loading" && <Progress label={t("map.loading")} />}
      {answer.kind === "failed" && <Failure error={answer.error} retry={ask} />}
      {shown && answer.kind !== "failed" && (servicesOf(shown).length ? <Shown graph={shown} state={state} window={asked.current} /> : <Notice title={t("map.nothing")} cure={t("search.nothingCure")} />)}
    </div>
  );
}

function Shown({ graph, state, window }: { graph: Graph; state: MapState; window: Window }) {
  const part = useMemo(() => partOf(graph, state.service, state.depth), [graph, state.service, state.depth]);
  const marked = useComputed(() => findServices(part.services, place.value.params.get("uiFind") ?? ""));
  return (
    <div class="map-body">
      <section class="map-drawing" aria-label={t("map.graph")}>
        <p class="soft">
          {t("map.counts", { services: formatCount(part.services.length), edges: formatCount(part.edges.length) })}
          {part.hiddenCount > 0 && ` · ${t("map.hidden", { n: formatCount(part.hiddenCount) })}`}
        </p>
        <Drawing part={part} graph={graph} state={state} marked={marked.value} />
      </section>
      <EdgeTable edges={part.edges} state={state} window={window} change={change} />
    </div>
  );
}

function Controls({ state, graph, refresh }: { state: MapState; graph: Graph | null; refresh: () => void }) {
  return (
    <form class="controls" onSubmit={(event) => (event.preventDefault(), refresh())}>
      <Range range={state} set={(range) => change(range)} />
      <Field label={t("map.focus")}>
        <Choice name="service" value={state.service} names={graph ? servicesOf(graph) : []} none={t("services.all")} choose={(service) => change({ service })} />
      </Field>
      <Field label={t("map.depth")}>
        <select name="depth" value={state.depth} disabled={!state.service} onChange={(event) => change({ depth: Number(event.currentTarget.value) })}>
          {DEPTHS.map((depth) => (
            <option key={depth} value={depth}>
              {depth}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("map.percentile")}>
        <select name="percentile" value={state.percentile} onChange={(event) => change({ percentile: event.currentTarget.value as Percentile })}>
          {PERCENTILES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("map.find")}>
        <input name="uiFind" type="search" value={state.uiFind} onInput={(event) => change({ uiFind: event.currentTarget.value })} />
      </Field>
      <button type="submit">{t("map.refresh")}</button>
    </form>
  );
}

function change(difference: Partial<MapState>): void {
  // Only a new focal service is a step that one goes back from.
  go("/dependencies", writeMap({ ...readMap(place.peek().params), ...difference }), { replace: !("service" in difference) });
}

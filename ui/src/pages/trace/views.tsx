// The view that is chosen; all but the waterfall are loaded when they are first looked at.
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { ApiError } from "../../api/client";
import { t } from "../../i18n";
import { Failure, Progress } from "../../ui/notice";
import type { View } from "./state";
import type { Store } from "./store";
import { Waterfall } from "./waterfall";

type Shown = ComponentType<{ store: Store }>;

const LOADERS: Record<Exclude<View, "waterfall">, () => Promise<Shown>> = {
  flame: async () => (await import("./flame")).Flame,
  graph: async () => (await import("./graph")).Graph,
  statistics: async () => (await import("./statistics")).Statistics,
  spans: async () => (await import("./spans")).Spans,
  events: async () => (await import("./events")).Events,
};

export function Body({ store }: { store: Store }) {
  const { view } = store.state.value;
  return view === "waterfall" ? <Waterfall store={store} /> : <Later key={view} store={store} view={view} />;
}

function Later({ store, view }: { store: Store; view: Exclude<View, "waterfall"> }) {
  const loaded = useSignal<{ View: Shown } | "failed" | null>(null);
  const ask = () => {
    loaded.value = null;
    LOADERS[view]().then(
      (View) => (loaded.value = { View }),
      () => (loaded.value = "failed"),
    );
  };
  useEffect(ask, []);
  if (loaded.value === "failed") return <Failure error={new ApiError(0, "")} retry={ask} />;
  return loaded.value ? <loaded.value.View store={store} /> : <Progress label={t("page.loading")} />;
}

// What an empty store says: how to send the first span, in five ways, and demo traffic by a button.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { demoState, startDemo, type Demo } from "../../api/demo";
import { lastValue, resource } from "../../api/resource";
import { t } from "../../i18n";
import { SNIPPETS, type Way } from "./snippets";

export function Welcome({ refresh }: { refresh: () => void }) {
  const way = useSignal<Way>("Python");
  const copied = useSignal(false);
  const demo = useMemo(() => resource<Demo>(), []);
  const begun = useSignal(false);
  useEffect(() => demo.ask(demoState), []);
  const text = SNIPPETS[way.value](location.hostname);
  const begin = async () => {
    begun.value = true;
    await startDemo().catch(() => (begun.value = false));
    setTimeout(refresh, 2500);
  };
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => (copied.value = true),
      () => (copied.value = false),
    );
  return (
    <section class="welcome">
      <h1>{t("search.empty")}</h1>
      <p>{t("search.emptyCure")}</p>
      <div class="tabs" role="tablist" aria-label={t("search.empty.ways")}>
        {(Object.keys(SNIPPETS) as Way[]).map((name) => (
          <button
            key={name}
            role="tab"
            aria-selected={name === way.value}
            aria-controls="snippet"
            onClick={() => {
              way.value = name;
              copied.value = false;
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div class="snippet" id="snippet" role="tabpanel" aria-label={way.value}>
        <pre tabIndex={0}>{text}</pre>
        <button onClick={() => void copy()}>{copied.value ? t("trace.copied") : t("search.empty.copy")}</button>
      </div>
      {lastValue(demo.state.value)?.isAvailable && (
        <p>
          {t("search.empty.or")}{" "}
          <button class="primary" disabled={begun.value} onClick={() => void begin()}>
            {begun.value ? t("search.empty.demoBegun") : t("search.empty.demo")}
          </button>
        </p>
      )}
    </section>
  );
}

// Traces as they come, as long as nobody pauses.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError } from "../../api/client";
import { listenLive, questionOf, type Summary } from "../../api/search";
import { formatCount, t } from "../../i18n";
import type { SearchForm } from "../../url/search";
import type { View } from "../../url/view";
import { Scatter } from "./chart";
import { changeView, togglePick } from "./changes";
import { merged } from "./live";
import { Picks } from "./picks";
import { Results } from "./results";

const EVERY_MS = 1500;
const PATIENCE_MS = 6000;
/** What came a minute ago is still news to who has just come. */
const BACK_MS = 45_000;

export function LivePage({ form, view }: { form: SearchForm; view: View }) {
  const traces = useSignal<readonly Summary[]>([]);
  const isPaused = useSignal(false);
  const failure = useSignal("");
  useEffect(() => {
    document.title = `${t("search.live")} · Lymer`;
    return listen(form, isPaused, (came) => (traces.value = merged(traces.peek(), came)), (words) => (failure.value = words));
  }, []);
  return (
    <div class="found-body">
      <header class="found-head">
        <h1>
          <i class={isPaused.value ? "dot" : "dot on"} /> {t("search.live")}
        </h1>
        <span aria-live="off">{t("search.live.count", { n: formatCount(traces.value.length) })}</span>
        <span class="grow" />
        <button onClick={() => (isPaused.value = !isPaused.value)}>{t(isPaused.value ? "search.live.resume" : "search.live.pause")}</button>
        <button onClick={() => changeView({ live: false })}>{t("search.live.stop")}</button>
      </header>
      {failure.value && (
        <p class="warn" role="alert">
          {t("search.live.failed", { why: failure.value })}
        </p>
      )}
      {view.chart !== "none" && traces.value.length > 0 && <Scatter traces={traces.value} />}
      {traces.value.length ? <Results traces={traces.value} picked={view.pick} pick={togglePick} /> : <p class="soft">{t("search.live.waiting")}</p>}
      {view.pick.length > 0 && <Picks picked={view.pick} clear={() => changeView({ pick: [] })} />}
    </div>
  );
}

function listen(form: SearchForm, isPaused: { peek: () => boolean }, take: (traces: Summary[]) => void, fail: (words: string) => void): () => void {
  const ended = new AbortController();
  const where = questionOf(form, { start: 0, end: 0 })?.where;
  let newest = (Date.now() - BACK_MS) * 1000;
  let timer = 0;
  const ask = async () => {
    let wait = EVERY_MS;
    try {
      if (where && !isPaused.peek() && !document.hidden) {
        const came = await listenLive(where, newest, ended.signal);
        newest = Math.max(newest, Math.min(came[0]?.start ?? 0, Date.now() * 1000)); // A sender's clock may run ahead.
        take(came);
      }
      fail("");
    } catch (error) {
      if (ended.signal.aborted) return;
      fail(error instanceof ApiError && error.message ? error.message : t("error.network"));
      wait = PATIENCE_MS;
    }
    if (!ended.signal.aborted) timer = window.setTimeout(() => void ask(), wait);
  };
  void ask();
  return () => {
    ended.abort();
    clearTimeout(timer);
  };
}

// The waterfall: header with time line, scrolled rows, details of the chosen one in place or beside.
import { effect, useSignal, type Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { language, t } from "../../i18n";
import { levelCount } from "../../model/missing";
import { formatDuration } from "../../time/format";
import { Details } from "./details";
import { followDrag, type Drag } from "./drag";
import { moveLine } from "./keys";
import { panel } from "./panel";
import { RowPool } from "./rowpool";
import { isInSight, offsetOf, rowsInSight, ticks, wholeOf, type Extra } from "./rows";
import { HEIGHT_MAX } from "./scroll";
import { Scrolled } from "./scrolled";
import type { Store } from "./store";
import { within } from "./zoom";

export function Waterfall({ store }: { store: Store }) {
  const view = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const inline = useRef<HTMLDivElement>(null);
  const room = useSignal({ width: 800, height: 600 });
  const openHeight = useSignal(0);
  const axis = useRef<HTMLSpanElement>(null);

  useLayoutEffect(() => {
    const [rows, line] = [view.current!, axis.current!];
    const observer = new ResizeObserver(() => (room.value = { width: line.clientWidth, height: rows.clientHeight }));
    observer.observe(rows);
    observer.observe(line);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => keepDrawn(store, view.current!, layer.current!, inline.current!, room, openHeight), [store]);

  const isInline = panel.value === "inline" && store.chosen.value !== null && store.chosen.value >= 0;
  useLayoutEffect(() => {
    if (!isInline) {
      openHeight.value = 0;
      return;
    }
    const open = inline.current!;
    const observer = new ResizeObserver(() => (openHeight.value = open.offsetHeight));
    observer.observe(open);
    return () => observer.disconnect();
  }, [isInline]);

  return (
    <section class="waterfall" aria-label={t("trace.waterfall")} data-marked={store.state.value.marks.length || undefined}>
      <header class="axis">
        <span class="name-column">
          <span class="cut">{t("trace.name")}</span>
          <Levels store={store} />
        </span>
        <TimeLine store={store} line={axis} />
      </header>
      <div
        class="rows"
        ref={view}
        role="treegrid"
        aria-rowcount={store.lines.value.length}
        aria-label={t("trace.waterfall")}
        tabIndex={0}
        onKeyDown={(event) => moveLine(store, event)}
      >
        <div class="height" role="presentation">
          <div class="layer" role="rowgroup" ref={layer} />
          <div class="inline-details" ref={inline} hidden={!isInline} role="row">
            <div role="gridcell">{isInline && <Details store={store} />}</div>
          </div>
        </div>
      </div>
    </section>
  );
}

/** Draw now and whenever something that is seen changes; answers how to stop. */
function keepDrawn(store: Store, view: HTMLElement, layer: HTMLElement, inline: HTMLElement, room: Signal<{ width: number; height: number }>, openHeight: Signal<number>): () => void {
  const pool = new RowPool(layer, store);
  const height = view.firstElementChild as HTMLElement;
  let version = 0;
  let frame = 0;
  let tall = -1;
  const scrolled = new Scrolled(view);
  const extraNow = (): Extra | undefined => {
    const chosen = store.chosen.peek();
    if (openHeight.peek() === 0 || chosen === null) return undefined;
    return { index: store.lines.peek().indexOf(chosen), height: openHeight.peek() };
  };
  const draw = () => {
    frame = 0;
    const extra = extraNow();
    const { length } = store.lines.peek();
    const whole = wholeOf(length, extra);
    if (tall !== whole) height.style.height = `${Math.min((tall = whole), HEIGHT_MAX)}px`;
    const stand = scrolled.follow(whole, room.peek().height);
    const sight = rowsInSight(length, stand, room.peek().height, extra);
    const active = pool.draw(sight, extra, version, room.peek().width);
    if (extra) inline.style.transform = `translateY(${pool.below(extra.index)}px) ${layer.style.transform}`;
    if (active) view.setAttribute("aria-activedescendant", active);
    else view.removeAttribute("aria-activedescendant");
    return stand;
  };
  const soon = () => (frame ||= requestAnimationFrame(draw));
  const onRest = () => scrolled.rest() && draw();
  const stopPaint = effect(() => {
    void [store.lines.value, store.matches.value, store.zoom.value, room.value, language.value];
    version++;
    soon();
  });
  const stopMove = effect(() => {
    void [store.chosen.value, openHeight.value];
    soon();
  });
  const stopReveal = effect(() => {
    const wanted = store.reveal.value;
    const lines = store.lines.peek();
    const index = wanted ? lines.indexOf(wanted.line) : -1;
    if (index < 0) return;
    requestAnimationFrame(() => {
      const stand = draw();
      const extra = extraNow();
      if (!isInSight(index, stand, view.clientHeight, extra) && scrolled.moveTo(offsetOf(index, lines.length, view.clientHeight, extra))) draw();
    });
  });
  const onClick = (event: MouseEvent) => {
    const line = pool.lineAt(event.target);
    if (line === null) return;
    if ((event.target as Element).closest(".fold")) return store.turn(line);
    if (event.shiftKey) return markAt(store, event, line);
    if (line < 0) store.turn(line);
    store.choose(store.chosen.peek() === line ? null : line);
  };
  view.addEventListener("scroll", soon, { passive: true });
  view.addEventListener("scrollend", onRest, { passive: true });
  layer.addEventListener("click", onClick);
  const onOver = (event: MouseEvent) => pool.explain(event.target);
  layer.addEventListener("pointerover", onOver, { passive: true });
  draw();
  return () => {
    cancelAnimationFrame(frame);
    for (const stop of [stopPaint, stopMove, stopReveal]) stop();
    view.removeEventListener("scroll", soon);
    view.removeEventListener("scrollend", onRest);
    layer.removeEventListener("click", onClick);
    layer.removeEventListener("pointerover", onOver);
    layer.replaceChildren();
  };
}

/** A click with Shift sets one of the two marks where it was. */
function markAt(store: Store, event: MouseEvent, line: number): void {
  const column = (event.target as Element).closest(".row")!.querySelector(".time-column")!.getBoundingClientRect();
  const [from, to] = store.zoom.peek();
  const at = event.clientX >= column.left ? from + ((event.clientX - column.left) / column.width) * (to - from) : store.trace.starts[Math.max(line, 0)]!;
  store.mark(at);
}

function Levels({ store }: { store: Store }) {
  const { level } = store.state.value.folding;
  const deepest = levelCount(store.trace);
  const open = Math.min(level, deepest);
  const to = (next: number) => store.change({ folding: { level: next >= deepest ? Infinity : Math.max(next, 1), toggled: new Set() } });
  return (
    <span class="levels">
      <button class="plain" title={t("trace.collapseAll")} aria-label={t("trace.collapseAll")} onClick={() => to(1)}>
        «
      </button>
      <button class="plain" title={t("trace.collapseLevel")} aria-label={t("trace.collapseLevel")} onClick={() => to(open - 1)}>
        ‹
      </button>
      <button class="plain" title={t("trace.expandLevel")} aria-label={t("trace.expandLevel")} onClick={() => to(open + 1)}>
        ›
      </button>
      <button class="plain" title={t("trace.expandAll")} aria-label={t("trace.expandAll")} onClick={() => to(Infinity)}>
        »
      </button>
    </span>
  );
}

function TimeLine({ store, line }: { store: Store; line: RefObject<HTMLSpanElement | null> }) {
  const drag = useSignal<Drag | null>(null);
  const [from, to] = store.zoom.value;
  const percent = (at: number) => `${(100 * (at - from)) / Math.max(to - from, 1)}%`;
  const marks = useMemo(() => [...store.state.value.marks].sort((a, b) => a - b), [store.state.value.marks]);
  const done = (drawn: Drag | null) => {
    drag.value = null;
    if (drawn) store.change({ zoom: within([from + drawn.from * (to - from), from + drawn.to * (to - from)], store.trace.durationNano) });
  };
  return (
    <span class="time-column" ref={line} title={t("trace.dragHint")} onPointerDown={(event) => followDrag(event, event.currentTarget, { moved: (drawn) => (drag.value = drawn), done })} onDblClick={() => store.change({ zoom: null })}>
      {ticks([from, to]).map((at) => (
        <span key={at} class="tick" data-late={at - from > 0.88 * (to - from) || undefined} style={{ left: percent(at) }}>
          {formatDuration(at / 1000)}
        </span>
      ))}
      {drag.value && <span class="drawn" style={{ left: `${drag.value.from * 100}%`, width: `${(drag.value.to - drag.value.from) * 100}%` }} />}
      {marks.filter((at) => at >= from && at <= to).map((at) => (
        <span key={at} class="mark" style={{ left: percent(at) }} />
      ))}
      {marks.length === 2 && (
        <output class="between">
          Δ {formatDuration((marks[1]! - marks[0]!) / 1000)}
        </output>
      )}
    </span>
  );
}

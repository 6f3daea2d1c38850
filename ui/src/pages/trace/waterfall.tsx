// The waterfall: as many rows in the DOM as fit the window, whatever the trace's size.
import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { formatCount, t } from "../../i18n";
import { hueColour, serviceHues } from "../../model/colours";
import { visibleRows, type Trace } from "../../model/trace";
import { formatDuration } from "../../time/format";
import { barOf, isInSight, rowsInSight, scrollTo, ticks } from "./rows";

interface Props {
  trace: Trace;
  matches: Uint32Array;
  chosen: Signal<number>;
}

export function Waterfall({ trace, matches, chosen }: Props) {
  const collapsed = useSignal<ReadonlySet<number>>(new Set());
  const rows = useComputed(() => visibleRows(trace, collapsed.value));
  const scroll = useSignal({ top: 0, height: 600 });
  const view = useRef<HTMLDivElement>(null);
  const hues = useMemo(() => serviceHues(trace.services), [trace]);
  const matched = useMemo(() => new Set(matches), [matches]);

  useLayoutEffect(() => {
    const element = view.current!;
    const measure = () => (scroll.value = { top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const first = matches[0];
    if (first !== undefined) reveal(rows.value.indexOf(first));
  }, [matches]);

  const reveal = (index: number) => {
    const element = view.current!;
    if (index >= 0 && !isInSight(index, rows.value.length, element.scrollTop, element.clientHeight)) {
      element.scrollTop = scrollTo(index, rows.value.length, element.clientHeight);
    }
  };
  const toggle = (row: number) => {
    const next = new Set(collapsed.value);
    if (!next.delete(row)) next.add(row);
    collapsed.value = next;
  };
  const onKey = (event: KeyboardEvent) => {
    const index = Math.max(rows.value.indexOf(chosen.value), 0);
    const row = rows.value[index]!;
    const open = !collapsed.value.has(row);
    const hasBelow = trace.end[row]! > row + 1;
    const moves: Record<string, () => void> = {
      ArrowDown: () => (chosen.value = rows.value[Math.min(index + (chosen.value < 0 ? 0 : 1), rows.value.length - 1)]!),
      ArrowUp: () => (chosen.value = rows.value[Math.max(index - 1, 0)]!),
      ArrowLeft: () => void (hasBelow && open && toggle(row)),
      ArrowRight: () => void (hasBelow && !open && toggle(row)),
      Escape: () => (chosen.value = -1),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
    reveal(rows.value.indexOf(chosen.value));
  };

  const sight = rowsInSight(rows.value.length, scroll.value.top, scroll.value.height);
  const everything = () => (collapsed.value = new Set());
  const nothing = () => (collapsed.value = foldable(trace));
  return (
    <section class="waterfall" aria-label={t("trace.waterfall")}>
      <header class="axis">
        <span class="name-column">
          {t("trace.name")}
          <span class="levels">
            <button class="plain" title={t("trace.expandAll")} onClick={everything}>
              ⊞
            </button>
            <button class="plain" title={t("trace.collapseAll")} onClick={nothing}>
              ⊟
            </button>
          </span>
        </span>
        <Axis whole={trace.duration} />
      </header>
      <div
        class="rows"
        ref={view}
        role="treegrid"
        aria-rowcount={rows.value.length}
        aria-label={t("trace.waterfall")}
        tabIndex={0}
        onScroll={(event) => (scroll.value = { top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
        onKeyDown={onKey}
      >
        <div class="height" role="presentation" style={{ height: `${sight.height}px` }}>
          <div role="rowgroup" style={{ transform: `translateY(${sight.top}px)` }}>
            {Array.from(rows.value.subarray(sight.from, sight.to), (row, place) => (
              <Row
                key={place}
                trace={trace}
                row={row}
                position={sight.from + place + 1}
                hues={hues}
                collapsed={collapsed.value.has(row)}
                matched={matched.has(row)}
                chosen={chosen.value === row}
                choose={() => (chosen.value = row)}
                toggle={() => toggle(row)}
              />
            ))}
          </div>
        </div>
      </div>
    </section>
  );
}

function foldable(trace: Trace): ReadonlySet<number> {
  const rows = new Set<number>();
  for (let row = 0; row < trace.spans.length; row++) if (trace.end[row]! > row + 1 && trace.depth[row]! > 0) rows.add(row);
  return rows;
}

function Axis({ whole }: { whole: number }) {
  return (
    <span class="time-column">
      {ticks(whole).map((at) => (
        <span key={at} class="tick" style={{ left: `${whole > 0 ? (100 * at) / whole : 0}%` }}>
          {formatDuration(at)}
        </span>
      ))}
    </span>
  );
}

interface RowProps {
  trace: Trace;
  row: number;
  position: number;
  hues: Map<string, number>;
  collapsed: boolean;
  matched: boolean;
  chosen: boolean;
  choose: () => void;
  toggle: () => void;
}

function Row({ trace, row, position, hues, collapsed, matched, chosen, choose, toggle }: RowProps) {
  const span = trace.spans[row]!;
  const service = trace.services[trace.service[row]!]!;
  const below = trace.end[row]! - row - 1;
  const bar = barOf(trace.offset[row]!, span.duration, trace.duration);
  const failed = collapsed ? trace.errorBelow[row] : trace.error[row];
  const fold = (event: MouseEvent) => {
    event.stopPropagation();
    toggle();
  };
  return (
    <div
      class="row"
      role="row"
      aria-level={trace.depth[row]! + 1}
      aria-rowindex={position}
      aria-selected={chosen}
      aria-expanded={below ? !collapsed : undefined}
      data-matched={matched || undefined}
      style={{ "--colour": hueColour(hues.get(service)!) }}
      onClick={choose}
    >
      <span class="name-column" role="gridcell" style={{ paddingInlineStart: `${8 + Math.min(trace.depth[row]!, 24) * 14}px` }}>
        {below > 0 ? (
          <button
            class="plain fold"
            tabIndex={-1}
            title={collapsed ? t("trace.hidden", { n: formatCount(below) }) : t("trace.collapse")}
            aria-label={t(collapsed ? "trace.expand" : "trace.collapse")}
            onClick={fold}
          >
            {collapsed ? "▸" : "▾"}
          </button>
        ) : (
          <i class="fold" />
        )}
        {failed ? (
          <b class="failed" title={t("span.error")}>
            !
          </b>
        ) : null}
        <b class="service-name">{service}</b>
        <span class="operation">{span.operationName}</span>
      </span>
      <span class="time-column" role="gridcell">
        <span class="bar" style={{ left: `${bar.left}%`, width: `max(${bar.width}%, 2px)` }} />
        <span class={`length ${bar.label}`} style={labelPlace(bar)}>
          {formatDuration(span.duration)}
        </span>
      </span>
    </div>
  );
}

function labelPlace(bar: ReturnType<typeof barOf>): Record<string, string> {
  if (bar.label === "before") return { right: `${100 - bar.left}%` };
  return { left: bar.label === "after" ? `${bar.left + bar.width}%` : `${bar.left}%` };
}

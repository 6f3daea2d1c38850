// A long table of which only the rows in sight are in the DOM. All rows have one height.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { ROW_HEIGHT, rowsInSight, wholeOf } from "./rows";
import { jumpedTo } from "./scroll";

interface Props {
  readonly count: number;
  readonly label: string;
  readonly columns: string;
  /** A narrower window scrolls sideways. */
  readonly leastPx: number;
  readonly head: ComponentChildren;
  readonly row: (index: number) => ComponentChildren;
  readonly onEnd?: () => void;
}

export function List({ count, label, columns, leastPx, head, row, onEnd }: Props) {
  const view = useRef<HTMLDivElement>(null);
  const scroll = useSignal({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = view.current!;
    const observer = new ResizeObserver(() => (scroll.value = { top: element.scrollTop, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const room = scroll.value.height - ROW_HEIGHT;
  const sight = rowsInSight(count, jumpedTo(scroll.value.top, wholeOf(count), room), room);
  const onScroll = (event: Event) => {
    const { scrollTop: top, clientHeight: height, scrollHeight } = event.currentTarget as HTMLElement;
    scroll.value = { top, height };
    if (top + height * 2 > scrollHeight) onEnd?.();
  };
  return (
    <div class="list" ref={view} role="table" aria-label={label} aria-rowcount={count + 1} tabIndex={0} style={{ "--columns": columns, "--least": `${leastPx}px` }} onScroll={onScroll}>
      <div class="list-head" role="row" aria-rowindex={1}>
        {head}
      </div>
      <div class="list-body" role="rowgroup" style={{ height: `${sight.height}px` }}>
        <div style={{ transform: `translateY(${sight.from * ROW_HEIGHT + sight.shift}px)` }} role="presentation">
          {Array.from({ length: sight.to - sight.from }, (_, at) => row(sight.from + at))}
        </div>
      </div>
    </div>
  );
}

/** A head of a column that sorts: the column, `-` before it for descending. */
export function SortHead({ name, sort, onSort, children, isText = false }: { name: string; sort: string; onSort: (sort: string) => void; children: ComponentChildren; isText?: boolean }) {
  const direction = sort === name ? "ascending" : sort === `-${name}` ? "descending" : "none";
  const next = direction === "none" ? (isText ? name : `-${name}`) : direction === "descending" ? name : `-${name}`;
  return (
    <span role="columnheader" aria-sort={direction} class={isText ? "" : "number"}>
      <button class="plain" onClick={() => onSort(next)}>
        {children}
        {direction === "none" ? "" : direction === "ascending" ? " ▴" : " ▾"}
      </button>
    </span>
  );
}

// The flame graph: the trace merged by path, as wide as its self time. A canvas; the list beside it says the same in words.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { formatCount, t } from "../../i18n";
import { hueColour } from "../../model/colours";
import { flameBoxes, pathTo, type Box } from "../../model/flame";
import { mergePaths, type Paths } from "../../model/paths";
import { nameOf, serviceOf } from "../../model/trace";
import { formatDuration } from "../../time/format";
import { theme } from "../../ui/theme";
import type { Store } from "./store";

const LEVEL = 22;
const LISTED = 40;

export function Flame({ store }: { store: Store }) {
  const { trace } = store;
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(800);
  const hovered = useSignal<{ node: number; x: number; y: number } | null>(null);
  const paths = useMemo(() => mergePaths(trace), [trace]);
  const { focus } = store.state.value;
  const top = focus >= 0 && focus < trace.count ? paths.of[focus]! : -1;
  const boxes = useMemo(() => flameBoxes(paths, { top, least: 0.5 / Math.max(width.value, 300) }), [paths, top, width.value]);
  const above = top >= 0 ? pathTo(paths, top).slice(0, -1) : [];
  const levels = boxes.reduce((most, box) => Math.max(most, box.level + 1), 1) + above.length;
  const matches = store.matches.value;
  useEffect(() => {
    const room = canvas.current!.parentElement!;
    const observer = new ResizeObserver(() => (width.value = room.clientWidth));
    observer.observe(room);
    return () => observer.disconnect();
  }, []);
  useEffect(() => draw(canvas.current!, { store, paths, boxes, above, width: width.value, levels }), [boxes, width.value, theme.value, matches]);
  const boxAt = (event: MouseEvent): number | null => {
    const place = canvas.current!.getBoundingClientRect();
    const level = Math.floor((event.clientY - place.top) / LEVEL);
    if (level < above.length) return above[level] ?? null;
    const x = (event.clientX - place.left) / place.width;
    return boxes.find((box) => box.level === level - above.length && box.left <= x && x < box.left + box.width)?.node ?? null;
  };
  const focusOn = (node: number | null) => store.change({ focus: node === null || node === top ? -1 : paths.rows[node]! });
  const hover = (event: MouseEvent) => {
    const node = boxAt(event);
    hovered.value = node === null ? null : { node, x: event.clientX, y: event.clientY };
  };
  return (
    <section class="view flame" aria-label={t("view.flame")}>
      <p class="view-head soft">
        {t("flame.hint")} {top >= 0 && <button onClick={() => focusOn(null)}>{t("flame.whole")}</button>}
      </p>
      <div class="scrolled" tabIndex={0}>
        <canvas ref={canvas} role="img" aria-label={t("flame.label", { n: formatCount(paths.count) })} style={{ height: `${levels * LEVEL}px` }} onClick={(event) => focusOn(boxAt(event))} onMouseMove={hover} onMouseLeave={() => (hovered.value = null)} />
        <Heaviest store={store} paths={paths} />
      </div>
      {hovered.value && <Tip store={store} paths={paths} {...hovered.value} />}
    </section>
  );
}

/** The paths with most self time, for whom a picture is no use and for the keyboard. */
function Heaviest({ store, paths }: { store: Store; paths: Paths }) {
  const { trace } = store;
  const nodes = useMemo(() => Array.from(paths.rows, (_, node) => node).sort((a, b) => paths.selfTimes[b]! - paths.selfTimes[a]!).slice(0, LISTED), [paths]);
  const whole = paths.selfTimes.reduce((sum, each) => sum + each, 0);
  return (
    <table class="heaviest">
      <thead>
        <tr>
          <th scope="col">{t("flame.path")}</th>
          <th scope="col">{t("stat.count")}</th>
          <th scope="col">{t("stat.selfTotal")}</th>
          <th scope="col">{t("stat.total")}</th>
          <th scope="col">{t("trace.errors")}</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          <tr key={node} style={{ "--colour": hueColour(store.hues.get(serviceOf(trace, paths.rows[node]!)) ?? 0) }}>
            <th scope="row">
              <span class="swatch" />{" "}
              <button class="plain" onClick={() => store.change({ focus: paths.rows[node]! })}>
                <b>{serviceOf(trace, paths.rows[node]!)}</b> {nameOf(trace, paths.rows[node]!)}
              </button>
            </th>
            <td>{formatCount(paths.counts[node]!)}</td>
            <td class="meter" style={{ "--share": `${whole > 0 ? (100 * paths.selfTimes[node]!) / whole : 0}%` }}>
              {formatDuration(paths.selfTimes[node]! / 1000)}
            </td>
            <td>{formatDuration(paths.totals[node]! / 1000)}</td>
            <td class={paths.errors[node] ? "bad" : ""}>{formatCount(paths.errors[node]!)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Tip({ store, paths, node, x, y }: { store: Store; paths: Paths; node: number; x: number; y: number }) {
  const row = paths.rows[node]!;
  return (
    <div class="tip" style={{ left: `${Math.min(x + 12, innerWidth - 320)}px`, top: `${Math.min(y + 16, innerHeight - 130)}px` }}>
      <b>{serviceOf(store.trace, row)}</b> {nameOf(store.trace, row)}
      <br />
      {formatCount(paths.counts[node]!)}× · {t("stat.total")} {formatDuration(paths.totals[node]! / 1000)} · {t("stat.selfTotal")} {formatDuration(paths.selfTimes[node]! / 1000)}
      {paths.errors[node]! > 0 && ` · ${t("trace.errors")} ${formatCount(paths.errors[node]!)}`}
    </div>
  );
}

interface Picture {
  readonly store: Store;
  readonly paths: Paths;
  readonly boxes: readonly Box[];
  readonly above: readonly number[];
  readonly width: number;
  readonly levels: number;
}

function draw(canvas: HTMLCanvasElement, { store, paths, boxes, above, width, levels }: Picture): void {
  const ratio = Math.min(devicePixelRatio, 2);
  canvas.width = width * ratio;
  canvas.height = Math.min(levels * LEVEL * ratio, 16_000);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const styles = getComputedStyle(canvas);
  const ink = (name: string) => styles.getPropertyValue(name);
  context.font = `12px ${styles.fontFamily}`;
  context.textBaseline = "middle";
  const sample = canvas.parentElement!.appendChild(document.createElement("i"));
  sample.className = "sample";
  const colour = (text: string) => {
    sample.style.color = text;
    return getComputedStyle(sample).color;
  };
  const colours = new Map(store.trace.serviceNames.map((name) => [name, colour(hueColour(store.hues.get(name) ?? 0))]));
  const [onService, error] = [colour(ink("--on-service")), colour(ink("--error"))];
  sample.remove();
  const wanted = matchedNodes(store, paths);
  const box = (node: number, level: number, left: number, wide: number, isAbove: boolean) => {
    const row = paths.rows[node]!;
    context.globalAlpha = isAbove || (wanted && !wanted[node]) ? 0.35 : 1;
    context.fillStyle = colours.get(serviceOf(store.trace, row))!;
    context.fillRect(left, level * LEVEL, Math.max(wide - 1, 0.5), LEVEL - 1);
    if (paths.errors[node]! > 0) {
      context.fillStyle = error;
      context.fillRect(left, level * LEVEL, Math.max(wide - 1, 0.5), 3);
    }
    if (wide < 40) return;
    context.save();
    context.beginPath();
    context.rect(left, level * LEVEL, wide - 4, LEVEL);
    context.clip();
    context.globalAlpha = 1;
    context.fillStyle = isAbove ? ink("color") : onService;
    context.fillText(`${serviceOf(store.trace, row)}: ${nameOf(store.trace, row)}${paths.counts[node]! > 1 ? ` ×${paths.counts[node]}` : ""}`, left + 4, level * LEVEL + LEVEL / 2);
    context.restore();
  };
  above.forEach((node, level) => box(node, level, 0, width, true));
  for (const { node, level, left, width: wide } of boxes) box(node, level + above.length, left * width, wide * width, false);
}

function matchedNodes({ matches }: Store, paths: Paths): Uint8Array | null {
  if (!matches.value) return null;
  const nodes = new Uint8Array(paths.count);
  for (let row = 0; row < paths.of.length; row++) if (matches.value[row]) nodes[paths.of[row]!] = 1;
  return nodes;
}

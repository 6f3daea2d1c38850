// All matches by time and duration as a heat map in which a box can be drawn, or the listed traces as points.
import { useSignal } from "@preact/signals";
import { useCallback, useMemo } from "preact/hooks";
import type { Histogram, Summary } from "../../api/search";
import { cellBox, durationTicks, extentOf, selected, strength, timeTicks, type Box, type Selection } from "../../draw/heat";
import { nearest, scatterScale, type Scale } from "../../draw/scatter";
import { formatCount, t } from "../../i18n";
import { formatDuration, formatInstant, formatMark } from "../../time/format";
import { offsetMs, zone } from "../../time/zone";
import { Plot, type Pen } from "../../ui/plot";
import { go, href } from "../../url/router";

const HEIGHT = 150;
const LEFT = 52;
const BOTTOM = 18;

export function HeatMap({ histogram, select }: { histogram: Histogram; select: (selection: Selection) => void }) {
  const width = useSignal(0);
  const box = useSignal<Box | null>(null);
  const extent = useMemo(() => extentOf(histogram), [histogram]);
  const plot = (): [number, number] => [width.peek() - LEFT, HEIGHT - BOTTOM];
  const draw = useCallback((pen: Pen) => drawHeat(pen, histogram, zone.peek()), [histogram, zone.value]);
  const down = (event: PointerEvent) => {
    if (event.button) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    const [x, y] = placeIn(event);
    box.value = { left: x, right: x, top: y, bottom: y };
  };
  const move = (event: PointerEvent) => {
    const [x, y] = placeIn(event);
    if (box.value) box.value = { ...box.value, right: x, bottom: y };
  };
  const up = () => {
    const drawn = box.value;
    box.value = null;
    if (drawn && histogram.total) select(selected(drawn, histogram, extent, ...plot()));
  };
  return (
    <div class="heat" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => (box.value = null)} title={t("search.chart.drag")}>
      <Plot height={HEIGHT} label={heatLabel(histogram)} draw={draw} onWidth={(now) => (width.value = now)} />
      {box.value && <div class="brush" style={brush(box.value)} />}
    </div>
  );
}

function placeIn(event: PointerEvent): [number, number] {
  const place = (event.currentTarget as Element).getBoundingClientRect();
  return [event.clientX - place.left - LEFT, event.clientY - place.top];
}

function heatLabel({ total, errorTotal }: Histogram): string {
  return t("search.chart.heatLabel", { total: formatCount(total), errors: formatCount(errorTotal) });
}

function brush({ left, right, top, bottom }: Box): Record<string, string> {
  return {
    left: `${LEFT + Math.max(Math.min(left, right), 0)}px`,
    top: `${Math.max(Math.min(top, bottom), 0)}px`,
    width: `${Math.abs(right - left)}px`,
    height: `${Math.abs(bottom - top)}px`,
  };
}

function drawHeat(pen: Pen, histogram: Histogram, zoneName: string): void {
  const { context, colour } = pen;
  const [width, height] = [pen.width - LEFT, HEIGHT - BOTTOM];
  const extent = extentOf(histogram);
  const most = Math.max(...histogram.cells.map(([, , count]) => count), 1);
  drawAxes(pen, durationTicks(histogram, extent), histogram.start, histogram.end, zoneName);
  const [calm, failed] = [colour("--accent"), colour("--error")];
  for (const [time, row, count, errors] of histogram.cells) {
    const { left, right, top, bottom } = cellBox(time, row, histogram, extent, width, height);
    context.globalAlpha = strength(count, most);
    context.fillStyle = calm;
    context.fillRect(LEFT + left, top, Math.max(right - left - 1, 1), Math.max(bottom - top - 1, 1));
    if (!errors) continue;
    // The share with errors stands at the foot of the cell, at least a line, so that it is seen.
    const part = Math.max((bottom - top - 1) * (errors / count), 2);
    context.globalAlpha = 1;
    context.fillStyle = failed;
    context.fillRect(LEFT + left, bottom - 1 - part, Math.max(right - left - 1, 1), part);
  }
  context.globalAlpha = 1;
}

function drawAxes(pen: Pen, durations: readonly { nano: number; at: number }[], start: number, end: number, zoneName: string): void {
  const { context, colour, width } = pen;
  const height = HEIGHT - BOTTOM;
  context.strokeStyle = colour("--line");
  context.fillStyle = colour("--ink-soft");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { nano, at } of durations) {
    const y = Math.round((1 - at) * height) + 0.5;
    line(context, LEFT, y, width, y);
    context.fillText(formatDuration(nano / 1000), LEFT - 6, Math.min(Math.max(y, 6), height - 4));
  }
  line(context, LEFT, height + 0.5, width, height + 0.5);
  context.textAlign = "center";
  context.textBaseline = "bottom";
  for (const at of timeTicks(start, end, Math.max(Math.floor(width / 110), 2), offsetMs(start / 1000, zoneName) * 1000)) {
    const x = LEFT + ((at - start) / (end - start)) * (width - LEFT);
    if (x > LEFT + 16 && x < width - 20) context.fillText(formatMark(at, end - start), x, HEIGHT);
  }
}

function line(context: CanvasRenderingContext2D, fromX: number, fromY: number, toX: number, toY: number): void {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}

export function Scatter({ traces }: { traces: readonly Summary[] }) {
  const width = useSignal(0);
  const near = useSignal<Summary | null>(null);
  const scale = useMemo(() => scatterScale(traces), [traces]);
  const draw = useCallback((pen: Pen) => drawPoints(pen, traces, scale, zone.peek()), [traces, zone.value]);
  const find = (event: PointerEvent) => {
    const place = (event.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [(event.clientX - place.left - LEFT) / (width.value - LEFT), (event.clientY - place.top) / (HEIGHT - BOTTOM)];
    near.value = nearest(traces, scale, x, y, width.value - LEFT, HEIGHT - BOTTOM);
  };
  const found = near.value;
  return (
    <div
      class="heat scatter"
      onPointerMove={find}
      onPointerLeave={() => (near.value = null)}
      onClick={() => found && go(`/trace/${found.traceId}`)}
      style={found ? { cursor: "pointer" } : {}}
    >
      <Plot height={HEIGHT} label={t("search.chart.scatterLabel", { n: formatCount(traces.length) })} draw={draw} onWidth={(now) => (width.value = now)} />
      {found && (
        <a class="tip" href={href(`/trace/${found.traceId}`)} style={{ left: `${LEFT + scale.x(found.start) * (width.value - LEFT)}px` }}>
          <b>{found.rootService}</b> {found.rootName} · {formatDuration(found.duration)} · {formatInstant(found.start)}
        </a>
      )}
    </div>
  );
}

function drawPoints(pen: Pen, traces: readonly Summary[], scale: Scale, zoneName: string): void {
  const { context, colour } = pen;
  const [width, height] = [pen.width - LEFT, HEIGHT - BOTTOM];
  drawAxes(pen, scale.ticks, scale.start, scale.end, zoneName);
  for (const failed of [false, true]) {
    context.fillStyle = colour(failed ? "--error" : "--accent");
    context.globalAlpha = 0.6;
    for (const trace of traces) {
      if (trace.errorCount > 0 !== failed) continue;
      context.beginPath();
      context.arc(LEFT + scale.x(trace.start) * width, scale.y(trace.duration) * height, scale.radius(trace.spanCount), 0, 7);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

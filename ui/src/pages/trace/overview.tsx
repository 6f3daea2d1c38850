// The whole trace at a glance: an icicle on a canvas, the part in sight between two handles.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { hueColour } from "../../model/colours";
import { paintIcicle } from "../../model/icicle";
import { formatDuration } from "../../time/format";
import { theme } from "../../ui/theme";
import { followDrag, type Drag } from "./drag";
import type { Store } from "./store";
import { within } from "./zoom";

const HEIGHT = 56;

export function Overview({ store }: { store: Store }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const drag = useSignal<Drag | null>(null);
  const { trace, hues } = store;
  useEffect(() => {
    const drawn = canvas.current!;
    const observer = new ResizeObserver(() => (width.value = drawn.clientWidth));
    observer.observe(drawn);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const repaint = () => paint(drawn, store);
    dark.addEventListener("change", repaint);
    return () => (observer.disconnect(), dark.removeEventListener("change", repaint));
  }, []);
  useEffect(() => paint(canvas.current!, store), [width.value, theme.value, trace, hues]);
  const whole = Math.max(trace.durationNano, 1);
  const [from, to] = store.zoom.value;
  const left = drag.value ? drag.value.from : from / whole;
  const right = drag.value ? drag.value.to : to / whole;
  const done = (last: Drag | null) => {
    drag.value = null;
    if (last) store.change({ zoom: within([last.from * whole, last.to * whole], whole) });
  };
  return (
    <div class="overview" title={t("trace.dragHint")} onPointerDown={(event) => followDrag(event, event.currentTarget, { moved: (now) => (drag.value = now), done })} onDblClick={() => store.change({ zoom: null })}>
      <canvas ref={canvas} height={HEIGHT} role="img" aria-label={t("trace.overview", { duration: formatDuration(trace.durationNano / 1000) })} />
      <span class="shade" style={{ left: 0, width: `${left * 100}%` }} />
      <span class="shade" style={{ left: `${right * 100}%`, right: 0 }} />
      {(store.state.value.zoom || drag.value) && (
        <output class="window" style={{ left: `${left * 100}%` }}>
          {formatDuration(((right - left) * whole) / 1000)}
        </output>
      )}
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, { trace, hues }: Store): void {
  const ratio = Math.min(devicePixelRatio, 2);
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(HEIGHT * ratio)];
  if (!width) return;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  const styles = getComputedStyle(canvas);
  const colours = resolved(canvas, trace.serviceNames.map((name) => hueColour(hues.get(name) ?? 0)));
  const [error, critical] = resolved(canvas, [styles.getPropertyValue("--error"), styles.getPropertyValue("--critical")]);
  const image = context.createImageData(width, height);
  paintIcicle(trace, { pixels: new Uint32Array(image.data.buffer), width, height, colours, error: error!, critical: critical!, gap: Math.round(ratio) });
  context.putImageData(image, 0, 0);
}

/** Colours as the theme means them, as pixels of an image. */
function resolved(place: HTMLElement, colours: readonly string[]): Uint32Array {
  const probe = document.createElement("canvas");
  probe.width = Math.max(colours.length, 1);
  probe.height = 1;
  const context = probe.getContext("2d", { willReadFrequently: true })!;
  const sample = place.parentElement!.appendChild(document.createElement("i"));
  sample.className = "sample";
  colours.forEach((colour, at) => {
    sample.style.color = colour;
    context.fillStyle = getComputedStyle(sample).color;
    context.fillRect(at, 0, 1, 1);
  });
  sample.remove();
  return new Uint32Array(context.getImageData(0, 0, probe.width, 1).data.buffer);
}

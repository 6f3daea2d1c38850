// A canvas as wide as its place, drawn again when its size, its data or the theme changes. Colours come from the tokens.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { theme } from "./theme";

export interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** The value of a token such as `--accent`. */
  readonly colour: (token: string) => string;
}

interface Props {
  height: number;
  label: string;
  draw: (pen: Pen) => void;
  /** The width, once it is known and whenever it changes. */
  onWidth?: (width: number) => void;
}

export function Plot({ height, label, draw, onWidth }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const drawing = useRef(draw);
  drawing.current = draw;
  const paint = () => {
    if (canvas.current && width.peek()) drawing.current(prepare(canvas.current, width.peek(), height));
  };
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry!.contentRect.width);
      onWidth?.(width.peek());
    });
    watcher.observe(canvas.current!.parentElement!);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", paint);
    return () => {
      watcher.disconnect();
      scheme.removeEventListener("change", paint);
    };
  }, []);
  useSignalEffect(() => {
    void [theme.value, width.value];
    paint();
  });
  useEffect(paint, [draw, height]);
  return <canvas ref={canvas} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}

function prepare(canvas: HTMLCanvasElement, width: number, height: number): Pen {
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  const context = canvas.getContext("2d")!;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
  return { context, width, height, colour: (token) => resolved(canvas, token) };
}

// A token may be light-dark(); only a real property gives the colour that it stands for now.
function resolved(canvas: HTMLCanvasElement, token: string): string {
  canvas.style.color = `var(${token})`;
  const { color } = getComputedStyle(canvas);
  canvas.style.color = "";
  return color;
}

// The graph as a drawing that can be moved and enlarged. A click on a service makes it the focal one. What is too small to
// be read or out of sight is drawn without words: a few hundred services must neither hold the page up nor fill it.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Edge, Graph, GraphNode } from "../../api/graph";
import { formatCount, t } from "../../i18n";
import { hueColour, serviceHues } from "../../model/colours";
import { formatDuration } from "../../time/format";
import { writeMap, type MapState, type Percentile } from "../../url/map";
import { href } from "../../url/router";
import { Progress } from "../../ui/notice";
import { MANY, pathOf, type Wanted } from "./layout";
import { useLayout, type Laid } from "./laying_out";
import type { Part } from "./part";
import { drawnAs, OUT_OF_SIGHT, scaleOf, WITH_WORDS, type View } from "./sight";

const NODE_HEIGHT = 46;
const LETTER = 7.4;
/** The drawing's largest scale, and its part of the window's height, as in map.css. */
const LARGEST = 1.25;
const TALLEST = 0.64;

interface Props {
  part: Part;
  graph: Graph;
  state: MapState;
  marked: ReadonlySet<string>;
}

export function Drawing({ part, graph, state, marked }: Props) {
  const wanted = useMemo(() => wantedOf(part, state.percentile), [part, state.percentile]);
  const laid = useLayout(wanted);
  if (!laid.value) return <Progress label={t("map.loading")} />;
  const fresh = laid.value.wanted === wanted;
  return fresh ? <Laidout part={part} graph={graph} state={state} marked={marked} laid={laid.value} /> : <Progress label={t("map.loading")} />;
}

function Laidout({ part, graph, state, marked, laid }: Props & { laid: Laid }) {
  const { placed } = laid;
  const svg = useRef<SVGSVGElement>(null);
  const told = useRef<HTMLTitleElement>(null);
  const whole: View = { x: 0, y: 0, width: placed.width, height: placed.height };
  const view = useSignal(whole);
  const box = useSignal({ width: Math.min(innerWidth, placed.width * LARGEST), height: innerHeight * TALLEST });
  useEffect(() => {
    view.value = whole;
  }, [placed]);
  useLayoutEffect(() => {
    const drawn = svg.current!;
    const observer = new ResizeObserver(() => (box.value = { width: drawn.clientWidth, height: drawn.clientHeight }));
    observer.observe(drawn);
    return () => observer.disconnect();
  }, []);
  const zoom = (factor: number) => {
    const { x, y, width, height } = view.peek();
    view.value = { x: x + (width * (1 - factor)) / 2, y: y + (height * (1 - factor)) / 2, width: width * factor, height: height * factor };
  };
  const drag = (event: PointerEvent) => {
    if (!(event.buttons & 1)) return;
    const scale = scaleOf(view.peek(), box.peek());
    view.value = { ...view.peek(), x: view.peek().x - event.movementX / scale, y: view.peek().y - event.movementY / scale };
  };
  const nodes = useMemo(() => new Map((graph.nodes ?? []).map((node) => [node.service, node])), [graph]);
  /** One hint for all that is drawn without words. */
  const tell = ({ target }: PointerEvent) => {
    const [kind, index] = ((target as Element).closest<SVGElement>("[data-of]")?.dataset["of"] ?? "").split(" ");
    told.current!.textContent = kind === "edge" ? edgeTitle(part.edges[Number(index)]!) : kind === "node" ? nodeTitle(part.services[Number(index)]!, nodes) : "";
  };
  const { x, y, width, height } = view.value;
  const drawn = drawnAs(view.value, box.value, placed.nodes, placed.edges);
  // Moving the view alone changes no shape.
  const shapes = useMemo(() => <Shapes part={part} nodes={nodes} state={state} marked={marked} laid={laid} drawn={drawn} />, [part, nodes, state, marked, laid, drawn.join("")]);
  return (
    <>
      <svg ref={svg} viewBox={`${x} ${y} ${width} ${height}`} role="group" aria-label={t("map.graph")} onPointerMove={drag} onPointerOver={tell} style={{ "--natural": `${placed.width}px` }}>
        <title ref={told} />
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0,0.5 L8,4 L0,7.5 z" />
          </marker>
        </defs>
        {shapes}
      </svg>
      <p class="zoom">
        <button onClick={() => zoom(0.8)} aria-label={t("map.closer")}>
          +
        </button>
        <button onClick={() => zoom(1.25)} aria-label={t("map.further")}>
          −
        </button>
        <button onClick={() => (view.value = whole)}>{t("map.whole")}</button>
      </p>
    </>
  );
}

interface ShapesProps {
  part: Part;
  nodes: ReadonlyMap<string, GraphNode>;
  state: MapState;
  marked: ReadonlySet<string>;
  laid: Laid;
  drawn: Uint8Array;
}

function Shapes({ part, nodes, state, marked, laid: { placed, wanted }, drawn }: ShapesProps) {
  const hues = useMemo(() => serviceHues(part.services), [part]);
  const most = useMemo(() => part.edges.reduce((sum, { callCount }) => Math.max(sum, callCount), 1), [part]);
  return (
    <>
      {part.edges.map((edge, index) => {
        const how = drawn[part.services.length + index];
        return how !== OUT_OF_SIGHT && <Line key={`${edge.parent} ${edge.child}`} index={index} edge={edge} at={placed.edges[index]!} most={most} percentile={state.percentile} isFull={how === WITH_WORDS} />;
      })}
      {part.services.map((service, index) => drawn[index] !== OUT_OF_SIGHT && (
        <Box
          key={service}
          index={index}
          service={service}
          nodes={nodes}
          at={placed.nodes[index]!}
          width={wanted.nodes[index]!.width}
          colour={hueColour(hues.get(service)!)}
          link={href("/dependencies", writeMap({ ...state, service }))}
          mark={service === state.service ? "focal" : marked.has(service) ? "found" : marked.size ? "dim" : ""}
          isFull={drawn[index] === WITH_WORDS}
        />
      ))}
    </>
  );
}

interface LineProps {
  index: number;
  edge: Edge;
  at: { readonly points: readonly { readonly x: number; readonly y: number }[]; readonly x: number; readonly y: number };
  most: number;
  percentile: Percentile;
  isFull: boolean;
}

function Line({ index, edge, at, most, percentile, isFull }: LineProps) {
  const share = edge.errorCount / Math.max(edge.callCount, 1);
  const thickness = 1 + 2.5 * (Math.log1p(edge.callCount) / Math.log1p(most));
  const path = useMemo(() => pathOf(at.points), [at]);
  const kind = edge.errorCount ? "edge failing" : "edge";
  const style = edge.errorCount ? { "--failing": `${Math.round(30 + 70 * Math.min(share * 4, 1))}%` } : {};
  if (!isFull) return <path class={kind} style={style} data-of={`edge ${index}`} d={path} stroke-width={thickness} />;
  return (
    <g class={kind} style={style}>
      <title>{edgeTitle(edge)}</title>
      <path d={path} stroke-width={thickness} marker-end="url(#arrow)" />
      <text x={at.x} y={at.y - 6}>
        {formatCount(edge.callCount)}
        {edge.errorCount > 0 && <tspan class="errors"> ✕{formatCount(edge.errorCount)}</tspan>}
      </text>
      <text class="below" x={at.x} y={at.y + 14}>
        {formatDuration(edge[`${percentile}Nano`] / 1000)}
      </text>
    </g>
  );
}

function edgeTitle({ parent, child, callCount, errorCount, p50Nano, p95Nano, p99Nano }: Edge): string {
  const times = [p50Nano, p95Nano, p99Nano].map((nano) => formatDuration(nano / 1000)).join(" / ");
  return `${parent} → ${child}: ${t("map.calls", { n: formatCount(callCount) })}, ${t("map.errors", { n: formatCount(errorCount) })}, p50 / p95 / p99 ${times}`;
}

function nodeTitle(service: string, nodes: ReadonlyMap<string, GraphNode>): string {
  const node = nodes.get(service);
  return node ? `${service}: ${t("map.calls", { n: formatCount(node.callCount) })}, ${t("map.errors", { n: formatCount(node.errorCount) })}` : service;
}

interface BoxProps {
  index: number;
  service: string;
  nodes: ReadonlyMap<string, GraphNode>;
  at: { readonly x: number; readonly y: number };
  width: number;
  colour: string;
  link: string;
  mark: string;
  isFull: boolean;
}

function Box({ index, service, nodes, at, width, colour, link, mark, isFull }: BoxProps) {
  const [left, top] = [at.x - width / 2, at.y - NODE_HEIGHT / 2];
  if (!isFull) {
    return (
      <a href={link} class={`node small ${mark}`} draggable={false} aria-label={service} data-of={`node ${index}`}>
        <rect x={left} y={top} width={width} height={NODE_HEIGHT} rx="7" style={{ "--colour": colour }} />
      </a>
    );
  }
  const node = nodes.get(service);
  return (
    <a href={link} class={`node ${mark}`} draggable={false}>
      <title>{nodeTitle(service, nodes)}</title>
      <rect x={left} y={top} width={width} height={NODE_HEIGHT} rx="7" />
      <rect class="stripe" x={left} y={top + 8} width="4" height={NODE_HEIGHT - 16} rx="2" style={{ "--colour": colour }} />
      <text x={at.x} y={at.y + (node ? -3 : 4)}>
        {shortened(service)}
      </text>
      {node && (
        <text class="below" x={at.x} y={at.y + 13}>
          {node.p95Nano === null ? t("map.spans", { n: formatCount(node.spanCount) }) : `p95 ${formatDuration(node.p95Nano / 1000)}`}
          {node.errorCount > 0 && <tspan class="errors"> ✕{formatCount(node.errorCount)}</tspan>}
        </text>
      )}
    </a>
  );
}

function wantedOf({ services, edges }: Part, percentile: Percentile): Wanted {
  return {
    nodes: services.map((id) => ({ id, width: Math.max(shortened(id).length * LETTER + 28, 110), height: NODE_HEIGHT })),
    edges: edges.map(({ parent, child, callCount, errorCount, ...edge }) => {
      const counts = formatCount(callCount).length + (errorCount ? formatCount(errorCount).length + 2 : 0);
      const letters = Math.max(counts, formatDuration(edge[`${percentile}Nano`] / 1000).length);
      return { from: parent, to: child, width: letters * 6.5 + 10, height: services.length > MANY ? 12 : 34, weight: 1 + Math.round(3 * Math.log10(callCount + 1)) };
    }),
  };
}

function shortened(name: string): string {
  return name.length > 28 ? `${name.slice(0, 16)}…${name.slice(-10)}` : name;
}

// Small pictures of series: one line in a row of a table, or a chart with its axes.
import { ceiling, greatest, trendArea, trendPath } from "../draw/trend";
import { timeTicks } from "../draw/heat";
import { formatMark } from "../time/format";
import { offsetMs, zone } from "../time/zone";

interface SparkProps {
  values: readonly (number | null)[];
  colour: string;
}

const WIDTH = 84;
const HEIGHT = 20;

/** A line without axes; the figure stands beside it, so readers of the screen are told nothing. */
export function Spark({ values, colour }: SparkProps) {
  const most = greatest(values);
  if (!most) return null;
  return (
    <svg class="spark" width={WIDTH} height={HEIGHT} viewBox={`0 -1 ${WIDTH} ${HEIGHT + 2}`} aria-hidden="true" style={{ "--colour": `var(${colour})` }}>
      <path class="area" d={trendArea(values, WIDTH, HEIGHT, most)} />
      <path d={trendPath(values, WIDTH, HEIGHT, most)} />
    </svg>
  );
}

export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  title: string;
  lines: readonly Line[];
  start: number;
  end: number;
  format: (value: number) => string;
}

const CHART = { width: 380, height: 120, left: 56, bottom: 18 };

/** Lines over time with both axes and their names. */
export function Chart({ title, lines, start, end, format }: ChartProps) {
  const { width, height, left, bottom } = CHART;
  const most = ceiling(greatest(...lines.map(({ values }) => values)));
  const offsetUs = offsetMs(start / 1000, zone.value) * 1000;
  return (
    <figure class="chart">
      <figcaption>
        <b>{title}</b>
        {lines.length > 1 &&
          lines.map(({ name, colour }) => (
            <span key={name} style={{ "--colour": `var(${colour})` }}>
              <i class="swatch" /> {name}
            </span>
          ))}
      </figcaption>
      <svg viewBox={`0 -6 ${left + width} ${height + bottom + 6}`} role="img" aria-label={`${title}: ${lines.map((line) => spoken(line, format)).join("; ")}`}>
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line x1={left} x2={left + width} y1={height * (1 - part)} y2={height * (1 - part)} />
            <text class="value" x={left - 6} y={height * (1 - part) + 4}>
              {format(most * part)}
            </text>
          </g>
        ))}
        {timeTicks(start, end, 5, offsetUs).map((at) => {
          const x = ((at - start) / (end - start)) * width;
          return x > 12 && x < width - 12 ? (
            <text key={at} x={left + x} y={height + bottom - 2}>
              {formatMark(at, end - start)}
            </text>
          ) : null;
        })}
        <g transform={`translate(${left} 0)`}>
          {lines.length === 1 && <path class="area" d={trendArea(lines[0]!.values, width, height, most)} style={{ "--colour": `var(${lines[0]!.colour})` }} />}
          {lines.map(({ name, colour, values }) => (
            <path key={name} d={trendPath(values, width, height, most)} style={{ "--colour": `var(${colour})` }} />
          ))}
        </g>
      </svg>
    </figure>
  );
}

function spoken({ name, values }: Line, format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  return known.length ? `${name} ${format(Math.min(...known))} – ${format(Math.max(...known))}` : name;
}

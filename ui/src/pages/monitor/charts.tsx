// One service over time: calls, errors, latencies.
import type { Group } from "../../api/red";
import { t } from "../../i18n";
import { formatDuration, formatRate, formatShare } from "../../time/format";
import { Chart } from "../../ui/trend";

interface Props {
  group: Group;
  start: number;
  end: number;
  bucketNano: number;
}

export function Charts({ group, start, end, bucketNano }: Props) {
  const series = group.series!;
  const seconds = bucketNano / 1e9;
  const rates = series.callCount.map((count) => count / seconds);
  const shares = series.errorCount.map((count, at) => count / Math.max(series.callCount[at]!, 1));
  return (
    <div class="charts">
      <Chart title={t("services.chart.rate")} lines={[{ name: t("services.chart.rate"), colour: "--accent", values: rates }]} start={start} end={end} format={formatRate} />
      <Chart title={t("services.chart.errors")} lines={[{ name: t("services.chart.errors"), colour: "--error", values: shares }]} start={start} end={end} format={formatShare} />
      <Chart
        title={t("services.chart.latency")}
        lines={[
          { name: "p50", colour: "--accent", values: series.p50Nano },
          { name: "p95", colour: "--warning", values: series.p95Nano },
          { name: "p99", colour: "--error", values: series.p99Nano },
        ]}
        start={start}
        end={end}
        format={(nano) => formatDuration(nano / 1000)}
      />
    </div>
  );
}

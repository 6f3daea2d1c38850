// The figures as a table: a row a service or operation, each with its course and how it was in the time before.
import type { Group } from "../../api/red";
import { changeOf } from "../../draw/trend";
import { formatCount, t } from "../../i18n";
import { formatDuration, formatRate, formatShare } from "../../time/format";
import { SortHead, sorted } from "../../ui/sort_head";
import { Spark } from "../../ui/trend";
import type { Window } from "../../url/range";
import { href } from "../../url/router";
import { COLUMNS, writeServices, type ServicesState } from "../../url/services";

interface Props {
  groups: readonly Group[];
  state: ServicesState;
  window: Window;
  change: (difference: Partial<ServicesState>) => void;
}

export function Figures({ groups, state, window, change }: Props) {
  const sought = state.find.trim().toLowerCase();
  const found = sought ? groups.filter((group) => nameOf(group).toLowerCase().includes(sought)) : groups;
  const rows = sorted(found, (group) => (state.sort === "name" ? nameOf(group) : group[state.sort]), state.isDescending);
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={t("services.title")}>
      <table class="numbers figures">
        <thead>
          <tr>
            {COLUMNS.map((name) => (
              <SortHead key={name} name={name} label={t(`services.column.${name}`)} sort={state.sort} isDescending={state.isDescending} isText={name === "name"} change={change} />
            ))}
            <th scope="col">
              <span class="sr-only">{t("services.traces")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((group) => (
            <Row key={nameOf(group)} group={group} state={state} window={window} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ group, state, window }: { group: Group; state: ServicesState; window: Window }) {
  const { series, previous } = group;
  const name = nameOf(group);
  const isService = group.operation === null;
  const shares = series?.errorCount.map((count, at) => count / Math.max(series.callCount[at]!, 1));
  return (
    <tr>
      <th scope="row">
        <a href={isService ? href("/monitor", writeServices({ ...state, service: group.service, find: "" })) : tracesOf(group, window)}>{name}</a>
      </th>
      <Cell text={formatRate(group.rate)} values={series?.callCount} colour="--accent" now={group.rate} before={previous?.rate} isWorseWhenMore={false} />
      <Cell text={formatShare(group.errorShare)} values={shares} colour="--error" now={group.errorShare} before={previous?.errorShare} isWorseWhenMore isBad={group.errorCount > 0} />
      <td class="number">{written(group.p50Nano)}</td>
      <Cell text={written(group.p95Nano)} values={series?.p95Nano} colour="--warning" now={group.p95Nano} before={previous?.p95Nano} isWorseWhenMore />
      <td class="number">{written(group.p99Nano)}</td>
      <td class="impact" title={t("services.impactWhy")}>
        <span>{formatShare(group.impact)}</span>
        <meter min={0} max={1} value={group.impact} aria-label={t("services.column.impact")} />
      </td>
      <td>
        <a href={tracesOf(group, window)} aria-label={`${t("services.traces")}: ${name}`}>
          {t("services.traces")}
        </a>
      </td>
    </tr>
  );
}

interface CellProps {
  text: string;
  values: readonly (number | null)[] | undefined;
  colour: string;
  now: number | null;
  before: number | null | undefined;
  isWorseWhenMore: boolean;
  isBad?: boolean;
}

function Cell({ text, values, colour, now, before, isWorseWhenMore, isBad = false }: CellProps) {
  return (
    <td class="number course">
      {values && <Spark values={values} colour={colour} />}
      <span class={isBad ? "bad" : ""}>{text}</span>
      <Change share={changeOf(now, before)} isWorseWhenMore={isWorseWhenMore} />
    </td>
  );
}

const WORTH_SAYING = 0.1;

function Change({ share, isWorseWhenMore }: { share: number | null; isWorseWhenMore: boolean }) {
  if (share === null || Math.abs(share) < WORTH_SAYING) return <small class="change" />;
  const isMore = share > 0;
  const size = isMore && share >= 1 ? `×${formatCount(Number((share + 1).toPrecision(2)))}` : formatShare(Number(Math.abs(share).toPrecision(2)));
  return (
    <small class={isMore && isWorseWhenMore ? "change bad" : "change soft"} title={t(isMore ? "services.more" : "services.less", { n: formatShare(Math.abs(share)) })}>
      {isMore ? "▲" : "▼"}
      {size}
    </small>
  );
}

/** What a row is called. */
export function nameOf({ service, operation }: Group): string {
  return operation ?? service;
}

function written(nano: number | null): string {
  return nano === null ? "–" : formatDuration(nano / 1000);
}

function tracesOf({ service, operation }: Group, { start, end }: Window): string {
  const range = { lookback: "custom", start: String(Math.floor(start)), end: String(Math.floor(end)) };
  return href("/search", { service, ...(operation === null ? {} : { operation }), ...range });
}


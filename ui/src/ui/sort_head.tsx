// The head of a column by which a table can be sorted.
interface Props<Name extends string> {
  name: Name;
  label: string;
  sort: string;
  isDescending: boolean;
  /** Names go up first, numbers down. */
  isText?: boolean;
  change: (sort: { sort: Name; isDescending: boolean }) => void;
}

export function SortHead<Name extends string>({ name, label, sort, isDescending, isText = false, change }: Props<Name>) {
  const isCurrent = sort === name;
  return (
    <th scope="col" class={isText ? "text" : "number"} aria-sort={isCurrent ? (isDescending ? "descending" : "ascending") : "none"}>
      <button class="plain" onClick={() => change({ sort: name, isDescending: isCurrent ? !isDescending : !isText })}>
        {label} <span aria-hidden="true">{isCurrent ? (isDescending ? "▾" : "▴") : ""}</span>
      </button>
    </th>
  );
}

/** The rows in the order of a value of theirs; equal ones stay as they are; what has no value comes last. */
export function sorted<Row>(rows: readonly Row[], valueOf: (row: Row) => string | number | null, isDescending: boolean): Row[] {
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [one, other] = [valueOf(a), valueOf(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    if (one === other) return 0;
    return one < other ? -sign : sign;
  });
}

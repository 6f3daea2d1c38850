// The few signs of the trace page that no font has for sure.

const PATHS = {
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  link: "M6.5 9.5l3-3M7 4.5l1.6-1.6a3 3 0 0 1 4.4 4.3L11.5 8.8M9 11.5l-1.6 1.6a3 3 0 0 1-4.4-4.3L4.5 7.2",
  done: "M3 8.5l3.5 3.5L13 4.5",
  below: "M2.5 3h11v10h-11zM2.5 8.5h11",
  beside: "M2.5 3h11v10h-11zM9 3v10",
  close: "M4 4l8 8M12 4l-8 8",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round" stroke-linecap="round" />
    </svg>
  );
}

// Which page stands at which path: the one table. A page is loaded when it is first visited.
import type { ComponentType } from "preact";

/** What a page is given: the parts of the path that its pattern names. */
export interface PageProps {
  readonly parts: Readonly<Record<string, string>>;
}

interface Route {
  readonly pattern: RegExp;
  readonly load: () => Promise<ComponentType<PageProps>>;
}

export const ROUTES: readonly Route[] = [
  { pattern: /^\/search$/, load: async () => (await import("./pages/search/page")).default },
  { pattern: /^\/trace\/(?<a>.*?)\.\.\.(?<b>.*)$/, load: async () => (await import("./pages/compare/page")).default },
  { pattern: /^\/trace\/(?<id>[^/]+)$/, load: async () => (await import("./pages/trace/page")).default },
  { pattern: /^\/dependencies$/, load: async () => (await import("./pages/dependencies/page")).default },
  { pattern: /^\/monitor$/, load: async () => (await import("./pages/monitor/page")).default },
];

/** The route of a path with the named parts, or null when there is no such page. */
export function match(path: string): { route: Route; parts: Record<string, string> } | null {
  for (const route of ROUTES) {
    const found = route.pattern.exec(path);
    if (found) return { route, parts: decoded(found.groups ?? {}) };
  }
  return null;
}

function decoded(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decode(text)]));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A stray percent sign is part of what was meant.
  }
}

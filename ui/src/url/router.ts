// Where the reader is: the path below the server's prefix, and the parameters. All state of a page is here.
import { signal } from "@preact/signals";

export interface Place {
  readonly path: string;
  readonly params: URLSearchParams;
}

const PREFIX = new URL(document.baseURI).pathname.replace(/\/$/, "");

export const place = signal<Place>(read());

addEventListener("popstate", () => (place.value = read()));

/** The address of a page, for links. */
export function href(path: string, params?: URLSearchParams | Record<string, string>): string {
  const query = new URLSearchParams(params).toString();
  return PREFIX + path + (query ? `?${query}` : "");
}

/** Go to a page; `replace` leaves no step behind. */
export function go(path: string, params?: URLSearchParams | Record<string, string>, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", href(path, params));
  place.value = read();
}

/** Let plain clicks on links of ours change the place instead of loading the page anew. */
export function followLinks(event: MouseEvent): void {
  const link = (event.target as Element).closest("a");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  // By attributes: a link in an SVG has neither `target` nor `origin` as texts.
  const address = link?.getAttribute("href");
  if (!link || !address || !plain || link.getAttribute("target") || link.hasAttribute("download")) return;
  const url = new URL(address, document.baseURI);
  if (url.origin !== location.origin || !url.pathname.startsWith(PREFIX) || url.pathname.startsWith(`${PREFIX}/api/`)) return;
  event.preventDefault();
  go(url.pathname.slice(PREFIX.length), url.searchParams);
  scrollTo(0, 0);
}

function read(): Place {
  const path = location.pathname.startsWith(PREFIX) ? location.pathname.slice(PREFIX.length) : location.pathname;
  return { path: path || "/", params: new URLSearchParams(location.search) };
}

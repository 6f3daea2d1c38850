// What stands around every page: name, navigation, look-up by trace id, commands, settings.
import type { ComponentChildren } from "preact";
import { boot, type MenuItem } from "../api/boot";
import { t, type Key } from "../i18n";
import { go, href, place } from "../url/router";
import { openPalette, Palette } from "./palette";
import { openSheet, Sheet } from "./sheet";
import { Settings } from "./settings";
import { useKeys, type Shortcut } from "./keys";

interface Entry {
  readonly path: string;
  readonly label: Key;
  readonly isHere: (path: string) => boolean;
}

const PAGES: readonly Entry[] = [
  { path: "/search", label: "nav.search", isHere: (path) => path === "/search" },
  { path: "/monitor", label: "services.title", isHere: (path) => path === "/monitor" },
  { path: "/dependencies", label: "map.title", isHere: (path) => path === "/dependencies" },
  { path: "/trace/...", label: "compare.title", isHere: (path) => path.startsWith("/trace/") && path.includes("...") },
];

const KEYS: readonly Shortcut[] = [
  { keys: ["Ctrl+k"], label: "keys.palette", run: openPalette, whileTyping: true },
  { keys: ["?"], label: "keys.sheet", run: openSheet },
  { keys: ["g"], label: "keys.lookup", run: () => document.querySelector<HTMLInputElement>(".frame input")?.focus() },
];

export function Frame({ children }: { children: ComponentChildren }) {
  useKeys("keys.everywhere", KEYS);
  const { path, params } = place.value;
  if (params.get("uiEmbed") === "v0") return <Embedded>{children}</Embedded>;
  return (
    <>
      <header class="frame">
        <a class="name" href={href("/search")} aria-label="Lymer">
          <img src="./lymer.svg" width="22" height="22" alt="" />
          <span>Lymer</span>
        </a>
        <nav aria-label={t("nav.pages")}>
          {PAGES.map((page) => (
            <a key={page.path} href={href(page.path)} aria-current={page.isHere(path) ? "page" : undefined}>
              {t(page.label)}
            </a>
          ))}
          {boot.config.menu?.map((item) => <ConfiguredItem key={item.label} item={item} />)}
        </nav>
        <form onSubmit={openTrace}>
          <input name="id" class="mono" placeholder={t("nav.lookup")} aria-label={t("nav.lookupHint")} spellcheck={false} autocomplete="off" />
        </form>
        <button class="keys-button" onClick={openPalette} title={t("keys.palette")}>
          <kbd>Ctrl K</kbd>
        </button>
        <Settings />
      </header>
      <main>{children}</main>
      <Palette />
      <Sheet />
    </>
  );
}

function Embedded({ children }: { children: ComponentChildren }) {
  const { path, params } = place.value;
  const whole = new URLSearchParams([...params].filter(([name]) => !name.startsWith("ui") || name === "uiFind"));
  return (
    <main class="embedded">
      <a class="open-whole" href={href(path, whole)} target="_blank" rel="noreferrer">
        {t("nav.openWhole")} ↗
      </a>
      {children}
    </main>
  );
}

function ConfiguredItem({ item }: { item: MenuItem }) {
  if (!item.items) return <ConfiguredLink item={item} />;
  return (
    <details class="menu">
      <summary>{item.label} ▾</summary>
      <div>{item.items.map((inner) => <ConfiguredLink key={inner.label} item={inner} />)}</div>
    </details>
  );
}

function ConfiguredLink({ item }: { item: MenuItem }) {
  const url = safe(item.url ?? "");
  return url ? (
    <a href={url} target={item.anchorTarget ?? "_blank"} rel="noreferrer">
      {item.label}
    </a>
  ) : (
    <span class="soft">{item.label}</span>
  );
}

// The configuration is the operator's, but an address that is a script is never followed.
function safe(url: string): string | null {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(url, document.baseURI).protocol) ? url : null;
  } catch {
    return null;
  }
}

function openTrace(event: SubmitEvent): void {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  const id = String(new FormData(form).get("id")).trim();
  form.reset();
  if (id) go(`/trace/${encodeURIComponent(id)}`);
}

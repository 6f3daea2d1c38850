// The command palette: any page, any service, any trace by its id, and every setting, from the keyboard.
import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { lastValue, resource } from "../api/resource";
import { listServices } from "../api/search";
import { LANGUAGES, setLanguage, t, type Language } from "../i18n";
import { LOCAL, setZone, zones } from "../time/zone";
import { go } from "../url/router";
import { best } from "./fuzzy";
import { useModal } from "./modal";
import { openSheet } from "./sheet";
import { setTheme, THEMES } from "./theme";

interface Command {
  readonly text: string;
  readonly hint: string;
  readonly run: () => void;
}

const SHOWN_MAX = 40;
const isOpen = signal(false);

export function openPalette(): void {
  isOpen.value = true;
}

export function Palette() {
  return isOpen.value ? <Open /> : null;
}

function Open() {
  const { close, props } = useModal(isOpen);
  const sought = useSignal("");
  const chosen = useSignal(0);
  const services = useMemo(() => resource<string[]>(), []);
  useLayoutEffect(() => void services.ask(listServices), []);
  const list = found(sought.value.trim(), lastValue(services.state.value) ?? []);
  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen.value = (chosen.value + (event.key === "ArrowDown" ? 1 : -1) + list.length) % Math.max(list.length, 1);
      document.querySelector(`#command-${chosen.value}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(list[chosen.value]);
    }
  };
  return (
    <dialog {...props} class="palette" aria-label={t("keys.palette")}>
      <input
        value={sought.value}
        placeholder={t("palette.placeholder")}
        aria-label={t("palette.placeholder")}
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={list.length ? `command-${chosen.value}` : undefined}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          sought.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="commands" role="listbox" aria-label={t("keys.palette")}>
        {list.map((command, index) => (
          <li key={`${command.hint} ${command.text}`} id={`command-${index}`} role="option" aria-selected={index === chosen.value} onClick={() => run(command)}>
            <span>{command.text}</span>
            <small>{command.hint}</small>
          </li>
        ))}
      </ul>
    </dialog>
  );
}

function found(sought: string, services: readonly string[]): Command[] {
  const commands = [...pages(), ...services.flatMap(ofService), ...settings()];
  const isId = /^[0-9a-f]{8,32}$/i.test(sought);
  const trace: Command = { text: sought, hint: t("palette.trace"), run: () => go(`/trace/${sought}`) };
  return [...(isId ? [trace] : []), ...best(commands, sought, ({ text, hint }) => `${text} ${hint}`, SHOWN_MAX)];
}

function pages(): Command[] {
  return [
    page(t("nav.search"), "/search"),
    page(t("services.title"), "/monitor"),
    page(t("map.title"), "/dependencies"),
    page(t("compare.title"), "/trace/..."),
    page(t("search.live"), "/search", { live: "1" }),
    page(t("palette.slowest"), "/search", { order: "longest" }),
    page(t("palette.failed"), "/search", { q: "trace.errors > 0" }),
    { text: t("keys.sheet"), hint: "?", run: openSheet },
  ];
}

function page(text: string, path: string, params: Record<string, string> = {}): Command {
  return { text, hint: t("palette.page"), run: () => go(path, params) };
}

function ofService(service: string): Command[] {
  return [
    { text: service, hint: t("palette.tracesOf"), run: () => go("/search", { service }) },
    { text: service, hint: t("services.title"), run: () => go("/monitor", { service }) },
    { text: service, hint: t("map.title"), run: () => go("/dependencies", { service }) },
  ];
}

function settings(): Command[] {
  return [
    ...THEMES.map((name) => ({ text: t(`theme.${name}`), hint: t("nav.theme"), run: () => setTheme(name) })),
    ...Object.entries(LANGUAGES).map(([name, label]) => ({ text: label, hint: t("nav.language"), run: () => void setLanguage(name as Language) })),
    { text: t("nav.zone.local"), hint: t("nav.zone"), run: () => void setZone(LOCAL) },
    ...zones().map((name) => ({ text: name, hint: t("nav.zone"), run: () => void setZone(name) })),
  ];
}

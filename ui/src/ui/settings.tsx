// Language, theme and time zone, in a menu. The hundreds of zones are in the page once the menu was opened.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language, LANGUAGES, setLanguage, t, type Language } from "../i18n";
import { LOCAL, offsetName, setZone, zone, zoneChoice, zones } from "../time/zone";
import { setTheme, theme, THEMES, type Theme } from "./theme";

export function Settings() {
  const menu = useRef<HTMLDetailsElement>(null);
  const wasOpened = useSignal(false);
  useEffect(() => {
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !menu.current?.contains(event.target as Node)) menu.current?.removeAttribute("open");
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details class="menu" ref={menu} onToggle={() => (wasOpened.value = true)}>
      <summary title={t("nav.settings")}>
        <span class="sr-only">{t("nav.settings")}</span>
        <span class="mono">{offsetName(Date.now(), zone.value)}</span>
        <svg width="18" height="18" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" aria-hidden="true">
          <path d="M3 5h8m4 0h2M3 10h2m4 0h8M3 15h6m4 0h4" stroke-linecap="round" />
          <circle cx="13" cy="5" r="2" />
          <circle cx="7" cy="10" r="2" />
          <circle cx="11" cy="15" r="2" />
        </svg>
      </summary>
      <div>
        <label>
          <span>{t("nav.language")}</span>
          <select value={language.value} onChange={(event) => void setLanguage(event.currentTarget.value as Language)}>
            {Object.entries(LANGUAGES).map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{t("nav.theme")}</span>
          <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {t(`theme.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{t("nav.zone")}</span>
          <select value={zoneChoice.value} onChange={(event) => setZone(event.currentTarget.value)}>
            <option value={LOCAL}>{t("nav.zone.local")}</option>
            {(wasOpened.value ? zones() : [zoneChoice.value].filter((name) => name !== LOCAL)).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
    </details>
  );
}

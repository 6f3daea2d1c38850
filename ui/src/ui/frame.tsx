// What stands around every page: name, navigation, look-up by trace id, language, theme.
import type { ComponentChildren } from "preact";
import { language, setLanguage, t, type Language } from "../i18n";
import { go, href, place } from "../url/router";
import { setTheme, theme, THEMES, type Theme } from "./theme";

export function Frame({ children }: { children: ComponentChildren }) {
  if (place.value.params.get("uiEmbed") === "v0") return <main>{children}</main>;
  const searching = place.value.path.startsWith("/search");
  return (
    <>
      <header class="frame">
        <a class="name" href={href("/search")}>
          <img src="./lymer.svg" width="22" height="22" alt="" />
          <span>Lymer</span>
        </a>
        <nav>
          <a href={href("/search")} aria-current={searching ? "page" : undefined}>
            {t("nav.search")}
          </a>
        </nav>
        <Lookup />
        <select
          aria-label={t("nav.language")}
          value={language.value}
          onChange={(event) => void setLanguage(event.currentTarget.value as Language)}
        >
          <option value="en">English</option>
          <option value="zh-CN">中文</option>
        </select>
        <select aria-label={t("nav.theme")} value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
          {THEMES.map((name) => (
            <option key={name} value={name}>
              {t(`theme.${name}`)}
            </option>
          ))}
        </select>
      </header>
      <main>{children}</main>
    </>
  );
}

function Lookup() {
  return (
    <form role="search" onSubmit={openTrace}>
      <input name="id" class="mono" placeholder={t("nav.lookup")} aria-label={t("nav.lookupHint")} spellcheck={false} autocomplete="off" />
    </form>
  );
}

function openTrace(event: SubmitEvent): void {
  event.preventDefault();
  const id = String(new FormData(event.currentTarget as HTMLFormElement).get("id")).trim();
  if (id) go(`/trace/${encodeURIComponent(id)}`);
}

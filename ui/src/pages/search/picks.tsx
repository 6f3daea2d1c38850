// The traces that were picked, and the way to their comparison.
import { t } from "../../i18n";
import { href } from "../../url/router";

export function Picks({ picked, clear }: { picked: readonly string[]; clear: () => void }) {
  const [a = "", b = ""] = picked;
  const params = new URLSearchParams(picked.map((id) => ["cohort", id]));
  return (
    <div class="picks" role="status">
      <span>{t("search.picked", { n: picked.length })}</span>
      {picked.length > 1 ? (
        <a class="button primary" href={href(`/trace/${a}...${b}`, params)}>
          {t("search.compare")}
        </a>
      ) : (
        <span class="soft">{t("search.pickAnother")}</span>
      )}
      <button onClick={clear}>{t("search.unpick")}</button>
    </div>
  );
}

// What a page says when there is nothing to show, or something went wrong.
import type { ComponentChildren } from "preact";
import type { ApiError } from "../api/client";
import { t } from "../i18n";

interface Words {
  title: string;
  cure?: string;
  /** Whether this is all that the page has to say: then it is the page's heading. */
  isAll?: boolean;
  children?: ComponentChildren;
}

export function Notice({ title, cure, isAll = false, children }: Words) {
  return (
    <div class="notice" role="status">
      {isAll ? <h1>{title}</h1> : <h2>{title}</h2>}
      {cure && <p>{cure}</p>}
      {children}
    </div>
  );
}

export function Failure({ error, retry }: { error: ApiError; retry: () => void }) {
  return (
    <Notice title={t("error.title")} cure={error.status === 0 ? t("error.network") : error.message}>
      <button onClick={retry}>{t("error.retry")}</button>
    </Notice>
  );
}

export function Progress({ label }: { label: string }) {
  return <div class="progress" role="progressbar" aria-label={label} />;
}

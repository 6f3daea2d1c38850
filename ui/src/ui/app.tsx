// The page at the place, inside the frame. A page that cannot be loaded says so and can be asked for again.
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { ApiError } from "../api/client";
import { t } from "../i18n";
import { match, type PageProps } from "../routes";
import { href, place } from "../url/router";
import { Frame } from "./frame";
import { Failure, Notice, Progress } from "./notice";

type Loaded = { Page: ComponentType<PageProps> } | { failed: true };

export function App() {
  const { path } = place.value;
  const found = match(path);
  return (
    <Frame>
      {found ? (
        <Lazy key={path.startsWith("/trace/") ? path : found.route.pattern.source} load={found.route.load} parts={found.parts} />
      ) : (
        <Notice title={t("page.notFound")} isAll>
          <a href={href("/search")}>{t("nav.search")}</a>
        </Notice>
      )}
    </Frame>
  );
}

function Lazy({ load, parts }: { load: () => Promise<ComponentType<PageProps>> } & PageProps) {
  const loaded = useSignal<Loaded | null>(null);
  const ask = () => {
    loaded.value = null;
    load().then(
      (Page) => (loaded.value = { Page }),
      () => (loaded.value = { failed: true }),
    );
  };
  useEffect(ask, []);
  const state = loaded.value;
  if (!state) return <Progress label={t("page.loading")} />;
  if ("failed" in state) return <Failure error={new ApiError(0, "")} retry={ask} />;
  return <state.Page parts={parts} />;
}

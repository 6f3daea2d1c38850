// Starts the page: follows links, chooses the page by the path.
import "./ui/tokens.css"; // First: it has the order of the layers.
import "./ui/base.css";
import { render } from "preact";
import { t } from "./i18n";
import { SearchPage } from "./pages/search/page";
import { TracePage } from "./pages/trace/page";
import { followLinks, go, place } from "./url/router";
import { Frame } from "./ui/frame";
import { Notice } from "./ui/notice";

function App() {
  const { path } = place.value;
  const trace = /^\/trace\/([^/]+)$/.exec(path);
  if (trace) return <TracePage key={trace[1]} id={decodeURIComponent(trace[1]!)} />;
  if (path === "/search") return <SearchPage />;
  return <Notice title={t("page.notFound")} />;
}

if (place.peek().path === "/") go("/search", place.peek().params, { replace: true });
addEventListener("click", followLinks);
render(
  <Frame>
    <App />
  </Frame>,
  document.querySelector("#app")!,
);

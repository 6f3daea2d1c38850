// Starts the page: the language, then the page that stands at the path; links are followed without loading anew.
import "./ui/tokens.css"; // First: it has the order of the layers.
import "./ui/base.css";
import { render } from "preact";
import { startLanguage } from "./i18n";
import { translated } from "./url/legacy";
import { followLinks, go, place } from "./url/router";
import { onKey } from "./ui/keys";
import { App } from "./ui/app";

const translation = translated(place.peek());
if (translation) go(translation.path, translation.params, { replace: true });
addEventListener("click", followLinks);
addEventListener("keydown", onKey);
await startLanguage();
render(<App />, document.querySelector("#app")!);

// What the server wrote into the page: who it is, what it can do, and Jaeger's UI configuration as the operator gave it.

export interface Capabilities {
  readonly archiveStorage?: boolean;
  readonly metricsStorage?: boolean;
  readonly searchWithoutServiceName?: boolean;
}

/** An entry of the configured menu: a link, or a group of links. */
export interface MenuItem {
  readonly label: string;
  readonly url?: string;
  readonly anchorTarget?: string;
  readonly items?: readonly MenuItem[];
}

/** The part of `jaeger-ui.config.json` that this page reads. */
export interface UiConfig {
  readonly menu?: readonly MenuItem[];
  readonly linkPatterns?: readonly { type?: string; key?: string | string[]; value?: string; url: string; text: string }[];
  readonly archiveEnabled?: boolean;
  readonly dependencies?: { readonly menuEnabled?: boolean };
  readonly monitor?: { readonly menuEnabled?: boolean };
  readonly search?: { readonly defaultLookback?: { label: string; value: string }; readonly maxLimit?: number };
}

interface Boot {
  readonly version: string;
  readonly capabilities: Capabilities;
  readonly config: UiConfig;
}

export const boot: Boot = { version: "", capabilities: {}, config: {}, ...readBoot() };

function readBoot(): Partial<Boot> {
  try {
    return JSON.parse(document.querySelector("#boot")?.textContent ?? "{}") as Partial<Boot>;
  } catch {
    return {}; // A page that another server hands out works without.
  }
}

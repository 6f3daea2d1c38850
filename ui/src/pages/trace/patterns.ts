// The link patterns that the operator configured.
import { boot } from "../../api/boot";
import type { LinkPattern } from "../../model/links";

export const patterns: readonly LinkPattern[] = (boot.config.linkPatterns ?? []).filter((pattern) => typeof pattern.url === "string" && typeof pattern.text === "string");

// Traffic of a small shop, for whoever has no spans yet.
import { getJson, postJson } from "./client";

export interface Demo {
  isAvailable: boolean;
  isRunning: boolean;
}

export function demoState(signal: AbortSignal): Promise<Demo> {
  return getJson("api/lymer/v1/demo", {}, signal);
}

/** Let it begin. */
export function startDemo(): Promise<unknown> {
  return postJson("api/lymer/v1/demo", {});
}

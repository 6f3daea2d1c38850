// Traces from files: the server reads them and keeps them for an hour without storing them.
import { getJson, postJson } from "./client";
import type { Summary } from "./search";

export interface Upload {
  uploadId: string;
  format: string;
  expiresInS: number;
  spanCount: number;
  traces: Summary[];
}

/** Hand a file to the server. */
export function upload(file: Blob, signal?: AbortSignal): Promise<Upload> {
  return postJson("api/lymer/v1/uploads", file, signal);
}

/** What was handed over before. */
export function uploaded(id: string, signal: AbortSignal): Promise<Upload> {
  return getJson(`api/lymer/v1/uploads/${encodeURIComponent(id)}`, {}, signal);
}

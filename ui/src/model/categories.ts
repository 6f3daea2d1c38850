// What an attribute is about, by the first part of its key, as OpenTelemetry's conventions name it.

export const CATEGORIES = ["http", "database", "messaging", "rpc", "ai", "error", "code", "service", "platform", "network", "other"] as const;
export type Category = (typeof CATEGORIES)[number];

const NAMES: Record<string, Category> = {
  http: "http",
  url: "http",
  user_agent: "http",
  graphql: "http",
  db: "database",
  redis: "database",
  messaging: "messaging",
  faas: "platform",
  rpc: "rpc",
  grpc: "rpc",
  gen_ai: "ai",
  llm: "ai",
  exception: "error",
  error: "error",
  otel: "service",
  code: "code",
  thread: "code",
  service: "service",
  deployment: "service",
  telemetry: "service",
  k8s: "platform",
  container: "platform",
  host: "platform",
  os: "platform",
  process: "platform",
  cloud: "platform",
  aws: "platform",
  gcp: "platform",
  azure: "platform",
  net: "network",
  network: "network",
  server: "network",
  client: "network",
  peer: "network",
  source: "network",
  destination: "network",
};

/** The category of a key. */
export function categoryOf(key: string): Category {
  const dot = key.indexOf(".");
  return NAMES[dot < 0 ? key : key.slice(0, dot)] ?? "other";
}

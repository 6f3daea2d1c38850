// Where the servers of a run listen.

const server = (offset: number, prefix: string) => ({
  offset,
  api: `http://127.0.0.1:${16686 + offset}${prefix}`,
  otlp: `http://127.0.0.1:${4318 + offset}/v1/traces`,
});

export const PLAIN = server(21_000, "");
export const PREFIXED = server(22_000, "/deep/lymer");

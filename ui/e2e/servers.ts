// Where the servers of a run listen.

const server = (offset: number, prefix: string) => ({
  offset,
  api: `http://127.0.0.1:${16686 + offset}${prefix}`,
  otlp: `http://127.0.0.1:${4318 + offset}/v1/traces`,
});

/** Below the ports that outgoing connections take (32768 and up). Two runs on one machine take other ports. Not named LYMER_…: the servers, which inherit it, refuse variables they do not know. */
const OFFSET = Number(process.env["E2E_OFFSET"] ?? 11_000);

export const PLAIN = server(OFFSET, "");
/** Started by the one test that wants it. */
export const EMPTY = server(OFFSET + 2_000, "");
/** Started by the benchmark. */
export const SPARE = server(OFFSET + 3_000, "");
export const PREFIXED = server(OFFSET + 1_000, "/deep/lymer");

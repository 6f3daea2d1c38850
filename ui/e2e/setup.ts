// Sends the spans to the servers, which run already.
import { PLAIN, PREFIXED } from "./servers";
import { request } from "./spans";

export default async function setup(): Promise<void> {
  const body = JSON.stringify(request(Date.now()));
  for (const server of [PLAIN, PREFIXED]) {
    const answer = await fetch(server.otlp, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error(`${server.otlp} answered ${answer.status}: ${await answer.text()}`);
  }
}

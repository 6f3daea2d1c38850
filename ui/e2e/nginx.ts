// nginx in front of a server, as operators put it there: at a prefix, with gzip or without. One that this run starts and ends.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const NGINX = process.env["NGINX_COMMAND"] ?? ["/usr/sbin/nginx", "/usr/local/bin/nginx"].find((path) => existsSync(path));

export interface Proxy {
  /** The address of the page through nginx. */
  readonly address: string;
  stop(): Promise<void>;
}

/** Start nginx in front of the server at `target` (with its prefix); the path stays as it is. */
export async function startNginx(target: string, { gzip }: { gzip: boolean }): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), "lymer-nginx-"));
  const port = await freePort();
  const { origin, pathname } = new URL(target);
  mkdirSync(join(folder, "logs"));
  writeFileSync(join(folder, "nginx.conf"), configuration({ folder, port, origin, prefix: pathname, gzip }));
  const process = spawn(NGINX!, ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "logs/error.log"), "-g", "daemon off;"], { stdio: "inherit" });
  const address = `http://127.0.0.1:${port}${pathname}`;
  await answering(`${address}/api/services`, process);
  return { address, stop: () => ended(process) };
}

function configuration({ folder, port, origin, prefix, gzip }: { folder: string; port: number; origin: string; prefix: string; gzip: boolean }): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ");
  const packing = gzip ? "gzip on; gzip_proxied any; gzip_min_length 256; gzip_types text/css application/javascript application/json;" : "";
  // Without gzip nginx also asks the server for none, as some operators' proxies do. It must stand beside the other header.
  const asking = gzip ? "" : 'proxy_set_header Accept-Encoding "";';
  return `worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
  ${temporary}
  ${packing}
  server {
    listen 127.0.0.1:${port};
    location ${prefix}/ { proxy_pass ${origin}; proxy_set_header Host $http_host; ${asking} client_max_body_size 64m; }
  }
}
`;
}

async function answering(address: string, process: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (process.exitCode !== null) throw new Error(`nginx ended with ${process.exitCode}`);
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nginx does not answer at ${address}`);
}

function ended(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    process.once("exit", () => resolve());
    process.kill("SIGQUIT");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

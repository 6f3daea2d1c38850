// Questions to the server. One way to fail: `ApiError`, with the server's own words.

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The JSON that the server answers to a GET below `api/`. */
export async function getJson<T>(path: string, params: Record<string, string | readonly string[]> = {}, signal?: AbortSignal): Promise<T> {
  return (await (await send(addressOf(path, params), signal ? { signal } : {})).json()) as T;
}

/** The JSON that the server answers to a POST of JSON below `api/`; of a text or a file, it is sent as it is. */
export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const raw = typeof body === "string" || body instanceof Blob;
  const request: RequestInit = { method: "POST", headers: { "Content-Type": "application/json" }, body: raw ? body : JSON.stringify(body) };
  const response = await send(addressOf(path), signal ? { ...request, signal } : request);
  const text = await response.text();
  return (text ? JSON.parse(text) : null) as T;
}

/** The address of something below the server's prefix, with repeated parameters. */
export function addressOf(path: string, params: Record<string, string | readonly string[]> = {}): URL {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const item of typeof value === "string" ? [value] : value) query.append(name, item);
  }
  const text = query.toString();
  return new URL(path + (text ? `?${text}` : ""), document.baseURI);
}

async function send(address: URL, request: RequestInit): Promise<Response> {
  const response = await fetch(address, request).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "");
  });
  if (!response.ok) throw new ApiError(response.status, await errorText(response));
  return response;
}

async function errorText(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { errors?: { msg: string }[]; error?: { message: string } };
    return body.errors?.map((error) => error.msg).join("; ") ?? body.error?.message ?? text;
  } catch {
    return text.trim() || response.statusText;
  }
}

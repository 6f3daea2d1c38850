// Questions to the server. One way to fail: `ApiError`, with the server's own words.

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The JSON that the server answers to a GET below `api/`. */
export async function getJson<T>(path: string, params: Record<string, string | string[]> = {}, signal?: AbortSignal): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value]) query.append(name, item);
  }
  const text = query.toString();
  const address = new URL(path + (text ? `?${text}` : ""), document.baseURI);
  const response = await fetch(address, signal ? { signal } : {}).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "");
  });
  if (!response.ok) throw new ApiError(response.status, await errorText(response));
  return (await response.json()) as T;
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

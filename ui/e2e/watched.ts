// A page that is watched: no error in the console, no request that leaves the server, no dialog.
import { expect, test as base } from "@playwright/test";

export { expect };

/** An error in the console that the test is about. */
type Expected = { status: number } | { text: string };

export const test = base.extend<{ watched: void; expectedFailures: Expected[] }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright wants the pattern to see that nothing is needed.
  expectedFailures: async ({}, use) => use([]),
  watched: [
    async ({ page, baseURL, expectedFailures }, use) => {
      const seen: string[] = [];
      page.on("console", (message) => {
        const expected = expectedFailures.some((failure) => message.text().includes("text" in failure ? failure.text : `status of ${failure.status}`));
        if (["error", "warning"].includes(message.type()) && !expected) seen.push(`console: ${message.text()}`);
      });
      page.on("pageerror", (error) => seen.push(`error: ${error.message}`));
      page.on("dialog", (dialog) => {
        seen.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.hostname !== new URL(baseURL!).hostname) seen.push(`request: ${request.url()}`);
      });
      await use();
      expect(seen).toEqual([]);
    },
    { auto: true },
  ],
});

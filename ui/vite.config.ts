import { defineConfig } from "vitest/config";

// Assets are named by their hash and addressed relative to <base href>, which the server writes: a prefix just works.
export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    // light-dark() stays: rewritten for older browsers it would follow the system, not the chosen theme.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": process.env["LYMER_API"] ?? "http://127.0.0.1:16686" } },
  // A file that needs a document asks for one in its first line: to make one for each file costs more than all tests.
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});

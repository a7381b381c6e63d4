import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** One ES module with its style inside: the page inlines it, the widget reads it as a file. */
export default defineConfig({
  build: {
    lib: {
      entry: fileURLToPath(new URL("src/main.ts", import.meta.url)),
      formats: ["es"],
      fileName: () => "cutaway.js",
    },
    outDir: fileURLToPath(new URL("../src/cutaway/render/bundle", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // Vite keeps the white space of libraries; this is one that pages carry in themselves.
    rolldownOptions: { output: { minify: true } },
  },
  test: { include: ["tests/**/*.test.ts"] },
});

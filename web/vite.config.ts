import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Letters beyond ASCII as escapes, so that pages are ASCII: browsers decode those much faster. */
const ascii: Plugin = {
  name: "ascii",
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type !== "chunk") continue;
      file.code = file.code.replace(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
    }
  },
};

/** One ES module with its style inside: the page inlines it, the widget reads it as a file. */
export default defineConfig({
  plugins: [ascii],
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

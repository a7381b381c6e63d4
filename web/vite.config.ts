import { fileURLToPath } from "node:url";
import { build, type Plugin, type UserConfig } from "vite";
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

/** One ES module with its style inside: `src/ENTRY.ts` as `NAME.js` of the bundle. */
function bundled(entry: string, name: string): UserConfig {
  return {
    plugins: [ascii],
    build: {
      lib: {
        entry: fileURLToPath(new URL(`src/${entry}.ts`, import.meta.url)),
        formats: ["es"],
        fileName: () => `${name}.js`,
      },
      outDir: fileURLToPath(new URL("../src/cutaway/render/bundle", import.meta.url)),
      emptyOutDir: false,
      target: "es2022",
      // Vite keeps the white space of libraries; these are ones that pages carry in themselves.
      rolldownOptions: { output: { minify: true } },
    },
  };
}

/** The app of `cutaway serve` is a module of its own: a page that is saved carries none of it. */
const app: Plugin = {
  name: "app",
  apply: "build",
  async closeBundle() {
    await build({ configFile: false, ...bundled("hosts/app", "app") });
  },
};

/** The page inlines `cutaway.js`, the widget reads it as a file; the server sends `app.js`. */
const page = bundled("main", "cutaway");

export default defineConfig({
  ...page,
  plugins: [...page.plugins!, app],
  test: { include: ["tests/**/*.test.ts"] },
});

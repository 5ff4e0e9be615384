// Style is Prettier's; ESLint guards correctness and who may import whom (see ARCHITECTURE.md).
import eslint from "@eslint/js";
import importX from "eslint-plugin-import-x";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Folders, and the folders whose files they may import besides their own. A breach does not lint. */
const MAY_IMPORT = {
  "src/core": [],
  "src/protocol": ["src/core"],
  "src/engine": ["src/core"],
  "src/cli": ["src/core", "src/engine"],
  "src/host": ["src/core", "src/engine", "src/protocol"],
  "webview-ui": ["src/protocol"],
};

const folders = Object.keys(MAY_IMPORT);

/** Everything a folder must not import: every other folder that is not named as allowed, tests and the root. */
const restrictedPaths = folders.map((target) => ({
  target,
  from: [...folders, "src/extension.ts", "test"].filter(
    (folder) => folder !== target && !MAY_IMPORT[/** @type {keyof typeof MAY_IMPORT} */ (target)].includes(folder),
  ),
  message: `${target} imports only itself and ${MAY_IMPORT[/** @type {keyof typeof MAY_IMPORT} */ (target)].join(", ") || "nothing else"}.`,
}));

export default defineConfig(
  globalIgnores(["src/kernels", "dist", "out", "artifacts", ".vscode-test", "node_modules"]),
  eslint.configs.recommended,
  {
    files: ["**/*.{ts,mts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver": { node: { extensions: [".ts", ".tsx"] } } },
    rules: {
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones: restrictedPaths }],
      "import-x/no-default-export": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Numbers read well in messages; everything else must say how it becomes text.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // An async method without await turns what it throws into a rejection, which its interface promises.
      "@typescript-eslint/require-await": "off",
      // A leading underscore says that a name is there only for its place.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      // Control characters are what hostile names are searched for.
      "no-control-regex": "off",
      eqeqeq: "error",
    },
  },
  {
    // The core is pure. Its tsconfig hides node and DOM types; this names what would still slip through.
    files: ["src/core/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["node:*", "vscode*", "fs", "path", "sharp"] }] },
  },
  {
    files: ["src/engine/**", "src/cli/**", "src/protocol/**"],
    rules: { "no-restricted-imports": ["error", { paths: ["vscode"] }] },
  },
  {
    files: ["**/*.{mjs,cjs,js}"],
    rules: { "no-control-regex": "off" },
    languageOptions: {
      globals: Object.fromEntries(
        [
          "process",
          "console",
          "setTimeout",
          "clearTimeout",
          "setInterval",
          "clearInterval",
          "URL",
          "Buffer",
          "fetch",
          "AbortController",
          "AbortSignal",
          "performance",
          "document",
          "window",
        ].map((name) => [name, "readonly"]),
      ),
    },
  },
);

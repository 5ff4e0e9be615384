// Style is Prettier's; ESLint guards correctness and who may import whom (see ARCHITECTURE.md).
import eslint from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Folders, and the other folders that their files may import. A breach does not lint. */
const MAY_IMPORT = {
  core: [],
  protocol: ["core"],
  engine: ["core"],
  cli: ["core", "engine"],
  host: ["core", "engine", "protocol"],
};

/** @param {string} group @param {string} message */
const forbid = (group, message) => ({ regex: group, message });

/** For every folder of src: its files import nothing of the folders that are not named above, and only host knows vscode. */
const boundaries = Object.entries(MAY_IMPORT).map(([folder, allowed]) => {
  const others = Object.keys(MAY_IMPORT).filter((other) => other !== folder && !allowed.includes(other));
  const patterns = [
    forbid(
      `^(\\.\\./)+(${[...others, "extension"].join("|")})(/|$)`,
      `${folder}/ imports only itself${allowed.map((name) => ` and ${name}/`).join("")}.`,
    ),
    ...(folder === "host" ? [] : [forbid("^vscode$", "Only host/ and extension.ts know VS Code.")]),
    // The core's tsconfig hides the types of node and DOM; this names what would still slip through.
    ...(folder === "core" ? [forbid("^(node:|vscode|sharp$)", "The core is pure.")] : []),
  ];
  return {
    files: [`src/${folder}/**`],
    rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns }] },
  };
});

export default defineConfig(
  globalIgnores(["src/kernels", "dist", "out", "artifacts", ".vscode-test", "node_modules"]),
  eslint.configs.recommended,
  {
    files: ["**/*.{ts,mts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
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
        {
          argsIgnorePattern: "^_",
          varsIgnorePattern: "^_",
          destructuredArrayIgnorePattern: "^_",
          ignoreRestSiblings: true,
        },
      ],
      // Control characters are what hostile names are searched for.
      "no-control-regex": "off",
      eqeqeq: "error",
      // What is not written out in the call is not found when sentences are collected, and stays English.
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.property.name='t'] > :not(Literal, ObjectExpression).arguments:first-child",
          message: "A sentence to translate is one literal.",
        },
        {
          selector:
            "CallExpression[callee.property.name='t'] > ObjectExpression > Property:matches([key.name='comment'][value.type!='ArrayExpression'], [key.name='message'][value.type!='Literal'])",
          message: "A sentence to translate and the comment on it are written out here.",
        },
      ],
    },
  },
  ...boundaries,
  {
    files: ["webview-ui/**"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            forbid("/src/(?!protocol/)", "Pages import nothing of src but protocol/."),
            forbid("^(vscode|node:)", "Pages run in a browser."),
          ],
        },
      ],
    },
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

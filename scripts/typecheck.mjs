// Type-checks every part with its own tsconfig: what a part must not use, it does not see.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const failed = ["src/core", "src", "webview-ui", "test"].filter((project) => {
  const { status } = spawnSync(process.execPath, [tsc, "-p", project], { stdio: "inherit" });
  return status !== 0;
});
if (failed.length > 0) {
  console.error(`Type errors in: ${failed.join(", ")}`);
  process.exit(1);
}

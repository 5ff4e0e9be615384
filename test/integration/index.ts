import Mocha from "mocha";
import * as vscode from "vscode";

/**
 * Runs the suite in the extension host. In a window that is not trusted only the tests for Restricted Mode run, as the
 * others write and train. `CLEANSPLIT_GREP` runs those alone whose name contains it. Rejects when a test failed, which becomes the exit code.
 */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: 120_000, color: false, reporter: "spec" });
  const only = process.env["CLEANSPLIT_GREP"];
  if (only !== undefined) mocha.grep(only);
  // Puts `suite` and `test` in place, which the files below call while they load.
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  if (vscode.workspace.isTrusted) {
    await import("./activation");
    await import("./inspection");
    await import("./near");
    await import("./labels");
    await import("./results");
    await import("./exports");
    await import("./sanitize");
    await import("./editor");
    await import("./panels");
    await import("./watching");
  } else {
    await import("./restrictedMode");
  }
  const failed = await new Promise<number>((resolve) => {
    const runner = mocha.run((failures) => {
      const { passes, pending } = runner.stats ?? { passes: 0, pending: 0 };
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ""}`);
      resolve(failures);
    });
  });
  if (failed > 0) throw new Error(`${failed} failed`);
}

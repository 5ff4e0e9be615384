import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Frame } from "playwright-core";
import { PROJECT_ROOT, resolveHost } from "../support/vscode/prepare.mjs";
import { startVsCode, type Session, type SessionOptions } from "../support/vscode/session.mjs";
import * as workbench from "../support/vscode/workbench.mjs";

/** The extension to drive: a folder or a .vsix; by default this project. */
const EXTENSION = process.env["CLEANSPLIT_EXTENSION"] ?? PROJECT_ROOT;

/** A VS Code with CleanSplit and a workspace of its own. */
export interface Opened {
  readonly session: Session;
  readonly workspace: string;
  /** Where a picture goes. */
  readonly pictureFile: (name: string) => string;
  readonly picture: (name: string) => Promise<void>;
  /** The page of a report, by the name of its dataset. */
  readonly report: (name: string) => Promise<Frame>;
}

/** Opens VS Code for a suite, in a workspace that `fill` fills. When a test fails, a picture and the log are kept. */
export function useOpened(name: string, fill: (workspace: string) => void, options: SessionOptions = {}): Opened {
  let session: Session;
  let workspace: string;
  const artifact = (ending: string): string =>
    path.join(PROJECT_ROOT, "artifacts", `${name}-${resolveHost()}-${ending}`);
  const pictureFile = (what: string): string => artifact(`${what}.png`);

  before(async () => {
    workspace = realpathSync(mkdtempSync(path.join(tmpdir(), `cleansplit-${name}-`)));
    fill(workspace);
    const viewport = { width: 1440, height: 900 };
    session = await startVsCode({ extension: EXTENSION, folder: workspace, viewport, ...options });
  });

  afterEach(async function () {
    if (this.currentTest?.state !== "failed") return;
    await session.screenshot(pictureFile("failed"));
    writeFileSync(artifact("failed.log"), session.log());
  });

  after(async () => {
    await session.close();
    rmSync(workspace, { recursive: true, force: true });
  });

  return {
    get session() {
      return session;
    },
    get workspace() {
      return workspace;
    },
    pictureFile,
    picture: (what) => session.screenshot(pictureFile(what)),
    report: (dataset) => workbench.webviewFrame(session.page, dataset),
  };
}

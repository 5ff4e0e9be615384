import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Frame } from "playwright-core";
import { PROJECT_ROOT, resolveHost } from "../support/vscode/prepare.mjs";
import { startVsCode, type Session } from "../support/vscode/session.mjs";
import * as workbench from "../support/vscode/workbench.mjs";
import { writeTinyDataset } from "../integration/dataset";

const EXTENSION = process.env["CLEANSPLIT_EXTENSION"] ?? PROJECT_ROOT;

describe("CleanSplit in Spanish", function () {
  this.timeout(180_000);
  this.bail(true);
  let session: Session;
  let workspace: string;

  const picture = (name: string): Promise<void> =>
    session.screenshot(path.join(PROJECT_ROOT, "artifacts", `spanish-${resolveHost()}-${name}.png`));
  const report = (name: string): Promise<Frame> => workbench.webviewFrame(session.page, name);

  before(async () => {
    workspace = realpathSync(mkdtempSync(path.join(tmpdir(), "cleansplit-spanish-")));
    writeTinyDataset("letras", workspace);
    session = await startVsCode({
      extension: EXTENSION,
      folder: workspace,
      language: "es",
      colorTheme: "light",
      viewport: { width: 1440, height: 900 },
    });
  });

  afterEach(async function () {
    if (this.currentTest?.state === "failed") await picture("failed");
  });

  after(async () => {
    await session.close();
    rmSync(workspace, { recursive: true, force: true });
  });

  it("has a walkthrough with its own pictures", async () => {
    const { page } = session;
    await workbench.runCommand(page, "CleanSplit: Introducción");
    const text = "la misma imagen en train y en test";
    await workbench.webviewFrame(page, async (frame) => (await frame.getByText(text).count()) > 0);
    await workbench.moveMouseAway(page);
    await picture("1-walkthrough");
  });

  it("inspects from the menu of the Explorer", async () => {
    const { page } = session;
    const folder = await workbench.explorerRow(page, "letras");
    await workbench.contextMenu(page, folder.row, "Inspeccionar conjunto de datos");
    const frame = await report("letras");
    await frame.getByRole("heading", { name: /2 de 10 imágenes de test aparecen también en train/ }).waitFor();
    await workbench.openView(page, "CleanSplit");
    await workbench.treeRow(page, "Conflictos de etiquetas").waitFor();
    await workbench.moveMouseAway(page);
    await picture("2-report");
  });

  it("writes and trains, in the engine's and the trainer's words", async () => {
    const { page } = session;
    await workbench.runCommand(page, "CleanSplit: Escribir conjunto de datos saneado");
    await page.locator(".quick-input-widget").getByText("Revise el plan").waitFor();
    await workbench.inputBox(page, path.join(workspace, "letras-limpias"));
    await workbench.notification(page, /CleanSplit ha escrito \d+ imágenes/);
    await picture("3-written");
    await workbench.runCommand(page, "CleanSplit: Entrenar modelo de referencia");
    const frame = await workbench.webviewFrame(page, "letras – Entrenamiento");
    await frame.getByRole("button", { name: "Entrenar de nuevo" }).waitFor({ timeout: 120_000 });
    await frame
      .getByRole("heading", { name: /imágenes/ })
      .first()
      .waitFor();
    await workbench.moveMouseAway(page);
    await picture("4-trained");
    assert.doesNotMatch(session.log(), /Content Security Policy directive|browser exception/);
  });
});

import assert from "node:assert/strict";
import path from "node:path";
import * as workbench from "../support/vscode/workbench.mjs";
import { useOpened } from "./opened.mjs";
import { writeTinyDataset } from "../integration/dataset";

describe("CleanSplit in Spanish", function () {
  this.timeout(180_000);
  this.bail(true);
  const opened = useOpened("spanish", (workspace) => writeTinyDataset("letras", workspace), {
    language: "es",
    colorTheme: "light",
  });
  const { picture, report } = opened;

  it("has a walkthrough with its own pictures", async () => {
    const { page } = opened.session;
    await workbench.runCommand(page, "CleanSplit: Introducción");
    const text = "la misma imagen en train y en test";
    await workbench.webviewFrame(page, async (frame) => (await frame.getByText(text).count()) > 0);
    await workbench.moveMouseAway(page);
    await picture("1-walkthrough");
  });

  it("inspects from the menu of the Explorer", async () => {
    const { page } = opened.session;
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
    const { page } = opened.session;
    await workbench.runCommand(page, "CleanSplit: Escribir conjunto de datos saneado");
    await page.locator(".quick-input-widget").getByText("Revise el plan").waitFor();
    await workbench.inputBox(page, path.join(opened.workspace, "letras-limpias"));
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
    assert.doesNotMatch(opened.session.log(), /Content Security Policy directive|browser exception/);
  });
});

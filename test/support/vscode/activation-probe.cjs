// Run in the extension host by activation.mjs.
"use strict";
const vscode = require("vscode");

exports.run = async () => {
  const extension = vscode.extensions.getExtension("cleansplit.cleansplit");
  if (extension === undefined) throw new Error("CleanSplit is not installed in this window");
  if (extension.isActive) throw new Error("CleanSplit was activated before it was asked for");
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await extension.activate();
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  console.log(`activated in ${JSON.stringify({ wall, cpu: (user + system) / 1000 })}`);
};

// What a person does in VS Code, for end-to-end tests: every helper waits until it can act and says what was missing.
/* global getComputedStyle */
import { setTimeout as sleep } from "node:timers/promises";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Frame} Frame */
/** @typedef {import("playwright-core").Locator} Locator */
/**
 * @typedef {object} TreeRow
 * @property {string} label
 * @property {string} description
 * @property {number} level 1 for the roots
 * @property {boolean | undefined} expanded undefined where there is nothing to expand
 * @property {boolean} selected
 * @property {string} badge of a file decoration, empty where there is none
 */

const TIMEOUT_MS = 20_000;
const POLL_MS = 100;
const PALETTE_ROUND_MS = 1_500;

/**
 * Waits until VS Code has restored its layout after a start or a reload. Before that it closes and moves what one opens.
 * @param {Page} page
 * @param {number} [timeoutMs]
 */
export async function workbenchReady(page, timeoutMs = TIMEOUT_MS) {
  const restored = () => performance.getEntriesByName("code/LifecyclePhase/Restored").length > 0 || undefined;
  await until("VS Code to be ready", () => page.evaluate(restored), timeoutMs);
}

/**
 * Runs a command by its whole title as the palette shows it, with its category: "CleanSplit: Inspect Dataset". Keeps
 * trying while VS Code is still starting and does not know the command.
 * @param {Page} page
 * @param {string} title
 */
export async function runCommand(page, title) {
  await workbenchReady(page);
  await until(`the palette to offer "${title}"`, async () => {
    const input = quickInput(page).locator("input.input");
    await page.keyboard.press("F1");
    if (!(await appears(input, PALETTE_ROUND_MS))) return undefined;
    await input.fill(`>${title}`);
    const item = quickPickRow(page, title);
    if (await appears(item, PALETTE_ROUND_MS)) {
      await item.click();
      return true;
    }
    // The palette does not notice commands that arrive while it is open.
    await page.keyboard.press("Escape");
    return undefined;
  });
}

/**
 * Opens the view container with this title from the activity bar.
 * @param {Page} page
 * @param {string} title
 */
export async function openView(page, title) {
  // Labels go on with a key binding or a count: "Explorer (Ctrl+Shift+E)", "CleanSplit - 3 groups".
  const name = new RegExp(`^${escapeRegExp(title)}( \\(| - |$)`);
  const tab = page
    .locator(".activitybar")
    .getByRole("tab")
    .filter({ has: page.getByLabel(name) });
  await tab.waitFor({ timeout: TIMEOUT_MS });
  // A click on the tab of the open container would close the side bar.
  if ((await tab.getAttribute("aria-expanded")) !== "true") await tab.click();
  await until(`the view container "${title}"`, async () => {
    const heading = await page.locator(".part.sidebar .composite.title h2").innerText();
    return heading.toLowerCase().startsWith(title.toLowerCase()) || undefined;
  });
}

/**
 * The frame with the content of a visible webview. A frame is lost when its webview is reloaded, moved or hidden: ask
 * again then.
 * @param {Page} page
 * @param {string | ((frame: Frame) => boolean | Promise<boolean>)} titleOrPredicate the title of the panel or view
 * @returns {Promise<Frame>}
 */
export async function webviewFrame(page, titleOrPredicate) {
  const wanted = typeof titleOrPredicate === "string" ? `titled "${titleOrPredicate}"` : "that fits";
  return until(`a webview ${wanted}`, async () => {
    for (const outer of await page.locator("iframe.webview").filter({ visible: true }).elementHandles()) {
      const host = await outer.contentFrame();
      const inner = await host?.$("#active-frame");
      const frame = await inner?.contentFrame();
      if (!inner || !frame || (await frame.evaluate(() => document.readyState)) !== "complete") continue;
      const fits =
        typeof titleOrPredicate === "string"
          ? (await inner.getAttribute("title")) === titleOrPredicate
          : await titleOrPredicate(frame);
      if (fits) return frame;
    }
    return undefined;
  });
}

/**
 * The rows of the trees in the side bar that are on screen; trees draw no others. With the title of a view only those of
 * that view.
 * @param {Page} page
 * @param {string} [view]
 * @returns {Promise<TreeRow[]>}
 */
export async function treeRows(page, view) {
  return tree(page, view)
    .locator(".monaco-list-row")
    .evaluateAll((rows) =>
      rows
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map((row) => {
          const icon = row.querySelector(".monaco-icon-label");
          const expanded = row.getAttribute("aria-expanded");
          // VS Code draws the badge of a decoration as generated content.
          const badge = icon ? getComputedStyle(icon, "::after").content : "none";
          return {
            label: row.querySelector(".label-name")?.textContent ?? "",
            description: row.querySelector(".label-description")?.textContent ?? "",
            level: Number(row.getAttribute("aria-level")),
            expanded: expanded === null ? undefined : expanded === "true",
            selected: row.getAttribute("aria-selected") === "true",
            badge: badge.startsWith('"') ? JSON.parse(badge) : "",
          };
        }),
    );
}

/**
 * A row of a tree in the side bar, by its whole label.
 * @param {Page} page
 * @param {string} label
 * @param {string} [view]
 * @returns {Locator}
 */
export function treeRow(page, label, view) {
  const name = page.locator(".label-name").getByText(label, { exact: true });
  return tree(page, view).locator(".monaco-list-row").filter({ has: name }).first();
}

/**
 * Expands a row unless it is expanded already, and waits until its children were read.
 * @param {Page} page
 * @param {string} label
 * @param {string} [view]
 */
export async function expandTreeRow(page, label, view) {
  const row = treeRow(page, label, view);
  await row.waitFor({ timeout: TIMEOUT_MS });
  if ((await row.getAttribute("aria-expanded")) === "false") await row.locator(".monaco-tl-twistie").click();
  await until(`"${label}" to be expanded`, async () => {
    const expanded = (await row.getAttribute("aria-expanded")) === "true";
    const loading = (await row.locator(".codicon-tree-item-loading").count()) > 0;
    return (expanded && !loading) || undefined;
  });
}

/**
 * @param {Page} page
 * @param {string} label
 * @param {string} [view]
 */
export async function clickTreeRow(page, label, view) {
  await treeRow(page, label, view).locator(".label-name").click({ timeout: TIMEOUT_MS });
}

/**
 * Picks an entry of the context menu of whatever the locator names.
 * @param {Page} page
 * @param {Locator} locator
 * @param {string} itemText
 */
export async function contextMenu(page, locator, itemText) {
  await locator.click({ button: "right", timeout: TIMEOUT_MS });
  const menu = page.locator(".monaco-menu");
  const item = menu.getByRole("menuitem", { name: itemText, exact: true });
  await item.waitFor({ timeout: TIMEOUT_MS });
  // A menu ignores clicks in its first moments.
  await until(`the context menu to take "${itemText}"`, async () => {
    if (await menu.isHidden()) return true;
    await item.click({ timeout: 1_000 });
    await sleep(POLL_MS);
    return (await menu.isHidden()) || undefined;
  });
}

/**
 * Picks an entry of a quick pick by its whole label.
 * @param {Page} page
 * @param {string} text
 */
export async function quickPick(page, text) {
  await quickPickRow(page, text).click({ timeout: TIMEOUT_MS });
}

/**
 * The labels that a quick pick offers.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
export async function quickPickLabels(page) {
  const labels = quickInput(page).locator(".monaco-list-row .quick-input-list-row:first-child .label-name");
  await labels.first().waitFor({ timeout: TIMEOUT_MS });
  return labels.allInnerTexts();
}

/**
 * Types into an input box and confirms.
 * @param {Page} page
 * @param {string} text
 */
export async function inputBox(page, text) {
  const input = quickInput(page).locator("input.input");
  await input.fill(text, { timeout: TIMEOUT_MS });
  await input.press("Enter");
}

/**
 * The notification with this text. Its buttons: `(await notification(page, /found/)).getByRole("button", …)`.
 * @param {Page} page
 * @param {string | RegExp} text
 * @returns {Promise<Locator>}
 */
export async function notification(page, text) {
  const toast = page.locator(".notification-toast").filter({ hasText: text }).first();
  await toast.waitFor({ timeout: TIMEOUT_MS });
  return toast;
}

/**
 * Presses a button of a modal dialog and waits until the dialog is gone.
 * @param {Page} page
 * @param {string} button
 */
export async function answerDialog(page, button) {
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.getByRole("button", { name: button, exact: true }).click({ timeout: TIMEOUT_MS });
  await dialog.waitFor({ state: "hidden", timeout: TIMEOUT_MS });
}

/**
 * Closes all notifications.
 * @param {Page} page
 */
export async function dismissNotifications(page) {
  await runCommand(page, "Notifications: Clear All Notifications");
  await until("the notifications to go", async () =>
    (await page.locator(".notification-toast").filter({ visible: true }).count()) === 0 ? true : undefined,
  );
}

/**
 * Finds a file or folder in the explorer by its path in the workspace folder, expanding what it lies in.
 * @param {Page} page
 * @param {string} path with forward slashes
 * @returns {Promise<{ row: Locator, badge: () => Promise<string> }>} with the badge of its decoration, now
 */
export async function explorerRow(page, path) {
  await openView(page, "Explorer");
  const explorer = page.locator(".explorer-folders-view");
  const rowOf = (/** @type {string} */ part) => {
    // The tooltip of a decoration follows the path. Deep paths end alike, so the level of the row counts, too.
    const item = page.locator(`.explorer-item[aria-label$="/${part}"], .explorer-item[aria-label*="/${part} • "]`);
    return explorer.locator(`.monaco-list-row[aria-level="${part.split("/").length}"]`).filter({ has: item });
  };
  const parts = path.split("/");
  for (const depth of parts.keys()) {
    const row = rowOf(parts.slice(0, depth + 1).join("/"));
    await row.waitFor({ timeout: TIMEOUT_MS });
    if (depth < parts.length - 1 && (await row.getAttribute("aria-expanded")) === "false") await row.click();
  }
  const row = rowOf(path);
  return {
    row,
    badge: async () => {
      const content = await row.locator(".explorer-item").evaluate((item) => getComputedStyle(item, "::after").content);
      return content.startsWith('"') ? JSON.parse(content) : "";
    },
  };
}

/**
 * Takes the mouse to where nothing is: tooltips hide what is beside them.
 * @param {Page} page
 */
export async function moveMouseAway(page) {
  await page.mouse.move(1200, 10);
  await page
    .locator(".monaco-hover")
    .filter({ visible: true })
    .waitFor({ state: "hidden" })
    .catch(() => undefined);
}

/**
 * Calls `attempt` until it gives something; that something comes back.
 * @template T
 * @param {string} what for the error message
 * @param {() => Promise<T | undefined>} attempt
 * @param {number} [timeoutMs]
 * @returns {Promise<T>}
 */
export async function until(what, attempt, timeoutMs = TIMEOUT_MS) {
  const end = Date.now() + timeoutMs;
  /** @type {unknown} */
  let cause;
  do {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      // Elements come and go while VS Code redraws; what counts is whether it works in the end.
      cause = error;
    }
    await sleep(POLL_MS);
  } while (Date.now() < end);
  throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`, { cause });
}

/**
 * @param {Page} page
 * @returns {Locator}
 */
function quickInput(page) {
  return page.locator(".quick-input-widget").filter({ visible: true });
}

/**
 * @param {Page} page
 * @param {string} label
 */
function quickPickRow(page, label) {
  const name = page.locator(".quick-input-list-row:first-child .label-name").getByText(label, { exact: true });
  return quickInput(page).locator(".monaco-list-row").filter({ has: name }).first();
}

/**
 * @param {Page} page
 * @param {string} [view]
 */
function tree(page, view) {
  const sideBar = page.locator(".part.sidebar");
  if (view === undefined) return sideBar.getByRole("tree");
  const header = page.locator(".pane-header").filter({ has: page.locator(".title").getByText(view, { exact: true }) });
  return sideBar.locator(".pane").filter({ has: header }).getByRole("tree");
}

/**
 * @param {Locator} locator
 * @param {number} timeout
 */
async function appears(locator, timeout) {
  return locator.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}

/** @param {string} text */
function escapeRegExp(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

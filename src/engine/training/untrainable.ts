import * as l10n from "@vscode/l10n";

/** Says that a split has no labelled image to train on or to test, and what to do. */
export function nothingLabelledText(split: "train" | "test", isSanitized: boolean): string {
  if (split === "train") {
    return isSanitized
      ? l10n.t("No labelled training image is left in the sanitized data; train on the original data only.")
      : l10n.t(
          "Training needs a train split with labelled images and there is none; say which folder or file is train.",
        );
  }
  return isSanitized
    ? l10n.t("No labelled test image is left in the sanitized data; train on the original data only.")
    : l10n.t("Training needs a test split with labelled images and there is none; say which folder or file is test.");
}

/** Says that all images that could be trained on are of one class. */
export function oneClassText(name: string, isSanitized: boolean): string {
  return isSanitized
    ? l10n.t(
        'Training needs images of at least two classes, and all labelled training images in the sanitized data are "{0}".',
        name,
      )
    : l10n.t('Training needs images of at least two classes, and all labelled training images are "{0}".', name);
}

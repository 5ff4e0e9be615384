import * as l10n from "@vscode/l10n";
import type { TransformName } from "./near";

const TEXTS: Readonly<Record<TransformName, () => string>> = {
  "as it is": () => l10n.t({ message: "as it is", comment: ["A picture that is not turned."] }),
  mirrored: () => l10n.t({ message: "mirrored", comment: ["A picture, left and right."] }),
  "upside down": () => l10n.t({ message: "upside down", comment: ["A picture, mirrored top and bottom."] }),
  "rotated by 180°": () => l10n.t({ message: "rotated by 180°", comment: ["A picture."] }),
  transposed: () =>
    l10n.t({ message: "transposed", comment: ["A picture, mirrored on the diagonal from the top left."] }),
  "rotated by 90° anticlockwise": () => l10n.t({ message: "rotated by 90° anticlockwise", comment: ["A picture."] }),
  "rotated by 90° clockwise": () => l10n.t({ message: "rotated by 90° clockwise", comment: ["A picture."] }),
  transversed: () =>
    l10n.t({ message: "transversed", comment: ["A picture, mirrored on the diagonal from the top right."] }),
};

/** How a picture is turned, e.g. "mirrored". */
export function transformText(transform: TransformName): string {
  return TEXTS[transform]();
}

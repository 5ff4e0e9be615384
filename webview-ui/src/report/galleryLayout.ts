/** Sides of thumbnails that the gallery can be zoomed to, in pixels. */
export const THUMBNAIL_SIZES: readonly number[] = [48, 64, 80, 98, 128, 160, 192, 256];
export const USUAL_SIZE = 98;

/** Members asked for with each group: as many as the widest page has room for. */
export const MEMBERS_EACH = 12;

const FACTS_WIDTH_PX = 176;
/** Below this width the facts of a group stand above its pictures. */
const NARROW_PX = 560;
const NARROW_FACTS_PX = 30;
/** What the facts take beside pictures: size, equality, two lines of splits, and tags. */
const LEAST_ROW_PX = 118;
const LABEL_LINE_PX = 20;
/** What a picture of a group of similar ones says of how near it is; beside the pictures it takes a second line. */
const NEAR_LINE_PX = 18;
/** Below this size there is no room for names: a picture says its split by a dot, and the rest in its tooltip. */
const COMPACT_BELOW_PX = 80;
const CARD_EDGE_PX = 14;
const CARD_GAP_PX = 4;
const CARD_TEXT_PX = 51;
const COMPACT_TEXT_PX = 36;
const ROW_EDGE_PX = 21;

/** How large everything in the gallery is, in pixels. */
export interface GalleryLayout {
  readonly thumbnail: number;
  readonly card: { readonly width: number; readonly height: number };
  readonly rowHeight: number;
  /** Pictures and tiles that fit beside each other. */
  readonly columns: number;
  readonly isNarrow: boolean;
  readonly isCompact: boolean;
  /** Labels have a line of their own. */
  readonly isStacked: boolean;
}

/** The layout for an inner width and a size of thumbnails. */
export function layoutOf(
  width: number,
  thumbnail: number,
  { hasLongLabels, showsNear }: { readonly hasLongLabels: boolean; readonly showsNear: boolean },
): GalleryLayout {
  const isNarrow = width < NARROW_PX;
  const isCompact = thumbnail < COMPACT_BELOW_PX;
  const isStacked = hasLongLabels && !isCompact;
  const card = {
    width: thumbnail + CARD_EDGE_PX,
    height:
      thumbnail +
      (isCompact ? COMPACT_TEXT_PX : CARD_TEXT_PX) +
      (isStacked ? LABEL_LINE_PX : 0) +
      (showsNear ? NEAR_LINE_PX : 0),
  };
  const cards = card.height + ROW_EDGE_PX;
  const room = Math.floor((width - 32 - (isNarrow ? 0 : FACTS_WIDTH_PX)) / (card.width + CARD_GAP_PX));
  return {
    thumbnail,
    card,
    rowHeight: isNarrow ? cards + NARROW_FACTS_PX : Math.max(cards, LEAST_ROW_PX + (showsNear ? NEAR_LINE_PX : 0)),
    columns: Math.max(1, Math.min(MEMBERS_EACH, room)),
    isNarrow,
    isCompact,
    isStacked,
  };
}

/** The next larger (`1`) or smaller (`-1`) size; the same at the end. */
export function zoomed(size: number, by: 1 | -1): number {
  const next =
    by > 0 ? THUMBNAIL_SIZES.find((other) => other > size) : THUMBNAIL_SIZES.findLast((other) => other < size);
  return next ?? size;
}

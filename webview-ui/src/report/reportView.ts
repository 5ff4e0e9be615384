import {
  DEFAULT_OPTIONS,
  type GroupFilter,
  type GroupQuery,
  type PlanOptions,
  type Tier,
} from "../../../src/protocol/report";
import { THUMBNAIL_SIZES, USUAL_SIZE } from "./galleryLayout";

export type { GroupFilter };

/** The filter at rest: every group, the largest first. */
export const EVERY_GROUP: GroupFilter = { sort: "size" };

/** Where the focus of the gallery is: a row of the filtered list and a picture in it. */
export interface GalleryCell {
  readonly row: number;
  readonly column: number;
}

/** What is chosen of the ways to plan a copy, and whether those that are not usual are in view. */
export interface PlanView {
  readonly open: boolean;
  readonly options: PlanOptions;
}

/** What the page remembers while it is hidden: where one was, never what was shown. */
export interface ReportView {
  readonly version: 1;
  readonly scroll: number;
  readonly matrix: { readonly tier: Tier; readonly blank: boolean };
  readonly filter: GroupFilter;
  readonly galleryTop: number;
  readonly cell: GalleryCell;
  /** The side of thumbnails in the gallery, in pixels. */
  readonly thumbnail: number;
  /** What is said of an image leads on to the next undecided group. */
  readonly advances: boolean;
  readonly plan: PlanView;
}

const FIRST_VIEW: ReportView = {
  version: 1,
  scroll: 0,
  matrix: { tier: "pixel", blank: true },
  filter: EVERY_GROUP,
  galleryTop: 0,
  cell: { row: 0, column: 0 },
  thumbnail: USUAL_SIZE,
  advances: true,
  plan: { open: false, options: DEFAULT_OPTIONS },
};

/** The view that was saved, or the first one when there is none of this version. */
export function restoreView(saved: unknown): ReportView {
  const known =
    typeof saved === "object" && saved !== null && "version" in saved && saved.version === FIRST_VIEW.version;
  if (!known) return FIRST_VIEW;
  const view = { ...FIRST_VIEW, ...(saved as Partial<ReportView>) };
  return THUMBNAIL_SIZES.includes(view.thumbnail) ? view : { ...view, thumbnail: USUAL_SIZE };
}

/** The filter of a query from elsewhere, e.g. the tree of the side bar. */
export function filterOf(query: Partial<GroupQuery>): GroupFilter {
  const { from: _from, count: _count, membersEach: _membersEach, ...filter } = query;
  return { ...EVERY_GROUP, ...filter };
}

/** The filter as far as it can be asked while near duplicates were not searched. */
export function withoutNear(filter: GroupFilter): GroupFilter {
  if (filter.tier !== "near") return filter;
  const { tier: _tier, similar: _similar, sort = "size", ...rest } = filter;
  return { ...rest, sort: sort === "doubt" ? "size" : sort };
}

/** Whether the filter lets every group pass. */
export function isEveryGroup(filter: GroupFilter): boolean {
  const { sort: _sort, ...rest } = filter;
  return Object.keys(rest).length === 0;
}

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./Controls";
import type { ThumbnailStore } from "./ThumbnailStore";

/** Up to this size a picture is drawn pixel by pixel: smoothing would invent what is not there. */
const CRISP_UP_TO_PX = 64;

interface Props {
  readonly store: ThumbnailStore;
  readonly sample: number;
  /** Size of the sample itself. */
  readonly width: number;
  readonly height: number;
}

/** The picture of one sample; the text beside it names it. */
export function Thumbnail({ store, sample, width, height }: Props): JSX.Element {
  const [picture, setPicture] = useState(() => store.picture(sample));
  useEffect(() => {
    const update = (): void => setPicture(store.picture(sample));
    const end = store.use(sample, update);
    update();
    return end;
  }, [store, sample]);
  if (picture === null) {
    return (
      <span class="picture missing">
        <Icon name="circle-slash" />
      </span>
    );
  }
  const crisp = Math.max(width, height) <= CRISP_UP_TO_PX;
  return (
    <span class="picture">
      {picture !== undefined && <img src={picture} alt="" draggable={false} class={crisp ? "crisp" : ""} />}
    </span>
  );
}

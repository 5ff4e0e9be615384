import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./Controls";
import type { ThumbnailStore } from "./ThumbnailStore";

interface Props {
  readonly store: ThumbnailStore;
  readonly sample: number;
}

/** The picture of one sample; the text beside it names it. */
export function Thumbnail({ store, sample }: Props): JSX.Element {
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
  return (
    <span class="picture">
      {picture !== undefined && (
        <img src={picture.url} alt="" draggable={false} class={picture.isCrisp ? "crisp" : ""} />
      )}
    </span>
  );
}

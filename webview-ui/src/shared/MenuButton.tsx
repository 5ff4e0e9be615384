import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Button } from "./Controls";
import { Menu, type MenuEntry } from "./Menu";

/** A button of a toolbar that opens a menu below it. */
export function MenuButton(props: {
  readonly label: string;
  readonly icon: string;
  readonly entries: readonly MenuEntry[];
}): JSX.Element {
  const { label, icon, entries } = props;
  const place = useRef<HTMLSpanElement>(null);
  const [at, setAt] = useState<{ readonly x: number; readonly y: number } | null>(null);
  return (
    <span ref={place}>
      <Button
        kind="quiet"
        icon={icon}
        label={label}
        onClick={() => {
          const box = place.current?.getBoundingClientRect();
          setAt({ x: box?.left ?? 0, y: (box?.bottom ?? 0) + 2 });
        }}
      />
      {at !== null && <Menu label={label} x={at.x} y={at.y} entries={entries} onClose={() => setAt(null)} />}
    </span>
  );
}

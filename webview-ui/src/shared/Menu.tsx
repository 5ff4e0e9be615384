import { createPortal, type JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./Controls";

/** One entry of a menu. */
export interface MenuEntry {
  readonly label: string;
  readonly icon: string;
  readonly run: () => void;
}

interface Props {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly entries: readonly MenuEntry[];
  readonly onClose: () => void;
}

/** A context menu. It takes the focus, and gives it back to where it was. */
export function Menu({ label, x, y, entries, onClose }: Props): JSX.Element {
  const list = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    const before = document.activeElement;
    // Kept inside the page, whatever its size.
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(4, Math.min(x, window.innerWidth - width - 4))}px`;
    element.style.top = `${Math.max(4, Math.min(y, window.innerHeight - height - 4))}px`;
    element.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [x, y]);

  useEffect(() => {
    const close = (event: Event): void => {
      if (!(event.target instanceof Node) || list.current?.contains(event.target) !== true) onClose();
    };
    window.addEventListener("pointerdown", close);
    window.addEventListener("scroll", close, true);
    window.addEventListener("blur", onClose);
    return () => {
      window.removeEventListener("pointerdown", close);
      window.removeEventListener("scroll", close, true);
      window.removeEventListener("blur", onClose);
    };
  }, [onClose]);

  const move = (event: KeyboardEvent): void => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.findIndex((item) => item === document.activeElement);
    const step: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: items.length - 1,
    };
    const next = step[event.key];
    if (event.key === "Escape" || event.key === "Tab") onClose();
    else if (next !== undefined) items.at(next % items.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // Everything outside an open dialog is inert, so the menu goes inside it.
  const parent = document.querySelector("dialog[open]") ?? document.body;
  return createPortal(
    <div class="menu" role="menu" aria-label={label} ref={list} onKeyDown={move}>
      {entries.map((entry) => (
        <button
          key={entry.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            onClose();
            entry.run();
          }}
        >
          <Icon name={entry.icon} />
          <span>{entry.label}</span>
        </button>
      ))}
    </div>,
    parent,
  );
}

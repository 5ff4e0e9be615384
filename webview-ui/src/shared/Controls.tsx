import type { ComponentChild, JSX } from "preact";

/** A codicon. It only repeats what the text beside it says, so it is hidden from screen readers. */
export function Icon({ name, class: extra = "" }: { readonly name: string; readonly class?: string }): JSX.Element {
  return <span class={`codicon codicon-${name} ${extra}`} aria-hidden="true" />;
}

interface ButtonProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly icon?: string;
  readonly kind?: "primary" | "secondary" | "quiet" | "icon";
  readonly disabled?: boolean;
  readonly describedBy?: string;
  /** The key that does the same, shown behind the label. */
  readonly keys?: string;
  /** Its name where several have one label; begins with the label. */
  readonly name?: string;
  /** Whether what it chooses is chosen. */
  readonly pressed?: boolean;
  /** Whether what it opens below is open; its icon is then a chevron. */
  readonly expanded?: boolean;
  /** Out of the order of Tab where a list gives the focus to one row at a time. */
  readonly tabIndex?: number;
}

/** A button of VS Code: filled, secondary, in the manner of a toolbar, or an icon alone. */
export function Button({
  label,
  onClick,
  icon,
  kind = "secondary",
  disabled = false,
  describedBy,
  keys,
  name,
  pressed,
  expanded,
  tabIndex,
}: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class={`button ${kind}`}
      disabled={disabled}
      onClick={onClick}
      {...(describedBy === undefined ? {} : { "aria-describedby": describedBy })}
      {...(keys === undefined ? {} : { "aria-keyshortcuts": keys })}
      {...(name === undefined ? {} : { "aria-label": name })}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
      {...(expanded === undefined ? {} : { "aria-expanded": expanded })}
      {...(tabIndex === undefined ? {} : { tabIndex })}
      {...(kind === "icon" ? { "aria-label": name ?? label, title: label } : {})}
    >
      {icon !== undefined && <Icon name={icon} />}
      {kind !== "icon" && <span>{label}</span>}
      {keys !== undefined && <kbd aria-hidden="true">{keys}</kbd>}
    </button>
  );
}

/** One value of a select and how it reads. */
export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
}

interface SelectProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly onChange: (value: T) => void;
  readonly disabled?: boolean;
  /** Marks a filter that is not at its resting value. */
  readonly active?: boolean;
}

/** A drop-down list: the browser's own, because its list is never cut off by a scroll box and every keyboard knows it. */
export function Select<T extends string>(props: SelectProps<T>): JSX.Element {
  const { label, value, choices, onChange, disabled = false, active = false } = props;
  return (
    <span class={active ? "select active" : "select"}>
      <select
        aria-label={label}
        title={label}
        value={value}
        disabled={disabled}
        onChange={(event) => {
          const chosen = choices[event.currentTarget.selectedIndex];
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
      <Icon name="chevron-down" />
    </span>
  );
}

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly name: string;
  readonly value: T;
  readonly choices: readonly (Choice<T> & { readonly title?: string })[];
  readonly onChange: (value: T) => void;
}

/** A few choices side by side, one of them chosen: radio buttons in the form of a segmented control. */
export function Segments<T extends string>({ label, name, value, choices, onChange }: SegmentsProps<T>): JSX.Element {
  return (
    <div class="segments" role="radiogroup" aria-label={label}>
      {choices.map((choice) => (
        <label key={choice.value} title={choice.title ?? ""}>
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          <span>{choice.label}</span>
        </label>
      ))}
    </div>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  /** Stands behind the number, e.g. "%". */
  readonly unit?: string;
  readonly onChange: (value: number) => void;
}

/** A whole number from 0 to `max` with its label; what is no number is not taken. */
export function NumberField({ label, value, max, unit, onChange }: NumberFieldProps): JSX.Element {
  return (
    <label class="number-field">
      <span>{label}</span>
      <input
        type="number"
        min={0}
        max={max}
        step={1}
        value={value}
        onInput={(event) => {
          const { valueAsNumber } = event.currentTarget;
          if (Number.isInteger(valueAsNumber) && valueAsNumber >= 0 && valueAsNumber <= max) onChange(valueAsNumber);
        }}
      />
      {unit !== undefined && <span class="muted">{unit}</span>}
    </label>
  );
}

interface ToggleProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
  readonly describedBy?: string;
}

/** A check box with its label. */
export function Toggle({ label, checked, onChange, disabled = false, describedBy }: ToggleProps): JSX.Element {
  return (
    <label class={disabled ? "toggle disabled" : "toggle"}>
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        {...(describedBy === undefined ? {} : { "aria-describedby": describedBy })}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <Icon name="check" />
      <span>{label}</span>
    </label>
  );
}

/** Something that is opened by its heading line. */
export function Disclosure(props: {
  readonly summary: ComponentChild;
  readonly children: ComponentChild;
  readonly open?: boolean;
}): JSX.Element {
  return (
    <details class="disclosure" open={props.open ?? false}>
      <summary>
        <Icon name="chevron-right" />
        <span>{props.summary}</span>
      </summary>
      <div class="disclosed">{props.children}</div>
    </details>
  );
}

/** A sentence that stands out, with what can be done about it. */
export function Notice(props: {
  readonly level: "error" | "warning" | "info";
  readonly children: ComponentChild;
  readonly actions?: ComponentChild;
}): JSX.Element {
  return (
    <div class={`notice ${props.level}`} role={props.level === "error" ? "alert" : "status"}>
      <Icon name={props.level} />
      <div class="notice-text">{props.children}</div>
      {props.actions}
    </div>
  );
}

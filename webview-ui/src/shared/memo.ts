import { Component, type ComponentChild } from "preact";

/**
 * A component that is drawn again only when one of its props is another one. Preact itself draws every child of what is
 * drawn, which for the rows of a list that is scrolled is nearly all that a frame costs.
 */
export function memo<Props extends object>(draw: (props: Props) => ComponentChild): new () => Component<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const names = Object.keys({ ...this.props, ...next }) as (keyof Props)[];
      return names.some((name) => this.props[name] !== next[name]);
    }

    override render(props: Props): ComponentChild {
      return draw(props);
    }
  };
}

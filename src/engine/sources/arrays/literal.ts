/** A value of a Python literal; lists and tuples are told apart because numpy's header does. */
export type Literal =
  | string
  | number
  | boolean
  | null
  | { readonly kind: "list" | "tuple"; readonly items: readonly Literal[] }
  | { readonly kind: "dict"; readonly entries: ReadonlyMap<string, Literal> };

const MAX_DEPTH = 32;

/**
 * Reads the Python literals that numpy puts into headers: strings, whole numbers (with the L of Python 2), True, False,
 * None, lists, tuples and dicts with text keys. Nothing is evaluated; anything else gives undefined.
 */
export function parseLiteral(text: string): Literal | undefined {
  const parser = new Parser(text);
  try {
    const value = parser.value(0);
    return parser.atEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof NotALiteral) return undefined;
    throw error;
  }
}

class NotALiteral extends Error {}

class Parser {
  #at = 0;
  constructor(readonly text: string) {}

  atEnd(): boolean {
    this.#skipSpace();
    return this.#at === this.text.length;
  }

  value(depth: number): Literal {
    if (depth > MAX_DEPTH) throw new NotALiteral();
    this.#skipSpace();
    const first = this.text[this.#at];
    if (first === "'" || first === '"') return this.#string();
    if (first === "{") return this.#dict(depth);
    if (first === "(") return this.#sequence(depth, ")");
    if (first === "[") return this.#sequence(depth, "]");
    const word = this.#match(/-?\d+(?=L?)|True|False|None/y);
    if (word === "True" || word === "False") return word === "True";
    if (word === "None") return null;
    const number = Number(word);
    if (!Number.isSafeInteger(number)) throw new NotALiteral();
    this.#take("L");
    return number;
  }

  #string(): string {
    const token = this.#match(/'(?:[^'\\\n]|\\[\\'"])*'|"(?:[^"\\\n]|\\[\\'"])*"/y);
    return token.slice(1, -1).replace(/\\(.)/g, "$1");
  }

  #dict(depth: number): Literal {
    const entries = new Map<string, Literal>();
    this.#expect("{");
    while (!this.#take("}")) {
      this.#skipSpace();
      const key = this.#string();
      this.#expect(":");
      if (entries.has(key)) throw new NotALiteral();
      entries.set(key, this.value(depth + 1));
      if (!this.#take(",")) {
        this.#expect("}");
        break;
      }
    }
    return { kind: "dict", entries };
  }

  #sequence(depth: number, end: ")" | "]"): Literal {
    const items: Literal[] = [];
    this.#at++;
    let commas = 0;
    while (!this.#take(end)) {
      items.push(this.value(depth + 1));
      if (!this.#take(",")) {
        this.#expect(end);
        break;
      }
      commas++;
    }
    const [only] = items;
    // (3) is 3 in parentheses; only (3,) is a tuple.
    if (end === ")" && items.length === 1 && commas === 0 && only !== undefined) return only;
    return { kind: end === ")" ? "tuple" : "list", items };
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) throw new NotALiteral();
    this.#at += found.length;
    return found;
  }

  #take(token: string): boolean {
    this.#skipSpace();
    if (!this.text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new NotALiteral();
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.text[this.#at] ?? "")) this.#at++;
  }
}

import * as vscode from "vscode";

/** An event emitter that knows how many listen, so that a test can see whether closed panels still do. */
export class Emitter<T> implements vscode.Disposable {
  readonly #emitter = new vscode.EventEmitter<T>();
  #listeners = 0;

  readonly event: vscode.Event<T> = (listener, thisArgs?: unknown, disposables?: vscode.Disposable[]) => {
    const subscription = this.#emitter.event(listener, thisArgs);
    this.#listeners += 1;
    let listening = true;
    const counted = new vscode.Disposable(() => {
      if (!listening) return;
      listening = false;
      this.#listeners -= 1;
      subscription.dispose();
    });
    disposables?.push(counted);
    return counted;
  };

  /** Subscriptions that were not disposed. */
  get listeners(): number {
    return this.#listeners;
  }

  fire(value: T): void {
    this.#emitter.fire(value);
  }

  dispose(): void {
    this.#emitter.dispose();
  }
}

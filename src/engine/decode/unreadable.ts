/**
 * Thrown when bytes do not decode to a picture. The message is the reason, short and for people: it says what is wrong
 * with the bytes ("PNG is cut off after 512 bytes"), never which file they came from.
 */
export class UnreadableImage extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "UnreadableImage";
  }
}

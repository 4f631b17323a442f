/** One difference between two reports. */

/** `stayed`: the same in both · `moved`: another place or value · `grew`/`shrank`: a measure · `came`/`went`: in one only. */
export type ChangeKind = 'stayed' | 'moved' | 'grew' | 'shrank' | 'came' | 'went';

export interface Change {
  readonly kind: ChangeKind;
  readonly words: string;
  /** Changes that belong to this one: the values of a frame. */
  readonly inner: readonly Change[];
}

export const change = (kind: ChangeKind, words: string, inner: readonly Change[] = []): Change => ({
  kind,
  words,
  inner,
});

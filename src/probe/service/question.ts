/** Questions to a service, and their answers. */

/** What to ask, and what is a good answer. */
export type ServiceQuestion =
  | {
      readonly kind: 'http';
      readonly url: string;
      /** Good statuses; any of 200 to 399 when absent, as Kubernetes has it. */
      readonly statuses?: readonly number[];
      /** Found in the first 64 KiB of the body. */
      readonly match?: RegExp;
      readonly headers?: Readonly<Record<string, string>>;
      /** True: any certificate is good, as for Kubernetes. */
      readonly insecure?: boolean;
    }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'exec';
      /** Program and arguments; no shell. */
      readonly command: readonly [string, ...string[]];
      /** Good exit statuses; 0 when absent. */
      readonly statuses?: readonly number[];
      /** Found in the first 64 KiB of what it printed. */
      readonly match?: RegExp;
    };

/** What came of it. */
export interface ServiceAnswer {
  readonly isGood: boolean;
  /** In words: `status 503`, `no answer within 2 s`. */
  readonly detail: string;
  readonly tookMs: number;
}

/** Bytes of an answer that are looked at. */
export const maxAnswerBytes = 64 << 10;

/** A judged answer. */
export type Judged = Pick<ServiceAnswer, 'isGood' | 'detail'>;

/** The question in few words, for people: `http://127.0.0.1:8080/health`. Without secrets of the URL. */
export function nameQuestion(question: ServiceQuestion): string {
  switch (question.kind) {
    case 'http':
      return nameUrl(question.url);
    case 'tcp':
      return `tcp ${question.host}:${question.port}`;
    case 'unix':
      return `socket ${question.path}`;
    case 'exec':
      return `command ${question.command.join(' ')}`;
  }
}

/** A URL without user, password and query, where secrets are. */
export function nameUrl(text: string): string {
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname}`;
}

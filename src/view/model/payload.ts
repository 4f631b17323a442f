/** What the page is given to show: in the file itself, or from its own server. */
import type { Report } from '../../report/schema.ts';

/** One row of the archive's list. */
export interface ListedReport {
  readonly id: string;
  /** RFC 3339. */
  readonly capturedAt: string;
  readonly hostname: string;
  readonly pid: number;
  readonly trigger: string;
  readonly verdict: string;
  readonly summary: string;
  readonly signature: string;
  readonly bytes: number;
  /** Why it cannot be opened. */
  readonly problem?: string;
}

/** Class of the elements with the tasks to come, a JSON array of them in each. */
export const taskChunkClass = 'sleeper-tasks';

export type Payload =
  | {
      readonly kind: 'report';
      readonly report: Report;
      /** Tasks that stand further down in the page than what shows it. */
      readonly tasksToCome?: number;
    }
  | { readonly kind: 'compare'; readonly before: Report; readonly after: Report }
  /** The list is at `api/reports`, one report at `api/reports/ID`. */
  | { readonly kind: 'archive'; readonly directory: string };

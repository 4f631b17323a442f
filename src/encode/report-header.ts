/** What is known of a report before it is opened. */
import * as v from 'valibot';

/**
 * The fields a report begins with: enough to list it, without decoding the rest. Kinds are plain strings here: a
 * report from a newer version can be listed even when it cannot be opened.
 */
export const ReportHeader = v.looseObject({
  formatVersion: v.number(),
  minReaderVersion: v.number(),
  id: v.string(),
  capturedAt: v.string(),
  trigger: v.looseObject({ kind: v.string(), reason: v.string() }),
  verdict: v.looseObject({ kind: v.string(), summary: v.string(), confidence: v.string() }),
  signature: v.string(),
});
export type ReportHeader = v.InferOutput<typeof ReportHeader>;

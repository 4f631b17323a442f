/** The sections of a report as text. Apart from those who write them, which the command line need not load to name them. */
/** What `--section` may name. */
export const sectionNames = [
  'verdict',
  'error',
  'stack',
  'evidence',
  'tasks',
  'threads',
  'handles',
  'timeline',
  'environment',
  'missing',
] as const;
export type SectionName = (typeof sectionNames)[number];

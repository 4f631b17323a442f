/** One thing `sleeper doctor` looked at. */
export interface Check {
  readonly what: string;
  readonly ok: boolean;
  /** What was found, in words. */
  readonly found: string;
  /** The command or step that mends it; present where something is wrong. */
  readonly mend?: string;
  /** True: reports are good without it, only one way more would be open. */
  readonly optional?: boolean;
}

/**
 * The last lines of a pino logger as breadcrumbs: `pino({ hooks: agent.pinoHooks })`. A line is kept as pino has written it, after
 * its own serializers and redaction; what it means is worked out by who reads it. A line that cannot hold a secret of any
 * look or name is copied as it is.
 */
import type { NativeAgent } from './native.cts';
import { redaction } from './redaction.cts';

/** Of pino 9 and later: sees each line before it is written. */
export interface PinoHooks {
  streamWrite(line: string): string;
}

/** Characters of one line that fit a breadcrumb with what stands around it. */
const maxLineChars = 950;
const maxMessageChars = 300;
/** Parts of secret names, and runs of characters that a secret value is made of. */
const mayHoldSecret =
  /pass|pwd|pw|secret|token|key|auth|cookie|jwt|bearer|cred|cv[vc]|otp|ssn|iban|sess|sid|pin|dsn|signature|card|conn|hook|[?&](?:code|sig)=|@|[A-Za-z\d+/_.-]{24}|\d[\d -]{11}/i;

/** Where breadcrumbs are kept. */
type BreadcrumbRing = Pick<NativeAgent, 'addBreadcrumb'>;

/** Hooks that pass every line on unchanged, and never throw. */
export function makePinoHooks(native: BreadcrumbRing, isArmed: () => boolean): PinoHooks {
  return {
    streamWrite: (line) => {
      try {
        if (isArmed()) keep(native, line);
      } catch {
        // The line is the program's; that we could not keep it must not show.
      }
      return line;
    },
  };
}

function keep(native: BreadcrumbRing, line: string): void {
  const text = line.trimEnd();
  const isPlain = text.length <= maxLineChars && !hasOptions() && !mayHoldSecret.test(text);
  if (isPlain && text.startsWith('{')) {
    if (native.addBreadcrumb(`{"source":"pino","line":${text}}`)) return;
  }
  const fields = JSON.parse(text) as Record<string, unknown>;
  const safe = redaction().json(fields) as Record<string, unknown>;
  if (native.addBreadcrumb(JSON.stringify({ source: 'pino', line: safe }))) return;
  // Too long: the message without the fields.
  const { level, time, msg } = safe;
  const message = typeof msg === 'string' ? msg.slice(0, maxMessageChars) : '';
  native.addBreadcrumb(
    JSON.stringify({ source: 'pino', line: { level, time, msg: message, truncated: true } }),
  );
}

/** A user's own names and patterns are not in the quick look above. */
function hasOptions(): boolean {
  return redaction().words !== '';
}

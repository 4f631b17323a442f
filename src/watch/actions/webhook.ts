/**
 * Posts a summary of a report to where the user says, as JSON. What it holds went through redaction with the report; values
 * of variables are not in it.
 */
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import { nameUrl } from '../../probe/service/question.ts';
import type { Action } from '../settings.ts';
import type { Happened } from './happened.ts';

const maxTextChars = 500;
const maxEvidence = 10;

/** @returns words for the answer @throws Error when it was not taken */
export async function postSummary(
  { url, headers, timeoutMs }: Extract<Action, { kind: 'webhook' }>,
  happened: Happened,
): Promise<string> {
  const name = nameUrl(url);
  const body = JSON.stringify(summaryOf(happened));
  const status = await post(url, headers, body, AbortSignal.timeout(Math.round(timeoutMs)));
  if (status < 200 || status >= 300) throw new Error(`${name} answered with status ${status}`);
  return `${name} answered with status ${status}`;
}

/** The body of the request: a stable shape, in docs/watch.md. */
export function summaryOf({ pid, rule, captured }: Happened): Record<string, unknown> {
  const { id, path, trigger, verdict, signature, pausedMs, durationMs } = captured;
  return {
    event: 'captured',
    at: new Date().toISOString(),
    host: os.hostname(),
    pid,
    rule,
    id,
    report: path,
    trigger: {
      kind: trigger.kind,
      reason: cut(trigger.reason),
      ...('incident' in trigger && { incident: trigger.incident }),
    },
    verdict: {
      kind: verdict.kind,
      confidence: verdict.confidence,
      summary: cut(verdict.summary),
      evidence: verdict.evidence.slice(0, maxEvidence).map(({ text }) => cut(text)),
    },
    signature,
    pausedMs,
    durationMs,
  };
}

function cut(text: string): string {
  return text.length > maxTextChars ? `${text.slice(0, maxTextChars)}…` : text;
}

function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent: false,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'sleeper-watch',
        ...headers,
      },
    } as const;
    const onResponse = (response: http.IncomingMessage): void => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    };
    const request = url.startsWith('https:')
      ? https.request(url, options, onResponse)
      : http.request(url, options, onResponse);
    request.on('error', (error) => {
      reject(signal.aborted ? new Error(`${nameUrl(url)} did not answer in time`) : error);
    });
    request.end(body);
  });
}

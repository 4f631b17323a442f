/** One HTTP question: a connection of its own, no redirects followed, as a health check does it. */
import http from 'node:http';
import https from 'node:https';
import { type Judged, type ServiceQuestion, maxAnswerBytes } from './question.ts';

/** @throws the system's error; the signal ends it */
export async function askHttp(
  question: Extract<ServiceQuestion, { kind: 'http' }>,
  signal: AbortSignal,
): Promise<Judged> {
  const { status, body } = await fetchOnce(question, signal);
  const { statuses, match } = question;
  const isExpected =
    statuses === undefined ? status >= 200 && status < 400 : statuses.includes(status);
  if (!isExpected) return { isGood: false, detail: `status ${status}` };
  if (match !== undefined && !match.test(body)) {
    return {
      isGood: false,
      detail: `status ${status}, but the body does not match ${String(match)}`,
    };
  }
  return { isGood: true, detail: `status ${status}` };
}

function fetchOnce(
  { url, headers, insecure, match }: Extract<ServiceQuestion, { kind: 'http' }>,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      agent: false,
      signal,
      headers: { 'user-agent': 'sleeper-watch', ...headers },
      rejectUnauthorized: insecure !== true,
    } as const;
    const onResponse = (response: http.IncomingMessage): void => {
      const status = response.statusCode ?? 0;
      const finish = (body: string): void => {
        resolve({ status, body });
        response.destroy();
      };
      if (match === undefined) {
        finish('');
        return;
      }
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
        if (body.length >= maxAnswerBytes) finish(body);
      });
      response.on('end', () => {
        finish(body);
      });
      response.on('error', reject);
    };
    const request = url.startsWith('https:')
      ? https.get(url, options, onResponse)
      : http.get(url, options, onResponse);
    request.on('error', reject);
  });
}

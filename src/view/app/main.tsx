/** The browser's face of a report. What to show stands in the page as JSON; nothing is fetched but from our own server. */
import { render } from 'preact';
import type { Payload } from '../model/payload.ts';
import { App } from './app.tsx';

const holder = document.getElementById('sleeper-data');
const root = document.getElementById('sleeper');
if (holder !== null && root !== null) {
  const payload = JSON.parse(holder.textContent) as Payload;
  holder.remove();
  root.textContent = '';
  render(<App payload={payload} />, root);
}

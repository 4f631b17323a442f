/** Every place has an address: the part of the URL behind `#`. */
import { useLayoutEffect, useState } from 'preact/hooks';

/** `#/threads/4242/0` as `['threads', '4242', '0']`. Hostile addresses are only words that name no place. */
export function readRoute(hash: string): readonly string[] {
  return hash
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

/** The address of a place. */
export function hrefOf(...parts: readonly (string | number)[]): string {
  return `#/${parts.map((part) => encodeURIComponent(String(part))).join('/')}`;
}

/** Goes to a place. */
export function goTo(...parts: readonly (string | number)[]): void {
  location.hash = hrefOf(...parts);
}

/** Goes there without an entry in the history: for what changes with every key. */
export function replaceRoute(...parts: readonly (string | number)[]): void {
  history.replaceState(null, '', hrefOf(...parts));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** The place that is shown, followed. */
export function useRoute(): readonly string[] {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useLayoutEffect(() => {
    const follow = (): void => {
      setRoute(readRoute(location.hash));
    };
    addEventListener('hashchange', follow);
    return () => {
      removeEventListener('hashchange', follow);
    };
  }, []);
  return route;
}

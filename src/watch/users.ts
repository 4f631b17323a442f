/** Users by name and by number, from /etc/passwd alone: a directory service may hang, and we must not. */
import { readFact } from '../probe/fact.ts';

/** @throws Error when no such user stands in /etc/passwd */
export function findUserId(user: string | number): number {
  if (typeof user === 'number') return user;
  if (/^\d+$/.test(user)) return Number(user);
  const ids = readFact('/etc/passwd', (text) =>
    text.split('\n').flatMap((line) => {
      const [name, , id] = line.split(':');
      return name === user ? Number(id) : [];
    }),
  );
  const id = ids.known ? ids.value[0] : undefined;
  if (id === undefined) throw new Error(`there is no user ${user} in /etc/passwd; give the number`);
  return id;
}

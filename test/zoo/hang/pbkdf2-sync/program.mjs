import crypto from 'node:crypto';
import { ready } from '../../ready.mjs';

function hashPassword(user, rounds) {
  const salt = user.name.toLowerCase();
  return crypto.pbkdf2Sync(user.password, salt, rounds, 64, 'sha512'); // @stuck
}

ready();
console.log(hashPassword({ name: 'Ada', password: 'pw' }, 2_000_000_000));

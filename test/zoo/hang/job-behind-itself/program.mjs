import { ready } from '../../ready.mjs';

/** Runs two jobs at a time. */
class Limit {
  #free = 2;
  #queue = [];

  add(job) {
    return new Promise((resolve) => {
      const run = async () => {
        await null;
        resolve(await job()); // @run
        this.#free++;
        this.#next();
      };
      this.#queue.push(run);
      this.#next();
    });
  }

  #next() {
    if (this.#free === 0 || this.#queue.length === 0) return;
    this.#free--;
    void this.#queue.shift()();
  }
}

const limit = new Limit();

async function readPage(site, page) {
  return `${site}/${page}`;
}

async function crawl(site) {
  const pages = await Promise.all([1, 2, 3].map((page) => limit.add(() => readPage(site, page)))); // @stuck
  return pages.length;
}

for (const site of ['north', 'south']) void limit.add(() => crawl(site));
setImmediate(ready);
setInterval(() => {}, 60_000);

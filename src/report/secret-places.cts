/** Secrets in the languages of commands, forms, markup and databases: where a name stands before its value without `:` or `=`. */

/** Where a value begins. */
interface SpokenPlace {
  /** Texts without it have no such place. */
  readonly sign: string;
  /** Ends where the value begins. Its group is the name, unless there is only one. */
  readonly pattern: RegExp;
  readonly name?: string;
  /** What the value looks like without quotes, if not like a word. */
  readonly bare?: RegExp;
  readonly isOnlyString?: boolean;
}

const toEndOfWord = /[^\s'"`\\]+/y;

export const spokenPlaces: readonly SpokenPlace[] = [
  // mysqldump --password x; in lists of arguments see secret-pairs.cts
  { sign: '--', pattern: /(?<![\w-])--([a-z][\w-]{0,60})[ \t]{1,3}(?=[^\s-])/gi },
  {
    // curl -u bob:x
    ...{ sign: 'curl', name: 'password', bare: toEndOfWord },
    pattern: /\bcurl\b[^|;\n]{0,200}?\s(?:-u|--user)[ =]{0,2}['"]?[\w.@%+-]{1,64}:(?=[^\s'"])/g,
  },
  {
    // mysql -px
    ...{ sign: ' -p', name: 'password', bare: toEndOfWord },
    pattern: /\b(?:mysql|mariadb)[\w-]{0,20}\s[^|;\n]{0,200}?(?<=\s)-p(?=[^\s'"\\])/g,
  },
  {
    // <Password>x</Password>, or cut; but not Promise<Token>
    ...{ sign: '<', bare: /[^<]+/y },
    pattern: /(?<!(?<!\\)[\w$])<([\w:.-]{1,64})>(?=[^<>]{1,500}<\/\1>|[^<>\s]{1,200}$)/g,
  },
  {
    // A part of a form, line breaks escaped or not.
    ...{ sign: 'name=', bare: /(?:(?!\\{1,16}[rn])[^\r\n])+/y },
    pattern: /\bname=\\{0,16}"([\w$.[\]-]{1,64})\\{0,16}"(?:\r?\n|(?:\\{1,16}r)?\\{1,16}n){2}/g,
  },
  {
    // CREATE ROLE shop PASSWORD 'x'; IDENTIFIED BY 'x'
    ...{ sign: "'", name: 'password', isOnlyString: true },
    pattern: /\b(?:password|identified\s{1,3}by)\s{1,3}(?=\\{0,16}')/gi,
  },
];

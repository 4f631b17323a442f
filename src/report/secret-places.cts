/** Secrets whose names stand before them without `:` or `=`: in lists of fields, commands, forms, markup and SQL. */

/** Where a value begins. */
interface SpokenPlace {
  /** Texts without it have no such place. */
  readonly sign: string;
  /** Ends where the value begins. Its group `name` is the name, unless all have the same. */
  readonly pattern: RegExp;
  readonly name?: string;
  /** What the value looks like without quotes, if not like a word. */
  readonly bare?: RegExp;
  readonly isOnlyString?: boolean;
}

const toEndOfWord = /[^\s'"`\\]+/y;

export const spokenPlaces: readonly SpokenPlace[] = [
  {
    // {"name": "password", "value": …: the name is a value itself.
    sign: 'val',
    pattern:
      /\b(?:name|key|header|field|param)(?:\\{0,16}['"])?\s{0,3}:\s{0,3}(\\{0,16}['"])(?<name>[\w$.:-]{1,64})\1\s{0,3},\s{0,3}(?:\\{0,16}['"])?(?:values?|val)(?:\\{0,16}['"])?\s{0,3}:\s{0,3}/g,
  },
  // mysqldump --password x; in lists of arguments see secret-pairs.cts
  { sign: '--', pattern: /(?<![\w-])--(?<name>[a-z][\w-]{0,60})[ \t]{1,3}(?=[^\s-])/gi },
  {
    // curl -u bob:x
    sign: 'curl',
    name: 'password',
    bare: toEndOfWord,
    pattern: /\bcurl\b[^|;\n]{0,200}?\s(?:-u|--user)[ =]{0,2}['"]?[\w.@%+-]{1,64}:(?=[^\s'"])/g,
  },
  {
    // mysql -px
    sign: ' -p',
    name: 'password',
    bare: toEndOfWord,
    pattern: /\b(?:mysql|mariadb)[\w-]{0,20}\s[^|;\n]{0,200}?(?<=\s)-p(?=[^\s'"\\])/g,
  },
  {
    // <Password>x</Password>, or cut; but not Promise<Token>
    sign: '<',
    bare: /[^<]+/y,
    pattern:
      /(?<!(?<!\\)[\w$])<(?<name>[\w:.-]{1,64})>(?=[^<>]{1,500}<\/\k<name>>|[^<>\s]{1,200}$)/g,
  },
  {
    // A part of a form, line breaks escaped or not.
    sign: 'name=',
    bare: /(?:(?!\\{1,16}[rn])[^\r\n])+/y,
    pattern:
      /\bname=\\{0,16}"(?<name>[\w$.[\]-]{1,64})\\{0,16}"(?:\r?\n|(?:\\{1,16}r)?\\{1,16}n){2}/g,
  },
  {
    // CREATE ROLE shop PASSWORD 'x'; IDENTIFIED BY 'x'
    sign: "'",
    name: 'password',
    isOnlyString: true,
    pattern: /\b(?:password|identified\s{1,3}by)\s{1,3}(?=\\{0,16}')/gi,
  },
];

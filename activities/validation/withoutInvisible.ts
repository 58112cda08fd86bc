/** Format characters and the like: zero-width ones, marks of direction, soft hyphens, byte order marks, variation selectors. */
const format = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/** The text without characters that have neither width nor ink. They come along when text is copied. */
export function withoutInvisible(text: string): string {
  return text.replace(format, '');
}

/** What a reader cannot see, or takes for an ordinary space. Line ends are shown as such. */
const unseen = /(?![\r\n])[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * The characters of a text that cannot be seen, each once, as `U+200B ZERO WIDTH SPACE`.
 *
 * Source: the Unicode Character Database; a character that is not in the table has no name here.
 */
export function invisibleCharacters(text: string): string[] {
  return [...new Set(text.match(unseen))].map((character) => {
    const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
    return `U+${code} ${names[code] ?? 'an invisible character'}`;
  });
}

const names: Record<string, string> = {
  '0000': 'NULL',
  '0009': 'CHARACTER TABULATION',
  '000A': 'LINE FEED',
  '000B': 'LINE TABULATION',
  '000C': 'FORM FEED',
  '000D': 'CARRIAGE RETURN',
  '001F': 'UNIT SEPARATOR',
  '007F': 'DELETE',
  '0085': 'NEXT LINE',
  '00A0': 'NO-BREAK SPACE',
  '00AD': 'SOFT HYPHEN',
  '034F': 'COMBINING GRAPHEME JOINER',
  '061C': 'ARABIC LETTER MARK',
  '1680': 'OGHAM SPACE MARK',
  '180E': 'MONGOLIAN VOWEL SEPARATOR',
  '2000': 'EN QUAD',
  '2001': 'EM QUAD',
  '2002': 'EN SPACE',
  '2003': 'EM SPACE',
  '2004': 'THREE-PER-EM SPACE',
  '2005': 'FOUR-PER-EM SPACE',
  '2006': 'SIX-PER-EM SPACE',
  '2007': 'FIGURE SPACE',
  '2008': 'PUNCTUATION SPACE',
  '2009': 'THIN SPACE',
  '200A': 'HAIR SPACE',
  '200B': 'ZERO WIDTH SPACE',
  '200C': 'ZERO WIDTH NON-JOINER',
  '200D': 'ZERO WIDTH JOINER',
  '200E': 'LEFT-TO-RIGHT MARK',
  '200F': 'RIGHT-TO-LEFT MARK',
  '2028': 'LINE SEPARATOR',
  '2029': 'PARAGRAPH SEPARATOR',
  '202A': 'LEFT-TO-RIGHT EMBEDDING',
  '202B': 'RIGHT-TO-LEFT EMBEDDING',
  '202C': 'POP DIRECTIONAL FORMATTING',
  '202D': 'LEFT-TO-RIGHT OVERRIDE',
  '202E': 'RIGHT-TO-LEFT OVERRIDE',
  '202F': 'NARROW NO-BREAK SPACE',
  '205F': 'MEDIUM MATHEMATICAL SPACE',
  '2060': 'WORD JOINER',
  '2066': 'LEFT-TO-RIGHT ISOLATE',
  '2067': 'RIGHT-TO-LEFT ISOLATE',
  '2068': 'FIRST STRONG ISOLATE',
  '2069': 'POP DIRECTIONAL ISOLATE',
  '3000': 'IDEOGRAPHIC SPACE',
  FEFF: 'ZERO WIDTH NO-BREAK SPACE',
  '3164': 'HANGUL FILLER',
  FE0F: 'VARIATION SELECTOR-16',
};

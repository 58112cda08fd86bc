import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BrokenCsv, csvRecords } from '../../src/api/csv/csvRecords.js';
import { decodedText, UnreadableText } from '../../src/api/csv/decodedText.js';

async function* parts<T extends string | Uint8Array>(whole: T, cuts: number[]): AsyncGenerator<T> {
  const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
  for (const [nth, from] of [0, ...at].entries()) yield whole.slice(from, at[nth]) as T;
}

async function textOf(bytes: Uint8Array, cuts: number[] = [], charset: string | null = null) {
  let text = '';
  for await (const part of decodedText(parts(bytes, cuts), charset)) text += part;
  return text;
}

async function recordsOf(text: string, cuts: number[] = []) {
  const records = [];
  for await (const record of csvRecords(parts(text, cuts), { longestRecord: 1000 })) records.push(record);
  return records;
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });

describe('decodedText', () => {
  const text = 'to,metadata.name\r\n+15005551200,Müller “Łódź” ☎ 👍\r\n';

  it.each<[string, Uint8Array, string]>([
    ['UTF-8', Buffer.from(text), text],
    ['UTF-8 with its mark', Buffer.from(`\uFEFF${text}`), text],
    ['UTF-16', Buffer.from(`\uFEFF${text}`, 'utf16le'), text],
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le'), text],
    ['windows-1252', Buffer.from('a\nM\xfcller \x80 5', 'latin1'), 'a\nMüller € 5'],
    ['windows-1252, at the very end', Buffer.from('a\n5 \x80\r\n', 'latin1'), 'a\n5 €\r\n'],
    ['a single letter beyond ASCII at the end', Buffer.from('a\xfc', 'latin1'), 'aü'],
    ['nothing', Buffer.from(''), ''],
  ])('%s, in parts of any size: the same text', async (_, bytes, expected) => {
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        expect(await textOf(bytes, at)).toBe(expected);
      }),
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'a byte of windows-1252 after letters in UTF-8',
      Buffer.concat([Buffer.from('a\nü\n'), Buffer.from('\xfcb', 'latin1')]),
      /line 3 that is wrong in utf-8/,
    ],
    [
      'a byte that windows-1252 does not have',
      Buffer.from('a\nb\n\xfc\n\x81', 'latin1'),
      /line 4 that is wrong in windows-1252/,
    ],
    ['half a character of UTF-16', Buffer.from('\uFEFFa\nb', 'utf16le').subarray(0, 7), /utf-16le/],
  ])('%s: the line is named', async (_, bytes, message) => {
    await expect(textOf(bytes)).rejects.toThrow(UnreadableText);
    await expect(textOf(bytes)).rejects.toThrow(message);
  });

  it('a named encoding: read in it, except with a byte order mark of another', async () => {
    expect(await textOf(Uint8Array.of(0xcf, 0xe5), [], 'windows-1251')).toBe('Пе');
    expect(await textOf(Buffer.from('\uFEFFü'), [], 'windows-1251')).toBe('ü');
  });
});

describe('csvRecords', () => {
  it.each<[string, string, string[][]]>([
    [
      'line ends of three kinds',
      'a,b\r\nc,d\ne,f\rg,h',
      [
        ['a', 'b'],
        ['c', 'd'],
        ['e', 'f'],
        ['g', 'h'],
      ],
    ],
    [
      'a line end in quotes stays',
      'a,"b\r\nc"\nd,e',
      [
        ['a', 'b\r\nc'],
        ['d', 'e'],
      ],
    ],
    [
      'semicolons, with commas inside',
      'a;"b,c"\nd;e,f',
      [
        ['a', 'b,c'],
        ['d', 'e,f'],
      ],
    ],
    ['sep= takes precedence', 'sep=\t\r\na,b\tc', [['a,b', 'c']]],
    [
      'separators in quotes do not count',
      '"a;b;c",d\ne,f',
      [
        ['a;b;c', 'd'],
        ['e', 'f'],
      ],
    ],
    ['a mark, then sep=', '\uFEFFsep=;\na;b', [['a', 'b']]],
    ['an empty line', 'a\n\nb', [['a'], [''], ['b']]],
    [
      'empty lines before the first one, and semicolons',
      '\uFEFF \n\na;b;c,d',
      [[''], [''], ['a', 'b', 'c,d']],
    ],
    ['sep=, an empty line, and quotes', '"sep=;"\r\n\r\n"a";b', [[''], ['a', 'b']]],
    ['vertical bars', 'a|b,c|d', [['a', 'b,c', 'd']]],
    ['sep=|', 'sep=|\na|b', [['a', 'b']]],
  ])('%s, in parts of any size', async (_, text, cells) => {
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        expect((await recordsOf(text, at)).map((record) => record.cells)).toEqual(cells);
      }),
    );
  });

  it('sep= names a separator that cannot be read: says which ones can', async () => {
    await expect(recordsOf('sep=^\r\na^b')).rejects.toThrow(
      'names the separator "^", which cannot be read; must be one of',
    );
  });

  it('a record: the line of the file, with the line sep= counted', async () => {
    expect((await recordsOf('sep=;\na;b\n"c\nd";e\n')).map(({ line }) => line)).toEqual([2, 4]);
  });

  it('a quote that is never closed: the line and the record are named', async () => {
    await expect(recordsOf('a,b\nc,"d\n')).rejects.toThrow(BrokenCsv);
    await expect(recordsOf('a,b\nc,"d\n')).rejects.toMatchObject({ record: 2 });
  });
});

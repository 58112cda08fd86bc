/** The bytes are no text in the encoding that they seem to have. The message completes "The file …". */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}

const mostBytesOfCharacter = 4;

/**
 * The text of a file, part by part, without its byte order mark.
 *
 * The encoding is the first that fits: that of a byte order mark; `charset`; UTF-16 when one of the first two
 * bytes is zero; UTF-8 when the first character beyond ASCII is right in UTF-8; else windows-1252. Throws
 * `UnreadableText`, with the line, at a character that is wrong in it.
 */
export async function* decodedText(
  bytes: AsyncIterable<Uint8Array>,
  charset: string | null = null,
): AsyncGenerator<string> {
  const decoder = new Decoder(charset);
  for await (const part of bytes) yield decoder.decode(part, false);
  yield decoder.decode(new Uint8Array(), true);
}

type Decoding = InstanceType<typeof TextDecoder>;

class Decoder {
  /** Null while everything was ASCII. */
  #decoder: Decoding | null = null;
  /** Bytes that do not show yet which encoding they are in. */
  #undecided: Uint8Array = new Uint8Array();
  #atStart = true;
  #line = 1;

  constructor(private readonly charset: string | null) {}

  decode(part: Uint8Array, isLast: boolean): string {
    if (this.#decoder !== null) return this.#text(this.#decoder, part, isLast);
    const all = Buffer.concat([this.#undecided, part]);
    this.#undecided = new Uint8Array();
    if (this.#atStart) {
      if (all.length < mostBytesOfCharacter && !isLast) return this.#wait(all);
      this.#atStart = false;
      if (beginsWorkbook(all))
        throw new UnreadableText(
          'is a workbook of a spreadsheet or an archive, and no text. Save the sheet as CSV ("CSV UTF-8" in Excel)',
        );
      const encoding = encodingAtStart(all, this.charset);
      if (encoding !== null) return this.#begin(encoding, all, isLast);
    }
    const beyond = all.findIndex((byte) => byte >= 0x80);
    if (beyond === -1) return this.#count(all.toString('latin1'));
    const enough = all.length - beyond >= mostBytesOfCharacter || isLast;
    const before = this.#count(all.toString('latin1', 0, beyond));
    if (!enough) return before + this.#wait(all.subarray(beyond));
    return (
      before +
      this.#begin(beginsUtf8(all.subarray(beyond)) ? 'utf-8' : 'windows-1252', all.subarray(beyond), isLast)
    );
  }

  #wait(bytes: Uint8Array): string {
    this.#undecided = bytes;
    return '';
  }

  #begin(encoding: string, bytes: Uint8Array, isLast: boolean): string {
    this.#decoder = new TextDecoder(encoding, { fatal: true });
    return this.#text(this.#decoder, bytes, isLast);
  }

  #text(decoder: Decoding, bytes: Uint8Array, isLast: boolean): string {
    let text: string;
    try {
      // In one step, Node 20 reads windows-1252 as Latin 1.
      text = decoder.decode(bytes, { stream: true }) + (isLast ? decoder.decode() : '');
    } catch {
      throw unreadable(decoder.encoding, this.#line + breaksBeforeFault(decoder.encoding, bytes));
    }
    // windows-1252 gives no letter to five bytes, which then become control characters.
    const control = decoder.encoding === 'windows-1252' ? text.search(/[\x80-\x9f]/) : -1;
    if (control !== -1) throw unreadable('windows-1252', this.#line + newlines(text.slice(0, control)));
    return this.#count(text);
  }

  #count(text: string): string {
    this.#line += newlines(text);
    return text;
  }
}

/** ZIP, as .xlsx and .ods are; the older .xls; gzip. No text begins so. */
function beginsWorkbook(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, mostBytesOfCharacter)).toString('hex');
  return start === '504b0304' || start === 'd0cf11e0' || start.startsWith('1f8b08');
}

function unreadable(encoding: string, line: number): UnreadableText {
  return new UnreadableText(
    `has a character in line ${line} that is wrong in ${encoding}, which the file seems to be in. Save it as UTF-8 ("CSV UTF-8" in Excel), or name its encoding: Content-Type: text/csv; charset=windows-1251`,
  );
}

function encodingAtStart(bytes: Uint8Array, charset: string | null): string | null {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (charset !== null) return charset;
  if (bytes.length > 1 && second === 0 && first !== 0) return 'utf-16le';
  if (bytes.length > 1 && first === 0 && second !== 0) return 'utf-16be';
  return null;
}

/** Is the first character of these bytes right in UTF-8? Source: RFC 3629. */
function beginsUtf8(bytes: Uint8Array): boolean {
  const [first = 0] = bytes;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length));
    return true;
  } catch {
    return false;
  }
}

/** The line ends before the first character that is wrong. A part may begin within a character. */
function breaksBeforeFault(encoding: string, bytes: Uint8Array): number {
  const begin =
    encoding === 'utf-8'
      ? Math.max(
          0,
          bytes.findIndex((byte) => (byte & 0xc0) !== 0x80),
        )
      : 0;
  const text = new TextDecoder(encoding).decode(bytes.subarray(begin > 3 ? 0 : begin));
  const fault = text.indexOf('\uFFFD');
  return newlines(fault === -1 ? text : text.slice(0, fault));
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}

import { fstatSync } from 'node:fs';
import { Writable } from 'node:stream';

const utf8Mark = Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * Writes CSV from the API to stdout. Its byte order mark goes along only into a file, for spreadsheets: programs
 * that read from a pipe would take it for a part of the first name.
 */
export async function printCsv(csv: ReadableStream<Uint8Array>): Promise<void> {
  const written = fstatSync(process.stdout.fd).isFile() ? csv : csv.pipeThrough(withoutMark());
  await written.pipeTo(Writable.toWeb(process.stdout), { preventClose: true });
}

function withoutMark(): TransformStream<Uint8Array, Uint8Array> {
  let isFirst = true;
  return new TransformStream({
    transform(part, controller) {
      const hasMark = isFirst && utf8Mark.every((byte, nth) => part[nth] === byte);
      isFirst = false;
      controller.enqueue(hasMark ? part.subarray(utf8Mark.length) : part);
    },
  });
}

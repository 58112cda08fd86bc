import { SaxesParser } from 'saxes';

/**
 * What keeps a text from being TwiML, that is well-formed XML with the root element `Response`, with line and
 * column from 1; null when it is. Says nothing of the verbs inside. Twilio answers such a document with error
 * 12100, and the callee hears "an application error has occurred". Source: Twilio error dictionary.
 */
export function twimlFault(text: string): string | null {
  const parser = new SaxesParser({ position: true });
  let fault: string | null = null;
  let isRoot = true;
  const note = (message: string) => {
    fault ??= `${message}, line ${parser.line}, column ${parser.column}`;
  };
  // saxes puts the position before its message.
  parser.on('error', ({ message }) =>
    note(`is not well-formed XML: ${message.replace(/^\d+:\d+: |\.$/g, '').slice(0, 80)}`),
  );
  parser.on('opentag', ({ name }) => {
    if (isRoot && name !== 'Response') note(`has the root element <${name.slice(0, 40)}>`);
    isRoot = false;
  });
  parser.write(text).close();
  return fault === null ? null : (bareAmpersand(text) ?? fault);
}

/**
 * The usual mistake. The parser notices it only where the entity would have to end, which may be lines
 * further on.
 */
function bareAmpersand(text: string): string | null {
  const markup = text.replace(/<!\[CDATA\[.*?\]\]>|<!--.*?-->/gs, (section) =>
    section.replace(/[^\n]/g, ' '),
  );
  const index = markup.search(/&(?!#?[\w.:-]+;)/);
  if (index === -1) return null;
  const lines = markup.slice(0, index).split('\n');
  const column = Array.from(lines.at(-1) as string).length + 1;
  return `is not well-formed XML: & begins no entity (write &amp;), line ${lines.length}, column ${column}`;
}

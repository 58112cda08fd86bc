import { describe, expect, it } from 'vitest';
import { twimlFault } from '../../activities/validation/twimlFault.js';

describe('TwiML', () => {
  it.each([
    '<Response/>',
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><!-- a --><Say voice="alice">Hello</Say></Response>\n',
    '<Response><Say>Tom &amp; Jerry &lt;3 &#233; &#x1F600; &quot;x&quot; &apos;y&apos; &gt;</Say></Response>',
    '<Response><Say><![CDATA[Tom & Jerry <3]]></Say></Response>',
    '<Response><Say>日本語 😀</Say><Hangup/></Response>',
  ])('%s: no fault', (twiml) => {
    expect(twimlFault(twiml)).toBeNull();
  });

  it.each([
    [
      '<Response><Say>Tom & Jerry, your table is ready</Say></Response>',
      'is not well-formed XML: & begins no entity (write &amp;), line 1, column 20',
    ],
    [
      '<Response>\n  <Play>https://example.com/?a=1&b=2</Play>\n  <Say>a; b</Say></Response>',
      'is not well-formed XML: & begins no entity (write &amp;), line 2, column 33',
    ],
    ['<Response><Say>a</Say>', 'is not well-formed XML: unclosed tag: Response, line 1, column 22'],
    [
      'Hello, your table is ready',
      'is not well-formed XML: text data outside of root node, line 1, column 26',
    ],
    ['<Response><Say>a</Response>', 'is not well-formed XML: unexpected close tag, line 1, column 27'],
    ['<Response>&nbsp;</Response>', 'is not well-formed XML: undefined entity, line 1, column 16'],
    [
      '<Response><Say><![CDATA[Tom & Jerry]]></Response>',
      'is not well-formed XML: unexpected close tag, line 1, column 49',
    ],
    [
      '<Response/><Response/>',
      'is not well-formed XML: documents may contain only one root, line 1, column 21',
    ],
    ['<response/>', 'has the root element <response>, line 1, column 11'],
    ['<Say>Hello</Say>', 'has the root element <Say>, line 1, column 5'],
    ['<!-- nothing -->', 'is not well-formed XML: document must contain a root element, line 1, column 16'],
  ])('%s: its fault, with the place', (twiml, fault) => {
    expect(twimlFault(twiml)).toBe(fault);
  });
});

import { describe, expect, it } from 'vitest';
import { codeFilesIn, filesIn, type Located, parseCode, readFile, wordsOf } from './support/sourceCode.js';

interface Forbidden {
  /** The word and its forms. */
  words: string[];
  /** What the glossary says instead. */
  instead: string;
  /** Names that may have it, and why. */
  except?: { names: RegExp; because: string }[];
}

/** Words that the glossary of docs/how-it-works.md has replaced: no name in code or SQL has one. */
const glossary: Forbidden[] = [
  {
    words: ['round', 'rounds'],
    instead: 'placement',
    except: [{ names: /^round$|RoundTrips?$/i, because: 'Math.round; a round trip' }],
  },
  { words: ['turn', 'turns'], instead: 'allowed time, rate limit or release' },
  {
    words: ['opening', 'openings'],
    instead: 'allowed time',
    except: [{ names: /^INVALID_OPENING_QUOTE$/, because: 'an error of csv-parse' }],
  },
  {
    words: ['ending', 'endings'],
    instead: 'outcome or verdict',
    except: [{ names: /^ending$/, because: 'a field of a pool of pg' }],
  },
  {
    words: ['line', 'lines'],
    instead: 'queue or account',
    except: [
      { names: /^line[-_]?(Type|Status)/i, because: 'a phone line, as Lookup says it' },
      {
        names:
          /^(lines?|lineOf|linesAtOnce|maxLines|logLines|(csv|batch|fault|last|progress|single)Lines?|skip_empty_lines)$/,
        because: 'a line of text',
      },
    ],
  },
  {
    words: ['order', 'orders', 'ordered'],
    instead: 'input, request or control',
    except: [{ names: /^(order|orderOf|orderMatters|fairOrder|(sids)?InOrder)$/i, because: 'a sequence' }],
  },
  {
    words: ['word'],
    instead: 'status or update',
    except: [
      { names: /^new-?Status-?Word$/i, because: 'a status of Twilio that the simulator makes up' },
      { names: /^(word|wordCount)$/, because: 'a word of a text' },
    ],
  },
  { words: ['told', 'heard', 'hears', 'said', 'asked'], instead: 'what the value holds' },
  { words: ['suppression', 'suppressions', 'suppress', 'suppressed'], instead: 'do-not-call list' },
  { words: ['consent'], instead: 'do-not-call list' },
  { words: ['steer', 'steers', 'steered', 'steering'], instead: 'control' },
  { words: ['banned', 'barred'], instead: 'blocked' },
  {
    words: ['world'],
    instead: 'dependencies',
    except: [{ names: /^openWorldHint$/, because: 'a hint of the Model Context Protocol' }],
  },
  { words: ['notice', 'notices'], instead: 'notification or event' },
  { words: ['reckon', 'reckons', 'reckoned', 'reckoning'], instead: 'compute' },
  { words: ['room', 'rooms'], instead: 'capacity or folder' },
  { words: ['gate', 'gates'], instead: 'limits or capacity' },
  { words: ['watched', 'watching'], instead: 'the name of the progress mode' },
  { words: ['thaw', 'thaws'], instead: 'resume' },
  { words: ['fate', 'fates'], instead: 'outcome' },
  { words: ['asker', 'askers'], instead: 'client' },
  { words: ['rehearsal', 'rehearse', 'rehearsed'], instead: 'dry run' },
];

/** Names in code that have a forbidden word, each with its line and what to say instead. */
function forbiddenNames(path: string, names: Located[]): string[] {
  const found = names.flatMap(({ text, line }) =>
    wordsOf(text).flatMap((word) => {
      const entry = glossary.find(({ words }) => words.includes(word));
      if (!entry || entry.except?.some(({ names: allowed }) => allowed.test(text))) return [];
      return [`${path}:${line} ${text}: not "${word}" but ${entry.instead}`];
    }),
  );
  return [...new Set(found)];
}

/** Identifiers of the code, and string literals that are names: kinds, states, keys. */
function namesInCode(path: string, text?: string): Located[] {
  const { identifiers, strings } = parseCode(path, text);
  const isName = (string: string) => /^[a-z]+([-_][a-z]+)*$|^[a-z]+([A-Z][a-z]+)+$/.test(string);
  const queries = strings.filter((one) => isQuery(one.text));
  return [
    ...identifiers,
    ...strings.filter((one) => isName(one.text)),
    ...queries.flatMap(({ text: query, line }) =>
      namesInSql(query).map((name) => ({ text: name.text, line: line + name.line - 1 })),
    ),
  ];
}

function isQuery(text: string): boolean {
  return /\b(select|insert into|delete from|create (table|function|index))\b|\bupdate \w+ set\b/i.test(text);
}

/** Names of tables, columns, functions and variables, and string literals. Comments are no names. */
function namesInSql(text: string): Located[] {
  return text.split('\n').flatMap((line, index) => {
    const code = line.replace(/--.*/, '').replace(/\border by\b/gi, '');
    return [...code.matchAll(/[a-z][\w-]*/gi)].map(([name]) => ({ text: name, line: index + 1 }));
  });
}

const stems =
  'authori|apologi|categori|customi|emphasi|finali|generali|initiali|locali|materiali|maximi|memori|minimi|normali|optimi|organi|prioriti|randomi|reali|recogni|saniti|seriali|speciali|standardi|summari|synchroni|tokeni|utili|visuali';
const british = new RegExp(
  [
    '\\b(mis)?(behaviour|colour|favour|flavour|harbour|honour|humour|labour|neighbour|rumour)\\w*',
    '\\b(re|un)?(cancel|channel|dial|fuel|initial|label|level|marshal|model|signal|total|travel|tunnel)l(ed|ers?|ing)\\b',
    '\\b(defence|licence|offence|pretence)s?\\b',
    `\\b\\w*(${stems})s(e|ed|es|ing|ers?|ations?|able)\\b`,
    '\\b(analys|catalys|paralys)(e|ed|ing|er)\\b',
    '\\b(centre|fibre|litre|metre|theatre)s?\\b',
    '\\b(catalogue|programme|grey|cheque|tyre|artefact|instalment|judgement|acknowledgement|enrolment|fulfilment)s?\\b',
    '\\b(fulfil|enrol)s?\\b',
    '\\b(whilst|amongst|learnt|spelt|skilful|ageing)\\b',
    '\\bpractis(e|ed|ing)\\b',
  ].join('|'),
  'gi',
);
/** Names of others, spelled as they spell them. */
const spelledByOthers = /\w*Cancelled(Failure|Error)\b|'CANCELLED'/g;

/** British spellings, each with its line; in identifiers too. */
function britishSpellings(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const words = line
      .replace(spelledByOthers, '')
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .replaceAll('_', ' ');
    return (words.match(british) ?? []).map((word) => `${path}:${index + 1} ${word}`);
  });
}

/** Text that people read or that machines compile. Not the lists of this file, nor files that tools write. */
const proofread = filesIn('.').filter(
  (file) =>
    (/\.(m?[jt]s|tsx|md|sql|ya?ml|sh|json|jsonc|css|html|svg)$/.test(file) || !/\.\w+$/.test(file)) &&
    !/^(package-lock\.json|LICENSE|test\/wording\.test\.ts|test\/bench\/baseline\.json)$/.test(file),
);

describe('words of the glossary', () => {
  it('names in code: no word that the glossary has replaced', () => {
    const files = ['workflows', 'activities', 'src', 'bin', 'test'].flatMap(codeFilesIn);
    expect(files.length).toBeGreaterThan(300);
    const checked = files.filter((file) => file !== 'test/wording.test.ts');
    expect(checked.flatMap((file) => forbiddenNames(file, namesInCode(file)))).toEqual([]);
  });

  it('paths of code: no word that the glossary has replaced', () => {
    const files = ['workflows', 'activities', 'src', 'bin'].flatMap(filesIn);
    const paths = files.map((path) => ({ text: path, line: 0 }));
    expect(forbiddenNames('', paths)).toEqual([]);
    expect(forbiddenNames('', [{ text: 'src/api/turn.ts', line: 0 }])).toHaveLength(1);
  });

  it('names in SQL: no word that the glossary has replaced', () => {
    const files = filesIn('activities').filter((file) => file.endsWith('.sql'));
    expect(files.length).toBeGreaterThan(5);
    expect(files.flatMap((file) => forbiddenNames(file, namesInSql(readFile(file))))).toEqual([]);
  });

  it('a replaced word in any kind of name: found, with its line', () => {
    const text = `class Steering {
      #heard = 1;
    }
    type A = { kind: 'no-room'; lineType: string };
    const turnsLeft = (world: World) => Math.round(world.notice);
    query(\`select 1
      from suppressions where banned_at < now() order by to_number\`);`;
    expect(
      forbiddenNames('x.ts', namesInCode('x.ts', text)).map((one) => one.split(':').slice(1, 2).join()),
    ).toEqual([
      '1 Steering',
      '2 heard',
      '5 turnsLeft',
      '5 world',
      '5 World',
      '5 notice',
      '4 no-room',
      '7 suppressions',
      '7 banned_at',
    ]);
    const sql = "declare\n  this_turn integer := 1; -- the turn\nselect 'no-room' from dials order by round;";
    expect(forbiddenNames('x.sql', namesInSql(sql)).map((one) => one.split(':')[1])).toEqual([
      '2 this_turn',
      '3 no-room',
    ]);
  });
});

describe('spelling', () => {
  it('code, SQL and documents: American', () => {
    expect(proofread).toEqual(expect.arrayContaining(['README.md', '.ci/run', 'docs/api.md', 'src/cli.ts']));
    expect(proofread.flatMap((file) => britishSpellings(file, readFile(file)))).toEqual([]);
  });

  it('a British spelling in prose or in a name: found, with its line', () => {
    const text =
      'The behaviour of a\ncancelled call: redialled by normaliseNumber and initial_colour.\nFine: canceled, controlled, promise, realistic, licensed, fulfilled, CancelledFailure.';
    expect(britishSpellings('x.md', text)).toEqual([
      'x.md:1 behaviour',
      'x.md:2 cancelled',
      'x.md:2 redialled',
      'x.md:2 normalise',
      'x.md:2 colour',
    ]);
  });
});
